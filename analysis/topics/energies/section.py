"""Energies in the report: histograms, bands of minima, the index at each energy."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, exact, measured
from morsecensus.analysis.results import CellResult, FamilyResult, at_index
from morsecensus.analysis.topics.energies.figure import (
    MOST_CURVES,
    MOST_HISTOGRAMS,
    draw_bands,
    draw_histograms,
    draw_index_against_energy,
)
from morsecensus.analysis.topics.energies.learnt import band, exact_index, rise
from morsecensus.analysis.topics.families import ABC, FamilyTopic, with_points
from morsecensus.analysis.topics.findings import Finding
from morsecensus.analysis.topics.rows import (
    ENERGY,
    HEAD,
    freedom,
    head,
    in_words,
    not_drawn,
    score,
    well_filled,
)

HISTOGRAM = Table(
    "energy_histogram",
    "Mean numbers of points in a landscape by energy: one row for each cell and bin.",
    (
        *HEAD,
        Column("low", "lower end of the bin", ENERGY),
        Column("high", "upper end of the bin", ENERGY),
        *measured("all", "all_se", "mean number of points in the bin", "points"),
        Column("all_exact", "the mean in theory", "points"),
        *measured("minima", "minima_se", "mean number of minima in the bin", "points"),
        Column("minima_exact", "the mean in theory", "points"),
        *measured("mean_index", "mean_index_se", "mean index of the points in the bin"),
        Column("mean_index_exact", "ratio of the means in theory"),
    ),
)
ENERGIES = Table(
    "energies",
    "Energies of the points of one index: one row for each cell and index.",
    (
        *HEAD,
        Column("index", "Morse index"),
        Column("points", "points found in all landscapes", "points", title="minima found", form=r.whole),
        *measured("mean", "mean_se", "mean energy, each point counted once", ENERGY, "mean energy"),
        Column("exact_mean", "mean energy in theory", ENERGY, "exact", shown=exact("exact_mean", "mean_se")),
        Column("z", "(mean - exact_mean) / mean_se", title="z", form=r.score),
        *measured("sd", "sd_se", "standard deviation of the energy", ENERGY, "sd"),
        Column(
            "exact_sd",
            "the standard deviation in theory",
            ENERGY,
            "exact sd",
            shown=exact("exact_sd", "sd_se"),
        ),
    ),
    "Energy per spin of minima, each counted once. Errors: landscapes are the independent units.",
)


class Histograms(FamilyTopic):
    """Energies of all points and of minima."""

    anchor, declared = "histograms", (HISTOGRAM,)
    title = "Energies"
    text = (
        "Energy histograms of all points and of minima against the exact density at the same N. A dashed "
        "line is where the minima gather as N grows, where that is known: the floor -E_inf of a pure model. "
        "Far above it they vanish faster than exponentially. At finite N points lie on both sides of it."
    )
    caption = (
        "Points per unit of energy and landscape, logarithmic; the lowest visible level is one point in one "
        "bin of all landscapes. Where landscapes aren't complete it is what was found in them."
    )

    def tables(self, found: FamilyResult) -> Mapping[Table, Sequence[Row]]:
        return {HISTOGRAM: histogram_rows(found.cells)}

    def drawn(self, family: FamilyResult) -> Figure:
        return draw_histograms(family)

    def caption_of(self, family: FamilyResult) -> str:
        return self.caption + not_drawn(with_points(family), MOST_HISTOGRAMS)


class Bands(FamilyTopic):
    """The energies of minima as N grows."""

    anchor, declared = "bands", (ENERGIES,)
    title = "Bands of minima"
    text = (
        "The energies of minima concentrate as N grows: the band narrows. A dashed line is where they "
        "gather, if that is known."
    )
    caption = (
        "Probability density of the energy of a minimum, each minimum counted once; where there are several "
        "N, mean and standard deviation of that energy, and of the lowest energy of each landscape."
    )

    def tables(self, found: FamilyResult) -> Mapping[Table, Sequence[Row]]:
        return {ENERGIES: energy_rows(found.cells)}

    def drawn(self, family: FamilyResult) -> Figure:
        return draw_bands(family)

    def caption_of(self, family: FamilyResult) -> str:
        return self.caption + not_drawn(with_points(family), MOST_CURVES)

    def findings(self, found: Sequence[FamilyResult]) -> list[Finding]:
        finding = band(found)
        return [] if finding is None else [finding]

    def more(self, family: FamilyResult) -> list[Part]:
        rows = [row for row in energy_rows(family.cells) if row["index"] == 0 and row["points"]]
        words = in_words(rows)
        return [ENERGIES.part(rows), *([paragraph(words)] if words else [])] if rows else []


class IndexAgainstEnergy(FamilyTopic):
    """The mean index at each energy."""

    anchor = "index-energy"
    data = (HISTOGRAM,)
    title = "Index against energy"
    text = (
        "The higher the energy, the more negative eigenvalues. Mean index at each energy against the exact "
        "ratio at this N (bin by bin), and the limit N to infinity: the semicircle's weight below the radial "
        f"derivative ({ABC})."
    )
    caption = (
        "Mean of index/dimension among the points in each energy bin; bins with fewer than ten points are "
        "left out."
    )

    def shown(self, family: FamilyResult) -> bool:
        return any(well_filled(result).any() for result in family.cells if result.cell.points)

    def drawn(self, family: FamilyResult) -> Figure | None:
        return draw_index_against_energy(family) if self.shown(family) else None

    def caption_of(self, family: FamilyResult) -> str:
        return self.caption + not_drawn(with_points(family), MOST_CURVES)

    def findings(self, found: Sequence[FamilyResult]) -> list[Finding]:
        finding = rise(found)
        return [] if finding is None else [finding]


def energy_rows(results: Sequence[CellResult]) -> list[Row]:
    """Mean and spread of the energy at each index."""
    rows = []
    for result in results:
        data = result.energies
        holding = (result.cell.dataset["points_by_index"].values > 0).sum(axis=0)
        for index in range(result.cell.levels):
            mean, se = float(data["mean"][index]), float(data["mean_se"][index])
            known = at_index(result.energy_mean, index)
            row = head(result.cell) | {"index": index, "points": int(data["points"][index])}
            spread = float(data["sd"][index])
            row |= {"mean": mean, "mean_se": se, "exact_mean": known, "z": score(mean, se, known, spread)}
            row |= {"sd": spread, "sd_se": float(data["sd_se"][index])}
            row |= {"freedom": freedom(int(holding[index]), se)}
            rows.append(row | {"exact_sd": at_index(result.energy_sd, index)})
    return rows


def histogram_rows(results: Sequence[CellResult]) -> list[Row]:
    """Mean numbers per landscape in each energy bin, measured and exact."""
    measured = ("low", "high", "all", "all_se", "minima", "minima_se")
    rows = []
    for result in results:
        data = result.histogram
        for b in range(data.sizes["bin"]):
            row = head(result.cell) | {name: float(data[name][b]) for name in measured}
            row["all_exact"] = None if result.binned_all is None else float(result.binned_all[b])
            row["minima_exact"] = None if result.binned is None else float(result.binned[0, b])
            row |= {"mean_index": float(data["index"][b]), "mean_index_se": float(data["index_se"][b])}
            rows.append(row | {"mean_index_exact": exact_index(result, b)})
    return rows
