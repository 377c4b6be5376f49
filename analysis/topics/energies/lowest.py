"""The lowest energy of each landscape in the report."""

from collections.abc import Mapping, Sequence

import numpy as np

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, exact, measured
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.topics.energies.figure import MOST_CURVES, draw_lowest
from morsecensus.analysis.topics.families import FamilyTopic, with_points
from morsecensus.analysis.topics.rows import ENERGY, HEAD, LANDSCAPES, head, not_drawn

LOWEST = Table(
    "lowest",
    "The lowest energy found in each landscape: one row for each cell.",
    (
        *HEAD,
        LANDSCAPES,
        *measured("mean", "se", "mean over landscapes", ENERGY, "mean"),
        Column("sd", "standard deviation over landscapes", ENERGY, "sd", r.digits(3), at=1),
        Column(
            "first_moment_mean",
            "mean by the law of the lowest of N_0 minima",
            ENERGY,
            "mean by law",
            shown=exact("first_moment_mean", "se"),
        ),
        Column(
            "first_moment_sd",
            "standard deviation by that law",
            ENERGY,
            "sd by law",
            r.digits(3),
            at=1,
        ),
        Column(
            "largest_distance",
            "largest distance between the two distribution functions",
            title="largest distance",
            form=r.digits(2),
            at=1,
        ),
    ),
    "Lowest energy per spin of a landscape; largest distance between distribution functions.",
)


class Lowest(FamilyTopic):
    """Lowest energies against the law of the lowest of N_0 minima, which is not exact: no test."""

    anchor, declared = "lowest", (LOWEST,)
    title = "Lowest minima"
    text = (
        "The lowest energy found in each landscape against the law of the lowest of N₀ independent minima, "
        "P(min > u) = (1 − m(u)/N₀)^N₀, with the exact mean numbers m(u) of minima up to u and N₀ of all "
        "(half of both for even ξ). It is exact where there is one minimum and exp(−m) where there are many "
        "(Subag, Zeitouni, arXiv:1509.03098); between, its mean was off by up to 0.11 standard deviations of "
        "the lowest energy (N = 5 to 10). So this is a comparison and not a test."
    )
    caption = "Distribution functions over landscapes."

    def tables(self, found: FamilyResult) -> Mapping[Table, Sequence[Row]]:
        return {LOWEST: lowest_rows(found.cells)}

    def drawn(self, family: FamilyResult) -> Figure:
        return draw_lowest(family)

    def caption_of(self, family: FamilyResult) -> str:
        return self.caption + not_drawn(with_points(family), MOST_CURVES)

    def more(self, family: FamilyResult) -> list[Part]:
        rows = [row for row in lowest_rows(family.cells) if row["landscapes"]]
        return [LOWEST.part(rows)] if rows else []


def lowest_rows(results: Sequence[CellResult]) -> list[Row]:
    """Lowest energies against the law."""
    return [_row(result) for result in results]


def _row(result: CellResult) -> Row:
    data, law = result.lowest, result.ground_state
    energy = data["energy"].values
    distance = None
    if law is not None and energy.size:
        expected = np.interp(energy, law.energy, law.cumulative)
        steps = np.arange(energy.size + 1) / energy.size
        distance = float(max(np.max(steps[1:] - expected), np.max(expected - steps[:-1])))
    row = head(result.cell) | {"landscapes": int(data["landscapes"])}
    row |= {name: float(data[name]) for name in ("mean", "se", "sd")}
    row["first_moment_mean"] = None if law is None else law.mean
    row["first_moment_sd"] = None if law is None else law.standard_deviation
    return row | {"largest_distance": distance}
