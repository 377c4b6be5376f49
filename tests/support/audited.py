"""Cells for the bias audit, whose points are planted."""

import json

import numpy as np
import xarray as xr

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.tasks.measurables.words import REASONS

OPEN = 1
ENUMERATED, FEW_HITS = REASONS.index("enumerated"), REASONS.index("few_hits")


def make_cell(
    name, n, landscapes, *, finder="multistart", options=None, spectra=None, levels=None, **columns
):
    """A cell whose landscapes are lists of (energy, index, hits); columns are per landscape. Off the sphere
    there are so many levels of the index."""
    rows = [row for points in landscapes for row in points]
    energy, index, hits = np.array(rows, dtype=float).reshape(-1, 3).T
    count = len(landscapes)
    truth = finder == "homotopy"
    data = {
        "row_size": np.array([len(points) for points in landscapes]),
        "status": np.full(count, 0 if truth else OPEN),
        "reason": np.full(count, ENUMERATED if truth else FEW_HITS),
        "n_starts": np.full(count, 1000),
        "n_rounds": np.full(count, 1),
        "coverage": np.ones(count),
        "coverage_lower": np.ones(count),
        "chao1": np.array([float(len(points)) for points in landscapes]),
        "chao1_lower": np.zeros(count),
        "chao1_upper": np.full(count, np.inf),
    }
    data |= {key: np.asarray(values) for key, values in columns.items()}
    variables = {key: ("landscape", values) for key, values in data.items()}
    variables |= {"energy": ("row", energy), "index": ("row", index.astype(int))}
    variables["hits"] = ("row", hits.astype(int))
    by_index = [np.bincount([int(row[1]) for row in points], minlength=levels or n) for points in landscapes]
    variables["points_by_index"] = (("landscape", "morse_index"), np.array(by_index))
    if spectra is not None:
        variables["spectrum"] = (("row", "eigenvalue"), spectra)
    attrs = {"model": "pspin", "xi": "q^3", "field": 0.0, "n": n, "seed": 1, "finder": finder}
    text = f"{finder} {json.dumps(options or {}, sort_keys=True)}"
    return Cell(name, xr.Dataset(variables, attrs=attrs), count, text)


def random_landscapes(rng, count, points, n=5):
    """Landscapes of distinct energies with indices that follow the energy."""
    found = []
    for _ in range(count):
        energy = np.sort(rng.normal(0, 0.6, points))
        index = np.clip(np.round((energy + 1.2) / 2.4 * (n - 1) + rng.normal(0, 0.5, points)), 0, n - 1)
        found.append([(e, k, 1) for e, k in zip(energy, index, strict=True)])
    return found
