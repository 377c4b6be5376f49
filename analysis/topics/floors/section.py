"""The report's section on the ground state and the floor: figure, text and table."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.floors.figure import draw_floors
from morsecensus.analysis.topics.floors.measure import Floors, find, floor_rows
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import ENERGY, FINDER, LABELLED, LANDSCAPES

TITLE = "The ground state and the floor"
_TEXT = (
    "As N grows the minima crowd between the ground state -E₀ and the floor -E∞, a band 1% to 6% wide. "
    "An r-linear form on r equal spheres has the ratio E₀/E∞ of the pure r-spin: its complexity is the same "
    "function of √r times the energy per spin, so the ratio that Sagun, Guney, Ben Arous and LeCun "
    "(arXiv:1412.6615) saw holds at the level of means, which bound the ground state from below."
)
_CAPTION = (
    "Mean over landscapes of the lowest energy, over the floor, with one standard error. In cells that "
    "aren't complete it is the lowest that was found."
)
GROUND_STATE_OVER_FLOOR = Table(
    "ground_state_over_floor",
    "The mean lowest energy over the floor of the minima: one row for each cell.",
    (
        *LABELLED,
        FINDER,
        Column("spins", "number of spins, over all spheres", title="spins"),
        LANDSCAPES,
        Column("complete", "share of landscapes whose minima are complete", title="complete", form=r.percent),
        Column("lowest", "mean lowest energy", ENERGY, "lowest energy", r.digits(5)),
        *measured("ratio", "ratio_se", "-lowest / E_inf", title="over the floor"),
        Column("first_moment", "the ratio by the first-moment law", title="first moment", form=r.digits(4)),
        Column("floor", "-E_inf", ENERGY, "floor", r.digits(6), at=1),
        Column("ground_state", "-E_0", ENERGY, "ground state", r.digits(6), at=1),
        Column("limit", "E_0 / E_inf", title="limit", form=r.digits(5)),
    ),
    "Energies per spin. First moment: mean of the lowest energy by P(min > u) = exp(−E Crit(≤ u)), an "
    "approximation that is good from N = 10 on.",
)


class GroundState(Topic[Floors]):
    """The lowest energies against an approximate law: no test."""

    anchor, declared = "floor", (GROUND_STATE_OVER_FLOOR,)

    def find(self, study: StudyResult) -> list[Floors]:
        found = find(study.families)
        return [] if found is None else [found]

    def tables(self, found: Floors) -> Mapping[Table, Sequence[Row]]:
        return {GROUND_STATE_OVER_FLOOR: floor_rows(found)}

    def figures(self, found: Floors) -> Mapping[str, Figure]:
        return {"": draw_floors(found)}

    def section(self, found: Floors) -> Section:
        table = GROUND_STATE_OVER_FLOOR.part(floor_rows(found))
        return Section(TITLE, [paragraph(_TEXT), Picture("", TITLE, _CAPTION), table])
