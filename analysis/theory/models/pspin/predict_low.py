"""Rows of ``predict --max-index``: numbers and energies of points of low index, exactly, as JSON has them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.kac_rice.low_index import LowIndex
from morsecensus.analysis.theory.models.pspin.predict import check_arguments, lowest_energy, numbers, totals
from morsecensus.tasks.covariance import Covariance


def predict_low(
    xi: str,
    n: Sequence[int],
    highest: int,
    field: float = 0.0,
    energy: tuple[float, float, int] | None = None,
) -> list[dict[str, Json]]:
    """`analysis.theory.models.pspin.predict.predict` with index 0 .. highest alone.

    Returns:
        Rows with its keys, where ``by_index`` and ``se`` (None: exact) have highest + 1 entries and
        ``method`` is "exact to index K". Beside them, an entry each index:
        ``energy_mean``, ``energy_sd``, ``energy_skewness`` (count-weighted) and ``relative_error`` (of
        ``by_index``, measured); with ``energy`` also ``below`` and ``density`` in ``by_energy``: mean numbers
        of each index below each edge, and per unit of energy there.

    Raises:
        ValueError: an argument is out of range; the text says what was got and what is allowed.
    """
    covariance = Covariance.parse(xi)
    model = covariance.with_field(field)
    check_arguments(n, energy)
    laws = [LowIndex(model, int(size), highest) for size in n]
    head: dict[str, Json] = {"model": "pspin", "xi": str(covariance), "field": float(field)}
    rows = []
    for law in laws:
        row = head | {"n": law.n} | totals(law) | _by_index(law)
        if energy is not None:
            row["by_energy"] = _by_energy(law, np.linspace(energy[0], energy[1], int(energy[2]) + 1))
        rows.append(row)
    return rows


def _by_index(law: LowIndex) -> dict[str, Json]:
    mean, spread = law.energy_moments()
    none: list[Json] = [None] * (law.highest + 1)
    return {
        "by_index": numbers(law.by_index()),
        "se": none,
        "relative_error": numbers(law.index_error()),
        "energy_mean": numbers(mean),
        "energy_sd": numbers(spread),
        "energy_skewness": numbers(law.energy_skewness()),
        "minima_energy_mean": float(mean[0]),
        "minima_energy_sd": float(spread[0]),
        "minima_energy_se": None,
        "max_index": law.highest,
        "method": f"exact to index {law.highest}",
    } | lowest_energy(law)


def _by_energy(law: LowIndex, edges: NDArray[np.float64]) -> dict[str, Json]:
    found = law.count_by_index(np.concatenate([[-np.inf], edges]))
    return {
        "edges": numbers(edges),
        "counts": numbers(law.count_bins(edges)),
        "by_index": [numbers(row) for row in found[:, 1:]],
        "below": [numbers(row) for row in np.cumsum(found, axis=1)],
        "density": [numbers(row) for row in law.density_by_index(edges)],
    }
