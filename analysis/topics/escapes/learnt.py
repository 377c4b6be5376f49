"""What escapes say on the first screen: that a saddle holds for a logarithm of the kick, not longer."""

from collections.abc import Iterator, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.topics.escapes.measure import radius_rows, setting_of, slope_row
from morsecensus.analysis.topics.escapes.read import EscapeCell
from morsecensus.analysis.topics.findings import Finding, Question


def how_long_saddles_hold(cells: Sequence[EscapeCell]) -> Iterator[Finding]:
    """Of the cell at the largest N: the mean time from the smallest kicks, and its slope in log(R/r)."""
    if not cells:
        return
    one = max(cells, key=lambda cell: cell.n)
    row, slope = min(radius_rows(one), key=lambda row: row["radius"]), slope_row(one)
    time, theory = r.estimate(row["scaled"], row["scaled_se"]), r.number(row["exact"])
    text = f"{setting_of(one)}, N = {one.n:,}: kicks of {row['radius']:g} √N leave a saddle after "
    text += f"{time} / |lambda_min|, by linear theory {theory}"
    if slope is not None:
        steep = r.estimate(slope["slope"], slope["slope_se"])
        text += f"; |lambda_min| T against log(R/r) has slope {steep}, by theory {r.number(slope['exact'])}"
    yield Finding(Question.HOLD, f"{text}.")
