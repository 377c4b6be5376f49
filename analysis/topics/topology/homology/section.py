"""Persistent homology in the report: what cancels, what is left, and how that goes with N."""

from collections.abc import Mapping, Sequence

import xarray as xr

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, note
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.topology.homology.betti import LOW
from morsecensus.analysis.topics.topology.homology.figure import draw_homology
from morsecensus.analysis.topics.topology.homology.measure import Classes, HomologyResult, measure_homology
from morsecensus.analysis.topics.topology.homology.ratios import FEWEST, Rate
from morsecensus.analysis.topics.topology.homology.shown import where_text
from morsecensus.analysis.topics.topology.homology.tables import (
    BETTI,
    PERSISTENT,
    RATIOS,
    betti_rows,
    persistent_rows,
    ratio_rows,
)

_TEXT = (
    "A critical point of index k either begins a class of degree k in {H/N ≤ u} or ends one of degree "
    "k − 1; persistent homology over Z/2 pairs them. So of the N_k(u) points of index k at or below u "
    "exactly β_k(u), the Betti number, have no partner at or below u: the others cancelled."
)


class Homology(Topic[HomologyResult]):
    """What cancels, what is left, and how that goes with N: no theory says, so nothing is tested."""

    anchor, declared = "homology", (BETTI, PERSISTENT, RATIOS)

    def find(self, study: StudyResult) -> list[HomologyResult | None]:
        return [measure_homology([result.cell for result in family.cells]) for family in study.families]

    def tables(self, found: HomologyResult) -> Mapping[Table, Sequence[Row]]:
        return {
            BETTI: [row for cell in found.cells for row in betti_rows(cell)],
            PERSISTENT: [row for cell in found.cells for row in persistent_rows(cell)],
            RATIOS: ratio_rows(found),
        }

    def figures(self, found: HomologyResult) -> Mapping[str, Figure]:
        return draw_homology(found)

    def section(self, found: HomologyResult) -> Section:
        body: list[Part | Picture] = [*_unknown(found)]
        body.append(Picture("persistence", "Persistence diagrams and barcode", _diagrams(found)))
        body.append(Picture("betti", "Betti curves and numbers of points", _curves(found)))
        body += _cancelled(found)
        body.append(Picture("homology-ratios", "Critical points for each class", _RATIO_CAPTION))
        body += _ratios(found)
        body.append(Picture("persistent-betti", "Persistent Betti numbers", _PERSISTENT_CAPTION))
        return Section("Persistent homology", body, introduction=_TEXT)


def _unknown(result: HomologyResult) -> list[Part]:
    """Landscapes and degrees without homology, and what they could change."""
    parts, lacking = [], []
    for cell in result.cells:
        data = cell.betti
        planned, alone = int(data.attrs["planned"]), data.sel(group=[str(k) for k in cell.degrees])
        unknown = planned - int(alone["known"].min())
        if unknown:
            room = float((alone["betti_upper"] - alone["betti_lower"]).max())
            lacking.append(
                f"{cell.cell.name}, N = {cell.n}: {unknown:,} of {planned:,}, {r.number(room, 2)} at most"
            )
    if lacking:
        text = (
            "Some planned landscapes don't know the homology of all degrees that others know. Means of Betti "
            "numbers are over those that do; numbers of points limit what the others could make of the mean "
            "over all planned landscapes (betti.csv). Landscapes, and the width of the widest limits: "
            f"{'; '.join(lacking)}."
        )
        parts.append(note(text))
    middle = [
        f"{_span([k for k in range(cell.n) if k not in cell.degrees])} (N = {cell.n})"
        for cell in result.cells
        if len(cell.degrees) < cell.n
    ]
    if middle:
        text = (
            f"Left out, for no landscape knows their homology: degrees {'; '.join(middle)}. Boundary "
            "matrices are computed from both ends only."
        )
        parts.append(note(text))
    if result.unknown:
        parts.append(note(f"Of {', '.join(result.unknown)} no landscape knows any degree."))
    return parts


def _span(degrees: list[int]) -> str:
    """Such as: 2, or 2 to 8; those that aren't known lie in the middle."""
    return str(degrees[0]) if len(degrees) == 1 else f"{degrees[0]} to {degrees[-1]}"


def _name(one: Classes) -> str:
    return f"landscape {one.number} of {one.cell} (N = {one.n})"


def _diagrams(result: HomologyResult) -> str:
    text = "Births and deaths of classes by degree, energies per spin; near the diagonal a class soon dies. "
    if result.typical is not None:
        text += f"Top left: {_name(result.typical)}, certified, its number of points nearest to the median. "
    if result.pooled is not None:
        of = next(cell.cell for cell in result.cells if cell.cell.name == result.pooled.cell)
        text += (
            f"Top right: {result.pooled.landscapes:,} of {of.landscapes:,} landscapes of N = "
            f"{result.pooled.n} together. "
        )
    if result.bars is not None:
        text += f"Bottom: the barcode of {_name(result.bars)}; on the left numbers of classes."
    return text


