"""The report's section on the bottom of landscapes."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.bottom import tables
from morsecensus.analysis.topics.bottom.figure import draw_bands, draw_basins, draw_scaling
from morsecensus.analysis.topics.bottom.measure import BottomFamily, find
from morsecensus.analysis.topics.layout import Picture, Section

_TEXT = (
    "Low indices alone are sought here: the numbers of all points grow as exp(N Σ), those of minima and low "
    "saddles far more slowly, and they are what decides where descents end, how high barriers are and where "
    "the ground state lies. Nothing is said of points of other indices. Exact numbers and bands are those of "
    "the Kac-Rice formula at the same N; numbers, energies and softest modes are tested against them in the "
    "section on agreement, and nothing is tested twice."
)
_BANDS = (
    "Energies per spin of points of low index against N, all landscapes together: thick bars are one "
    "standard deviation on either side of the mean, thin lines reach from the lowest to the highest point, "
    "shades are the exact mean and standard deviation. Diamonds: minima weighted by the starts from above "
    "that ended there. Points of one N stand beside each other."
)
_SCALING = (
    "Top left: mean energies, one standard error, against 1/N; at 1/N = 0 all of them reach the floor. Top "
    "right: standard deviations. Bottom left: the lowest minimum; the dashed line is the leading term, with "
    "corrections of order 1/N. Bottom right: minima that theory expects between neighbouring levels."
)
_BASINS = (
    "Top left: mean share of the starts from above that end at minima, by rank within a landscape. Top "
    "right: the largest share and that of the lowest minimum against what equal shares would be. Bottom "
    "left: smallest Hessian eigenvalue at minima. Bottom right: landscapes in which an index is closed."
)


class BottomOfLandscapes(Topic[BottomFamily]):
    """Cells of low indices; their numbers, energies and spectra are tested with their cells, not here."""

    anchor, declared, numbered = "bottom", tables.DECLARED, True

    def find(self, study: StudyResult) -> list[BottomFamily]:
        return find(study.families)

    def tables(self, found: BottomFamily) -> Mapping[Table, Sequence[Row]]:
        return {
            tables.NUMBERS: tables.number_rows(found),
            tables.BANDS: tables.band_rows(found),
            tables.LEVELS: tables.level_rows(found),
            tables.BASINS: tables.basin_rows(found),
            tables.FITS: tables.fit_rows(found),
        }

    def figures(self, found: BottomFamily) -> Mapping[str, Figure]:
        return {"bands": draw_bands(found), "scaling": draw_scaling(found), "basins": draw_basins(found)}

    def section(self, found: BottomFamily) -> Section:
        title = f"Bottom of the landscape: {found.family.title}"
        fits = tables.fit_rows(found)
        body = [
            paragraph(_TEXT),
            _closed(found),
            Picture("bands", title, _BANDS),
            tables.NUMBERS.part(tables.number_rows(found)),
            Picture("scaling", f"Scaling: {found.family.title}", _SCALING),
            tables.BANDS.part(tables.band_rows(found)),
            *([tables.FITS.part(fits)] if fits else []),
            tables.LEVELS.part(tables.level_rows(found)),
            Picture("basins", f"Where descents end: {found.family.title}", _BASINS),
            tables.BASINS.part(tables.basin_rows(found)),
        ]
        return Section(title, body)


def _closed(found: BottomFamily) -> Part:
    """How much of what was sought is there."""
    open_ones = [row for row in tables.number_rows(found) if row["closed"] < 1]
    left_out = sum(cell.result.cell.left_out for cell in found.cells)
    if not open_ones and left_out:
        return note(
            f"Every index that was sought is closed in every landscape but {left_out} with degenerate "
            "points, which are left out of all means."
        )
    if not open_ones:
        return note(
            "Every index that was sought is closed in every landscape: no mean lacks anything.", "good"
        )
    texts = [
        f"index {row['index']} of {row['cell']} (N = {row['n']}): {r.percent(1 - row['closed'])}, mean too "
        f"low by {r.number(row['missing_plausible'], 2)} by estimates{_below_theory(row)}"
        for row in open_ones
    ]
    return note(
        "Indices that aren't closed in some landscapes, which count in all means with what was found: "
        f"{'; '.join(texts)}. Estimates are made of hits and see too little of what is hard to hit; one less "
        "the lower limit of the coverage is a safer share, and what lacks to the exact mean safer still; "
        "fits over N take the most of these. The bound on what may be missing, beside it in "
        "bottom_numbers.csv, enters every test."
    )


def _below_theory(row: Row) -> str:
    lacking = None if row["exact"] is None else row["exact"] - row["mean"]
    return f", {r.number(lacking, 2)} below the exact mean" if lacking is not None and lacking > 0 else ""
