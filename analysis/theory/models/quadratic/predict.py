"""Rows of ``predict`` for networks with quadratic units: the counterpart of `models.factorised.predict`.

For a Wishart teacher the numbers by index are the same for every B, and exact. For a GOE teacher a set counts
or not, and the mean numbers are averages over sampled eigenvalues.
"""

from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.models.quadratic.manifolds import (
    Floats,
    count_by_index,
    count_subsets,
    index_of,
    loss_of,
    strengths_of,
    subsets,
)

DRAWS, SEED = 100_000, 0
MOST_WORK, LEAST_DRAWS = 10_000_000, 1000
"""Sets times draws, and draws below which there is no mean."""


class Counted:
    """All critical manifolds of sampled teachers, or of the given one.

    Attributes:
        index, loss: of each set for each draw, shape (draws, sets); index -1 where a set doesn't count.
        ambient: number of weights.
    """

    def __init__(self, n: int, width: int, teacher: str, spectrum: str) -> None:
        chosen = subsets(n, width)
        values = eigenvalues_of(n, width, teacher, spectrum)
        self.ambient = n * width
        self.index = np.empty((len(values), len(chosen)), dtype=np.int64)
        self.loss = np.empty((len(values), len(chosen)))
        for k, each in enumerate(chosen):
            counts = (strengths_of(values, each) > 0).all(axis=1)
            self.index[:, k] = np.where(counts, index_of(values, each, width), -1)
            self.loss[:, k] = loss_of(values, each)

    def by_index(self) -> NDArray[np.int64]:
        """Number of manifolds of each index for each draw, shape (draws, ambient + 1)."""
        levels = self.ambient + 1
        draw = (levels + 1) * np.arange(len(self.index))[:, None]
        slots = np.where(self.index < 0, levels, self.index) + draw
        counts = np.bincount(slots.ravel(), minlength=(levels + 1) * len(self.index))
        return counts.reshape(-1, levels + 1)[:, :levels]

    def lowest(self) -> Floats:
        """Energy of the minima of each draw, shape (draws,)."""
        return np.where(self.index == 0, self.loss, np.inf).min(axis=1) / self.ambient


def draws_for(n: int, width: int) -> int:
    """How many teachers are sampled; 0 where there are too many sets."""
    draws = min(DRAWS, MOST_WORK // count_subsets(n, width))
    return draws if draws >= LEAST_DRAWS else 0


def eigenvalues_of(n: int, width: int, teacher: str, spectrum: str) -> Floats:
    """Of sampled teachers, or the given ones as the only row; shape (draws, n), descending.

    Raises:
        ValueError: ``spectrum`` has not n values.
    """
    if spectrum:
        given = np.array([[float(v) for v in spectrum.split(",")]])
        if given.shape[1] != n:
            raise ValueError(f"spectrum: got {given.shape[1]} values, allowed: n = {n} of them")
        return given
    draw = np.random.Generator(np.random.Philox(SEED))
    gaussian = draw.standard_normal((draws_for(n, width), n, n))
    transposed = np.swapaxes(gaussian, 1, 2)
    matrices = transposed @ gaussian / n if teacher == "wishart" else (gaussian + transposed) / sqrt(2 * n)
    return np.asarray(np.linalg.eigvalsh(matrices)[:, ::-1], dtype=np.float64)


def quadratic_row(
    n: int, width: int, teacher: str, spectrum: str, energies: tuple[float, float, int] | None
) -> dict[str, Json]:
    """One row of ``predict``.

    Returns:
        The keys of `analysis.theory.models.pspin.predict.predict`, but the parameters for xi and field.
        ``total`` and ``by_index`` (n width + 1 entries) count critical *manifolds*: exactly for a Wishart
        teacher or a given spectrum, with standard errors for a GOE teacher. Energies are f divided by the
        number of weights, means over sampled teachers, None where these have too many sets; all minima of a
        landscape are one manifold, so its energy is also the lowest.

    Raises:
        ValueError: ``spectrum`` has not n values, or a sample has too many sets.
    """
    row: dict[str, Json] = {"model": "quadratic", "width": width, "teacher": teacher, "spectrum": spectrum}
    row["n"] = n
    always = teacher == "wishart" and not spectrum
    counted = Counted(n, width, teacher, spectrum) if draws_for(n, width) else None
    if counted is None and (not always or energies is not None):
        raise ValueError(
            f"n: got {n} with width {width}, which has {count_subsets(n, width):,} sets of eigenvalues; "
            f"allowed: up to {MOST_WORK // LEAST_DRAWS:,} where numbers or energies are sampled"
        )
    row |= _counts(count_by_index(n, width)[None] if counted is None or always else counted.by_index())
    row |= _lowest(counted)
    if energies is not None and counted is not None:
        row["by_energy"] = _by_energy(counted, energies)
    return row


def _error_of_mean(rows: Floats) -> Floats:
    return rows.std(axis=0, ddof=1) / sqrt(len(rows))


def _counts(by_index: np.ndarray) -> dict[str, Json]:
    """Of draws, shape (draws, indices); a single row is exact."""
    exact, mean, totals = len(by_index) == 1, by_index.mean(axis=0), by_index.sum(axis=1)
    unknown: list[Json] = [None] * len(mean)
    return {
        "total": float(totals.mean()),
        "log_total": log(totals.mean()),
        "total_se": None if exact else float(_error_of_mean(totals)),
        "by_index": [float(v) for v in mean],
        "se": unknown if exact else _error_of_mean(by_index).tolist(),
        "method": "exact" if exact else "sampled",
    }


def _lowest(counted: Counted | None) -> dict[str, Json]:
    energy = np.array([np.nan]) if counted is None else counted.lowest()
    sampled = len(energy) > 1
    mean = float(energy.mean()) if counted is not None else None
    spread = None if counted is None else float(energy.std(ddof=1)) if sampled else 0.0
    return {
        "minima_energy_mean": mean,
        "minima_energy_sd": spread,
        "minima_energy_se": float(_error_of_mean(energy)) if sampled else None,
        "ground_state_mean": mean,
        "ground_state_sd": spread,
    }


def _by_energy(counted: Counted, energies: tuple[float, float, int]) -> dict[str, Json]:
    low, high, bins = energies[0], energies[1], int(energies[2])
    edges = np.linspace(low, high, bins + 1)
    slot = np.searchsorted(edges, counted.loss / counted.ambient, side="right") - 1
    inside = (counted.index >= 0) & (slot >= 0) & (slot < bins)
    draw, chosen = np.nonzero(inside)
    counts = np.zeros((len(slot), bins))
    np.add.at(counts, (draw, slot[draw, chosen]), 1.0)
    by_index = np.zeros((counted.ambient + 1, bins))
    np.add.at(by_index, (counted.index[draw, chosen], slot[draw, chosen]), 1.0 / len(slot))
    unknown: list[Json] = [None] * bins
    return {
        "edges": edges.tolist(),
        "counts": counts.mean(axis=0).tolist(),
        "counts_se": unknown if len(counts) == 1 else _error_of_mean(counts).tolist(),
        "by_index": [each.tolist() for each in by_index],
    }
