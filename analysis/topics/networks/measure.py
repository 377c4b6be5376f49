"""Numbers of trained networks with their errors over runs."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.networks.read import Network

CURVE = "curve"
"""What a trained curve is called among the lines."""
TOP = 12
"""Largest nodes of a spectrum that are shown."""
NEAR_ZERO = 0.01
"""Of the largest eigenvalue: weight of the spectrum within counts as near zero. Arbitrary."""
THRESHOLDS = (0.01, 0.1, 0.3)
"""Of the largest eigenvalue: numbers of eigenvalues above are estimated. Arbitrary."""


def run_row(one: Network) -> Row:
    """Costs, errors and norms of a cell's runs."""
    row: Row = head(one) | {"runs": one.runs, "diverged": one.diverged, "weights": one.weights}
    row["floor"] = one.mean("floor")[0] if one.has_floor else None
    for name in ("end_cost", "excess", "end_test_cost", "end_test_errors", "gradient_norm"):
        known = one.has_floor or name != "excess"
        row[name], row[f"{name}_se"] = one.mean(name) if known else (None, None)
    for name in ("end_cost", "end_test_errors"):
        row[f"{name}_sd"] = float(one.column(name).std(ddof=1)) if one.runs > 1 else None
    row["steps"] = round(one.mean("steps")[0])
    row["weight_norm"] = float(np.linalg.norm(one.column("layer_norm"), axis=1).mean())
    return row


def head(one: Network) -> Row:
    """What every row of a network begins with."""
    options = one.options
    rule = options["algorithm"] + (f", batch {options['batch']}" if options["algorithm"] == "sgd" else "")
    return {"cell": one.cell, "network": one.name, "layers": one.layers, "rule": rule}


def look_rows(one: Network) -> Iterator[Row]:
    """Costs against steps."""
    steps = one.data["step"].values[0]
    means = {name: mean_and_error(one.column(name)) for name in ("cost", "test_cost", "test_errors")}
    for look, step in enumerate(steps):
        row: Row = {"cell": one.cell, "network": one.name, "step": int(step)}
        for name, (mean, error) in means.items():
            row |= {name: float(mean[look]), f"{name}_se": float(error[look])}
        yield row


def barrier_rows(one: Network) -> Iterator[Row]:
    """Barriers between runs, a row for each kind of line."""
    pairs = one.paired if one.paths else np.zeros(0, np.intp)
    if not len(pairs):
        return
    for place, path in enumerate(one.paths):
        barriers = one.column("barrier")[pairs, place]
        mean, error = mean_and_error(barriers)
        errors, errors_se = mean_and_error(one.column("midpoint_errors")[pairs, place])
        yield head(one) | {
            "path": path,
            "pairs": len(pairs),
            "barrier": float(mean),
            "barrier_se": float(error),
            "barrier_max": float(barriers.max()),
            "midpoint_errors": float(errors),
            "midpoint_errors_se": float(errors_se),
            "length": 1.0 if path == "trained" else None,
            "length_se": 0.0 if path == "trained" else None,
        }
    if "curve_barrier" in one.data:
        yield head(one) | _curve_row(one, pairs)


def _curve_row(one: Network, pairs: NDArray[np.intp]) -> Row:
    """Of trained curves."""
    row: Row = {"path": CURVE, "pairs": len(pairs)}
    row["barrier_max"] = float(one.column("curve_barrier")[pairs].max())
    columns = {"barrier": "curve_barrier", "midpoint_errors": "curve_errors", "length": "curve_length"}
    for name, column in columns.items():
        mean, error = mean_and_error(one.column(column)[pairs])
        row |= {name: float(mean), f"{name}_se": float(error)}
    return row


def measures(one: Network) -> tuple[Floats, Floats]:
    """Nodes and weights of the spectra, shape (runs, starts, nodes); where a start saw no more, weight 0."""
    nodes, weights = one.column("node"), one.column("node_weight")
    return np.nan_to_num(nodes), np.nan_to_num(weights)


def largest(one: Network) -> tuple[Floats, Floats]:
    """The largest node of each run over its starts, and its residual, shape (runs,) each."""
    nodes = np.where(np.isfinite(one.column("node")), one.column("node"), -np.inf)
    flat = nodes.reshape(one.runs, -1)
    place = flat.argmax(axis=1)[:, None]
    residuals = one.column("node_residual").reshape(one.runs, -1)
    return np.take_along_axis(flat, place, 1)[:, 0], np.take_along_axis(residuals, place, 1)[:, 0]


def hessian_row(one: Network) -> Row:
    """Where the spectrum of a cell is; errors are over runs, whose starts are averaged."""
    nodes, weights = measures(one)
    top, residual = largest(one)
    relative = nodes / top[:, None, None]
    lowest = np.nanmin(one.column("node").reshape(one.runs, -1), axis=1)
    row: Row = head(one) | {"runs": one.runs, "weights": one.weights} | dict(one.options["hessian"])
    row["top"], row["top_se"] = map(float, mean_and_error(top))
    row["top_residual"] = float(residual.max())
    row["lowest"], row["lowest_se"] = map(float, mean_and_error(lowest))
    near = (weights * (np.abs(relative) < NEAR_ZERO)).sum(axis=2)
    row["near_zero"], row["near_zero_se"] = _over_runs(near)
    for threshold in THRESHOLDS:
        above = one.weights * (weights * (relative > threshold)).sum(axis=2)
        row[f"above_{threshold:g}"], row[f"above_{threshold:g}_se"] = _over_runs(above)
    return row


def _over_runs(values: Floats) -> tuple[float, float]:
    """Mean with its error: over runs, or over the starts of the only one."""
    mean, error = mean_and_error(values[0] if len(values) == 1 else values.mean(axis=1))
    return float(mean), float(error)


def top_rows(one: Network) -> Iterator[Row]:
    """The largest nodes of the first run's first start with their residuals: nodes with small ones are
    eigenvalues."""
    nodes, residuals = (one.column(name)[0, 0] for name in ("node", "node_residual"))
    known = np.flatnonzero(np.isfinite(nodes))[::-1][:TOP]
    for rank, place in enumerate(known, 1):
        yield {
            "cell": one.cell,
            "network": one.name,
            "rank": rank,
            "node": float(nodes[place]),
            "residual": float(residuals[place]),
        }
