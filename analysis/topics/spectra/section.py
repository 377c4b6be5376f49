"""Hessian spectra in the report."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page.markup import Part, note
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.topics.families import FamilyTopic
from morsecensus.analysis.topics.rows import HEAD, head
from morsecensus.analysis.topics.spectra.figure import draw_spectra

_PER = "per unit of eigenvalue"
SPECTRA = Table(
    "spectra",
    "Density of the Hessian's eigenvalues at the points of one index: one row for each cell, index and bin.",
    (
        *HEAD,
        Column("index", "Morse index"),
        Column("low", "lower end of the bin", "eigenvalue"),
        Column("high", "upper end of the bin", "eigenvalue"),
        *measured("density", "se", "measured density, of integral 1", _PER),
        Column("exact", "density of exact samples at this N", _PER),
        Column("semicircle", "the limit: a semicircle shifted by the mean radial derivative", _PER),
    ),
)


class Spectra(FamilyTopic):
    """Eigenvalues at points of one index."""

    anchor, declared = "spectra", (SPECTRA,)
    title = "Hessian spectra"
    text = (
        "Eigenvalues of the Riemannian Hessian at points of one index against exact samples of their law at "
        "this N (the GOE with the point's own eigenvalue taken out), and the limit: a semicircle of radius "
        "2 √ξ″(1) shifted by the mean radial derivative."
    )
    caption = (
        "The largest N with spectra. At finite N eigenvalues repel the value zero, where the index would "
        "change; the limit does not show it."
    )

    def tables(self, found: FamilyResult) -> Mapping[Table, Sequence[Row]]:
        return {SPECTRA: spectrum_rows(found.cells)}

    def drawn(self, family: FamilyResult) -> Figure | None:
        held = [result for result in family.cells if result.spectra]
        return draw_spectra(held[-1]) if held else None

    def shown(self, family: FamilyResult) -> bool:
        drawn = any(result.spectra for result in family.cells if result.cell.points)
        return drawn or bool(_without_spectra(family))

    def more(self, family: FamilyResult) -> list[Part]:
        without = _without_spectra(family)
        if not without:
            return []
        text = (
            f"No spectra in {', '.join(without)}: put spectra = true into the [[cells]] table of the study "
            "(what a cell computes can't change within a store, so give a new --store). Smallest and largest "
            "eigenvalues are always stored, and tested below."
        )
        return [note(text)]


def _without_spectra(family: FamilyResult) -> list[str]:
    return [c.cell.name for c in family.cells if "spectrum" not in c.cell.dataset]


def spectrum_rows(results: Sequence[CellResult]) -> list[Row]:
    """Densities of Hessian eigenvalues by index."""
    rows = []
    for result in results:
        for found in result.spectra:
            for b in range(len(found.density)):
                row = head(result.cell) | {"index": found.index}
                row |= {"low": found.edges[b], "high": found.edges[b + 1]}
                row |= {"density": found.density[b], "se": found.se[b]}
                row["exact"] = None if found.exact is None else found.exact[b]
                rows.append(row | {"semicircle": None if found.semicircle is None else found.semicircle[b]})
    return rows
