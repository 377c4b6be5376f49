"""The report's section on gradient flow: curves against N to infinity, where starts end, outliers."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.findings import Finding
from morsecensus.analysis.topics.flow.drawn import figures_of
from morsecensus.analysis.topics.flow.learnt import where_flows_end
from morsecensus.analysis.topics.flow.measure import FlowCell
from morsecensus.analysis.topics.flow.read import Flows, find_flows
from morsecensus.analysis.topics.flow.tables import CURVES, ENDS, FLOWS, OUTLIERS, rows_of
from morsecensus.analysis.topics.layout import Picture, Section

SUCCESS = 0.5
"""Final overlap above which a start counts as one that found the signal; the figure shows all overlaps."""
_TEXT = (
    "Gradient flow dx/dt = -grad H from uniform starts, or from starts of a given overlap with the signal, "
    "and a descent to a minimum from its end. For N to infinity at fixed time energy, correlation and "
    "overlap obey closed equations (Crisanti, Horner, Sommers 1993; Cugliandolo, Kurchan 1993; with a signal "
    "arXiv:1902.00139), which the curves are of. Errors are over landscapes: the starts on one landscape are "
    "not independent."
)
_CURVES = "Energy per spin, and overlap with the signal if there is one, against time; lines: N to infinity."
_RECOVERY = "Share of starts that end above an overlap of 0.5, against the noise, and all final overlaps."
_OUTLIERS = (
    "Lowest eigenvalue of the Hessian at the points that flow without signal reaches, with a rank-one term "
    "of strength theta, and its eigenvector's squared overlap; dashed: random matrices of that size."
)


class GradientFlow(Topic[Flows]):
    """Flows of a study, a section a model; limits without an error of their own are no tests."""

    anchor, declared, numbered = "flow", (FLOWS, CURVES, ENDS, OUTLIERS), True
    bodies = ("flow", "threshold")

    def find(self, study: StudyResult) -> list[Flows]:
        return find_flows(study.study)

    def tables(self, found: Flows) -> Mapping[Table, Sequence[Row]]:
        return rows_of(found.model, found.cells, found.outliers, SUCCESS)

    def figures(self, found: Flows) -> Mapping[str, Figure]:
        return dict(figures_of(found.cells, found.outliers, SUCCESS))

    def findings(self, found: Sequence[Flows]) -> Iterable[Finding]:
        return [one for flows in found if (one := where_flows_end(flows.cells, SUCCESS)) is not None]

    def section(self, found: Flows) -> Section:
        tables = self.tables(found)
        shown = [table.part(tables[table]) for table in (FLOWS, OUTLIERS) if table in tables]
        numbers = sorted({cell.number for cell in found.cells})
        names = ["flow"] if len(numbers) == 1 else [f"flow-{number}" for number in numbers]
        captions = {name: _CURVES for name in names} | {"recovery": _RECOVERY, "outliers": _OUTLIERS}
        title = f"Gradient flow: {found.model}"
        pictures = [Picture(name, title, caption) for name, caption in captions.items()]
        return Section(title, [paragraph(_TEXT), *_left(found), *pictures, *shown])


def _left(found: Flows) -> list[Part]:
    """Which means at late times are of some starts alone."""
    parts = []
    for cell in found.cells:
        there = np.isfinite(cell.energy[:, :, -1])
        if not there.all():
            text = (
                f"N = {cell.n}, {_parameters(cell)}: {there.sum():,} of {there.size:,} starts got to the "
                "last time, the others were left before. Means at each time are of the starts that got there."
            )
            parts.append(note(text))
    return parts


def _parameters(cell: FlowCell) -> str:
    return ", ".join(f"{name} = {value}" for name, value in cell.parameters.items())
