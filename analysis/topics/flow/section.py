"""The report's section on gradient flow: curves against N to infinity, where starts end, outliers."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Picture, Section, Topic
from morsecensus.analysis.topics.flow.drawn import figures_of
from morsecensus.analysis.topics.flow.measure import FlowCell, curve_rows, end_rows, summary_rows
from morsecensus.analysis.topics.flow.outliers import outlier_rows
from morsecensus.analysis.topics.flow.read import Flows, find_flows

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
_MODEL = (
    Column("model", "name of the model", title="model", left=True),
    Column("parameters", "its parameters", title="parameters", left=True),
    Column("n", "number of spins N", title="N"),
)
FLOWS = Table(
    "flow",
    "How flows ended: one row for each set of parameters and N.",
    (
        *_MODEL,
        Column("landscapes", "landscapes", title="landscapes", form="{:,}".format),
        Column("starts", "starts on each", title="starts", form="{:,}".format),
        Column("minima", "share of starts that ended in a minimum", title="minima", form=r.percent),
        *measured("end_energy", "end_energy_se", "energy at the end", "energy per spin", "energy"),
        *measured("success_rate", "success_rate_se", "share of starts that found the signal", "", "success"),
        *measured("end_overlap", "end_overlap_se", "overlap with the signal at the end", "", "overlap"),
        *measured("end_overlap_size", "end_overlap_size_se", "its absolute value", "", "size"),
        Column("theta", "strength of the signal at marginal states", "", "theta", r.digits(3)),
        Column("informative_overlap", "overlap of the best minimum that knows the signal, N to infinity"),
    ),
    "Theta above 1: flow leaves overlap 0.",
)
CURVES = Table(
    "flow_curves",
    "Flows against time: one row for each set of parameters, N and time.",
    (
        *_MODEL,
        Column("time", "time of the flow"),
        Column("energy", "mean energy", "energy per spin"),
        Column("energy_se", "its standard error", "energy per spin"),
        Column("limiting_energy", "the same for N to infinity", "energy per spin"),
        Column("correlation", "mean overlap with the start"),
        Column("correlation_se", "its standard error"),
        Column("overlap", "mean overlap with the signal"),
        Column("overlap_se", "its standard error"),
        Column("limiting_overlap", "the same for N to infinity"),
        Column("n_overlap_squared", "mean of N times its square"),
        Column("n_overlap_squared_se", "its standard error"),
        Column("limiting_n_overlap_squared", "the same for N to infinity, while it is small"),
    ),
)
ENDS = Table(
    "flow_ends",
    "Where starts ended: one row for each start.",
    (
        *_MODEL,
        Column("landscape", "number of the landscape"),
        Column("start", "number of the start"),
        Column("end", "minimum, saddle, or open: neither the descent nor Newton converged"),
        Column("energy", "energy at the end", "energy per spin"),
        Column("softest", "lowest eigenvalue of the Riemannian Hessian at the end"),
        Column("start_overlap", "overlap with the signal at the start"),
        Column("overlap", "overlap with the signal at the end"),
    ),
)
OUTLIERS = Table(
    "flow_outliers",
    "Hessians where flow without signal gets to: one row for each N and strength.",
    (
        Column("model", "name of the model"),
        Column("n", "number of spins N", title="N"),
        Column("theta", "strength, in units of sqrt(xi''(1))", title="theta", form=r.digits(3)),
        *measured("eigenvalue", "eigenvalue_se", "lowest eigenvalue of G - theta u u^T", "", "lowest"),
        Column("goe_eigenvalue", "the same for random matrices of this size"),
        Column("goe_eigenvalue_se", "its standard error"),
        Column("limiting_eigenvalue", "N to infinity", title="N to infinity", form=r.digits(4)),
        Column("hessian_eigenvalue", "the same of the Hessian itself"),
        *measured("vector_overlap", "vector_overlap_se", "squared overlap with u", "", "overlap^2"),
        Column("goe_vector_overlap", "the same for random matrices of this size"),
        Column("limiting_vector_overlap", "N to infinity", title="limit", form=r.digits(3)),
        Column("radial_derivative", "mean radial derivative D"),
        Column("radial_derivative_se", "its standard error"),
        Column("energy", "mean energy", "energy per spin"),
        Column("energy_se", "its standard error", "energy per spin"),
    ),
)


class GradientFlow(Topic[Flows]):
    """Flows of a study, a section a model; limits without an error of their own are no tests."""

    anchor, declared, numbered = "flow", (FLOWS, CURVES, ENDS, OUTLIERS), True

    def find(self, study: StudyResult) -> list[Flows]:
        return find_flows(study.study)

    def tables(self, found: Flows) -> Mapping[Table, Sequence[Row]]:
        rows = {OUTLIERS: [{"model": found.model, **row} for row in outlier_rows(found.outliers)]}
        if found.cells:
            rows |= {
                FLOWS: _rows(FLOWS, found.cells, summary_rows(found.cells, SUCCESS)),
                CURVES: _rows(CURVES, found.cells, curve_rows(found.cells)),
                ENDS: _rows(ENDS, found.cells, end_rows(found.cells)),
            }
        return {table: own for table, own in rows.items() if own}

    def figures(self, found: Flows) -> Mapping[str, Figure]:
        return dict(figures_of(found.cells, found.outliers, SUCCESS))

    def section(self, found: Flows) -> Section:
        tables = self.tables(found)
        shown = [table.part(tables[table]) for table in (FLOWS, OUTLIERS) if table in tables]
        numbers = sorted({cell.number for cell in found.cells})
        names = ["flow"] if len(numbers) == 1 else [f"flow-{number}" for number in numbers]
        captions = {name: _CURVES for name in names} | {"recovery": _RECOVERY, "outliers": _OUTLIERS}
        title = f"Gradient flow: {found.model}"
        pictures = [Picture(name, title, caption) for name, caption in captions.items()]
        return Section(title, [paragraph(_TEXT), *pictures, *shown])


def _rows(table: Table, cells: Sequence[FlowCell], rows: Sequence[Row]) -> list[Row]:
    """Rows in the columns of a table: parameters as one text, None where a model has no such value."""
    names = list(cells[0].parameters)
    blank = dict.fromkeys(column.name for column in table.stored)
    return [
        blank | {"parameters": ", ".join(f"{name} = {row[name]}" for name in names)} | _kept(row, blank)
        for row in rows
    ]


def _kept(row: Row, names: Mapping[str, None]) -> Row:
    return {name: value for name, value in row.items() if name in names}