def _curves(result: HomologyResult) -> str:
    text = (
        "Mean Betti numbers β_k(u) of {H/N ≤ u} (solid) and mean numbers N_k(u) of critical points at or "
        "below u (dashed; dotted: exact, Kac-Rice), linear below 1 and logarithmic above. Shades: one "
        "standard error beyond the limits that unknown landscapes leave, but for N whose limits would fill "
        "the panel: there the error alone. "
    )
    if any(LOW in cell.betti["group"].values for cell in result.cells):
        text += (
            "Last panel: (β_0 + β_1)/(N_0 + N_1), the share of the points of index 0 and 1 at or below u "
            "whose partner, of index 2 at most, is not; levels that few landscapes reach are left out."
        )
    return text


def _cancelled(result: HomologyResult) -> list[Part]:
    """Shares that cancelled at u = 0 and on the whole sphere."""
    rows = []
    for cell in result.cells:
        for group, name in ((LOW, "0 and 1"), ("all", "all")):
            if group not in cell.betti["group"].values:
                continue
            own = cell.betti.sel(group=group)
            level = own["level"].values
            half, whole = own.isel(level=int(abs(level).argmin())), own.isel(level=-1)
            peak = own.isel(level=int(own["peak"]))
            rows.append(
                (
                    str(cell.n),
                    cell.cell.name,
                    name,
                    f"{int(own['known']):,} of {own.attrs['planned']:,}",
                    r.estimate(float(peak["betti"]), float(peak["betti_se"])),
                    _share(half),
                    _limits(half),
                    _share(whole),
                    _limits(whole),
                )
            )
    if not rows:
        return []
    titles = ("N", "cell", "degrees", "known", "most classes", "cancelled at or below 0", "limits")
    titles += ("cancelled on the sphere", "limits")
    caption = (
        "Share of the points of these indices whose partner is at or below the level too. Known: landscapes. "
        "Most classes: mean of the sum of Betti numbers at the level where it is largest. Limits: on the "
        "share over all planned landscapes; a dash where every landscape is known."
    )
    return [HtmlTable(titles, rows, caption, (1, 2)).part()]


def _share(here: xr.Dataset) -> str:
    points, classes = float(here["points_known"]), float(here["betti"])
    if not points:
        return r.DASH
    left = classes / points
    error = left * float(here["log_se"])
    return r.estimate(100 * (1 - left), 100 * error) + "%"


def _limits(here: xr.Dataset) -> str:
    low, high = float(here["ratio_lower"]), float(here["ratio_upper"])
    if low == high:
        return r.DASH
    return f"{r.percent(1 - 1 / low)} to {r.percent(1 - 1 / high)}"


_RATIO_CAPTION = (
    "Points at or below u for each class that is there, N_k(u)/β_k(u), as ratios of means over landscapes. "
    "Left: at the level where the mean β_k is largest, the most topology that there ever is and far from "
    "all points. Right: at u = 0. Lines: exp(rate × N), weighted least squares on logarithms, with χ² over "
    f"degrees of freedom. Open marks aren't fitted: fewer than {FEWEST} landscapes have a class, or the "
    "degree isn't in its own half (Alexander duality joins k with N − 2 − k). Triangles: 95% lower limits "
    "where no landscape has a class. Dashes: the exact mean N_k(u) over the measured β_k(u). Bars: one "
    "standard error. A ratio that grows exponentially while β_k stays of order one means almost no topology: "
    "all but a few of the points have cancelled in pairs."
)
_PERSISTENT_CAPTION = (
    "Mean persistent Betti numbers β_k^{a, a+δ}: classes born at or below a that are still there at a + δ, "
    "energies per spin. δ = 0 is β_k(a) itself; the faster the curves fall with δ, the shorter classes live. "
    "Shades: one standard error."
)


def _ratios(result: HomologyResult) -> list[Part]:
    if not result.ratios:
        return []
    low = [row for row in ratio_rows(result) if row["series"].isdigit()]
    order = sorted(low, key=lambda row: (row["where"], row["series"], row["n"]))
    parts = [RATIOS.part(order)]
    if result.rates:
        rows = [_rate_texts(rate) for rate in result.rates]
        caption = (
            "log(N_k/β_k) = intercept + rate × N. Where p is small a straight line is no description, and "
            "the error of the rate is too small."
        )
        titles = ("degree", "at", "N", "rate", "χ²", "degrees of freedom", "p")
        parts.append(HtmlTable(titles, rows, caption, (0, 1)).part())
    return parts


def _rate_texts(rate: Rate) -> tuple[str, ...]:
    return (
        rate.series.replace("-", r.MINUS),
        where_text(rate.where),
        ", ".join(str(n) for n in dict.fromkeys(rate.sizes)),
        r.estimate(rate.rate, rate.error),
        r.number(rate.chi2, 3) if rate.dof else r.DASH,
        str(rate.dof),
        r.probability(rate.p_value),
    )
