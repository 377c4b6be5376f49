"""Rows of ``predict`` for factorised landscapes: the counterpart of `models.pspin.predict`.

Numbers of critical manifolds by index are the same for every matrix; only their energies are random.
"""

from collections.abc import Sequence
from math import log, sqrt

import numpy as np

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.models.factorised.manifolds import (
    Architecture,
    Floats,
    count_by_index,
    critical_manifolds,
    total,
)

DRAWS, SEED = 4000, 0
"""Gaussian matrices for the energies, which have no closed form at finite n."""


def predict_factorised(
    n: Sequence[int],
    energies: tuple[float, float, int] | None,
    width: int = 2,
    layers: int = 2,
    extra: int = 0,
    spectrum: str = "",
) -> list[dict[str, Json]]:
    """Critical manifolds of factorisations of n x (n + extra) matrices, a row per n.

    Returns:
        Rows with the keys of `analysis.theory.models.pspin.predict.predict`, but the parameters for xi and
        field. ``total`` and ``by_index`` (n entries: 0 .. ambient) count critical *manifolds*, exactly.
        Energies are H divided by the number of weights; where the matrix is Gaussian they are means over
        DRAWS matrices with their errors. All minima of a landscape are one manifold, so its energy is also
        the lowest.

    Raises:
        ValueError: ``spectrum`` has not n values.
    """
    rows = []
    for each in n:
        shape = Architecture(each, width, layers, extra)
        row: dict[str, Json] = {"model": "factorised", "width": width, "layers": layers, "extra": extra}
        row |= {"spectrum": spectrum, "n": int(each)} | _counts(shape)
        values = _singular_values(shape, spectrum)
        row |= _lowest(shape, values)
        if energies is not None:
            row["by_energy"] = _by_energy(shape, values, energies)
        rows.append(row)
    rows[0]["limits"] = {"complexity": None, "note": "critical manifolds are choices of singular values"}
    return rows


def _counts(shape: Architecture) -> dict[str, Json]:
    by_index: list[Json] = [float(count) for count in count_by_index(shape)]
    unknown: list[Json] = [None] * len(by_index)
    number = total(shape)
    return {
        "total": float(number),
        "log_total": log(number),
        "total_se": None,
        "by_index": by_index,
        "se": unknown,
        "method": "exact",
    }


def _singular_values(shape: Architecture, spectrum: str) -> Floats:
    """Of DRAWS Gaussian matrices, or the given ones as the only row; shape (draws, rows), descending."""
    if spectrum:
        given = np.array([[float(v) for v in spectrum.split(",")]])
        if given.shape[1] != shape.rows:
            raise ValueError(f"spectrum: got {given.shape[1]} values, allowed: n = {shape.rows} of them")
        return given
    draw = np.random.Generator(np.random.Philox(SEED))
    gaussian = draw.standard_normal((DRAWS, shape.rows, shape.rows + shape.extra)) / sqrt(shape.rows)
    return np.asarray(np.linalg.svd(gaussian, compute_uv=False), dtype=np.float64)


def _lowest(shape: Architecture, values: Floats) -> dict[str, Json]:
    energy = (values[:, shape.width :] ** 2).sum(axis=1) / 2 / shape.ambient
    mean, spread = float(energy.mean()), float(energy.std(ddof=1)) if len(energy) > 1 else 0.0
    error = spread / sqrt(len(energy)) if len(energy) > 1 else None
    return {
        "minima_energy_mean": mean,
        "minima_energy_sd": spread,
        "minima_energy_se": error,
        "ground_state_mean": mean,
        "ground_state_sd": spread,
    }


def _by_energy(shape: Architecture, values: Floats, energies: tuple[float, float, int]) -> dict[str, Json]:
    low, high, bins = energies
    edges = np.linspace(low, high, int(bins) + 1)
    counts = np.zeros((len(values), shape.ambient + 1, int(bins)))
    for draw, row in enumerate(values):
        for manifold in critical_manifolds(shape, row):
            at = int(np.searchsorted(edges, manifold.loss / shape.ambient, side="right")) - 1
            if 0 <= at < int(bins):
                counts[draw, manifold.index, at] += 1
    by_index = counts.mean(axis=0)
    errors = counts.sum(axis=1).std(axis=0, ddof=1) / sqrt(len(values)) if len(values) > 1 else None
    unknown: list[Json] = [None] * int(bins)
    return {
        "edges": edges.tolist(),
        "counts": by_index.sum(axis=0).tolist(),
        "counts_se": unknown if errors is None else errors.tolist(),
        "by_index": [row.tolist() for row in by_index],
    }
