"""The tables of flows, of the report and of the command alike: each column is declared here, once."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table, measured, write_csv
from morsecensus.analysis.topics.flow.measure import FlowCell, curve_rows, end_rows, summary_rows
from morsecensus.analysis.topics.flow.outliers import Outliers, outlier_rows

_MODEL = (
    Column("model", "name of the model", title="model", left=True),
    Column("parameters", "its parameters", title="parameters", left=True),
    Column("n", "number of spins N", title="N"),
    Column(
        "given_overlap",
        "overlap with the signal that starts were given; none: uniform starts",
        title="starts at",
        shown=lambda row: "uniform" if row["given_overlap"] is None else f"m = {row['given_overlap']:g}",
    ),
)
FLOWS = Table(
    "flow",
    "How flows ended: one row for each set of parameters, starts and N.",
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
    "Flows against time: one row for each set of parameters, starts, N and time.",
    (
        *_MODEL,
        Column("time", "time of the flow"),
        Column("starts", "starts on all landscapes that got there: means are over these"),
        Column("energy", "mean energy", "energy per spin"),
        Column("energy_se", "its standard error", "energy per spin"),
        Column("limiting_energy", "the same for N to infinity", "energy per spin"),
        Column("limiting_energy_error", "numerical error of that; nothing above 0.001", "energy per spin"),
        Column("correlation", "mean overlap with the start"),
        Column("correlation_se", "its standard error"),
        Column("overlap", "mean overlap with the signal"),
        Column("overlap_se", "its standard error"),
        Column("limiting_overlap", "the same for N to infinity"),
        Column("limiting_overlap_error", "numerical error of that; nothing above 0.001"),
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
        Column(
            "states",
            "states that reached the time: means are over these",
            title="states",
            shown=lambda row: f"{row['states']:,} of {row['starts']:,}",
        ),
        Column("starts", "starts on all landscapes"),
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


def rows_of(
    model: str, cells: Sequence[FlowCell], outliers: Sequence[Outliers], success: float
) -> dict[Table, list[Row]]:
    """Rows of each table that has any: its columns, None where a model has no such value, and a value for
    each parameter by its name.

    Args:
        success: overlap above which an end counts as recovered.
    """
    rows = {OUTLIERS: [{"model": model, **row} for row in outlier_rows(outliers)]}
    if cells:
        rows |= {
            FLOWS: _rows(FLOWS, cells, summary_rows(cells, success)),
            CURVES: _rows(CURVES, cells, curve_rows(cells)),
            ENDS: _rows(ENDS, cells, end_rows(cells)),
        }
    return {table: own for table, own in rows.items() if own}


def _rows(table: Table, cells: Sequence[FlowCell], rows: Sequence[Row]) -> list[Row]:
    names = list(cells[0].parameters)
    blank = dict.fromkeys(column.name for column in table.stored)
    return [
        blank | {"parameters": ", ".join(f"{name} = {row[name]}" for name in names)} | row for row in rows
    ]


def write_spread(path: Path, table: Table, rows: Sequence[Row], parameters: Mapping[str, object]) -> None:
    """Write the columns of a table as a CSV file, with one for each parameter in place of their text."""
    names = [column.name for column in table.stored]
    if "parameters" in names:
        place = names.index("parameters")
        names[place : place + 1] = parameters
    write_csv(path, [{name: row[name] for name in names} for row in rows])
