"""Rows of ``predict`` and limits of spiked landscapes: the counterpart of `models.pspin.predict`."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.limits.thresholds import dominant_threshold
from morsecensus.analysis.theory.models.spiked.finite_n import FiniteSpiked
from morsecensus.analysis.theory.models.spiked.grid import OVERLAP_EDGES
from morsecensus.analysis.theory.models.spiked.limits import (
    SpikedLimit,
    descent_margin,
    opposed_minima,
    uninformed_minima,
)
from morsecensus.analysis.theory.sampled import count_row, energy_row, moments_row, numbers
from morsecensus.tasks.covariance import Covariance, Signal

_MOST_OVERLAP = 0.995


def predict_spiked(
    covariance: Covariance,
    signal: Signal,
    n: Sequence[int],
    energy: tuple[float, float, int] | None = None,
    samples: int = 2048,
    seed: int = 0,
) -> list[dict[str, Json]]:
    """Mean numbers of critical points of landscapes with noise xi and signal xi_s, a row per n.

    Args:
        covariance: xi of the noise.
        signal: xi_s.
        n: each from 2 to 60, in the order of the rows.
        energy: (A, B, M): M equal bins of energy per spin from A to B.
        samples: draws, see `analysis.theory.models.spiked.finite_n`.
        seed: of the draws.

    Returns:
        Rows with the keys of `analysis.theory.models.pspin.predict.predict`, but ``xi`` and ``signal`` for xi
        and field, and every number sampled: ``total_se``, ``se``, ``minima_energy_se`` are its standard
        errors; ``ground_state_mean`` and ``ground_state_sd`` are None (no law is known). Also
        ``minima_overlap_mean``, ``_sd``, ``_se``, and ``by_overlap`` = {``edges``, ``counts``, ``counts_se``,
        ``by_index``} in 20 bins of the overlap m = x.x*/N; ``by_energy`` has ``counts_se`` too.

    Raises:
        ValueError: an argument is out of range; the text says what was got and what is allowed.
    """
    models = [FiniteSpiked(covariance, signal, each, samples, seed) for each in n]
    rows = []
    for model in models:
        row: dict[str, Json] = {"model": "spiked", "xi": str(covariance), "signal": str(signal), "n": model.n}
        row |= count_row(model) | moments_row("minima_overlap", model.minima_overlap())
        row["by_overlap"] = _by_overlap(model)
        if energy is not None:
            row["by_energy"] = energy_row(model, energy)
        rows.append(row)
    return rows


def _by_overlap(model: FiniteSpiked) -> dict[str, Json]:
    counts, _ = model.all_by_overlap()
    return {
        "edges": numbers(OVERLAP_EDGES),
        "counts": numbers(counts.mean),
        "counts_se": numbers(counts.error),
        "by_index": [numbers(row) for row in model.by_overlap().mean],
    }


def limits_spiked(covariance: Covariance, signal: Signal, points: int = 81) -> dict[str, Json]:
    """Rates and lines for N -> infinity.

    Returns:
        The keys of `analysis.theory.models.pspin.predict.limits`, ``signal`` for field. ``threshold_energy``
        is that of the noise: where gradient flow that knows nothing of the signal ends (None for a pure
        2-spin and in a field). E_inf, E_0 and E_k are None. ``complexity`` = {``total``, ``overlap`` (grid),
        ``all``, ``minima`` (rates at each overlap, None for -inf)}; ``lines`` = {``descent_margin`` (the
        signal destabilises marginal points of overlap 0 above 1), ``uninformed_minima`` (rate of minima of
        overlap 0)}.
    """
    limit = SpikedLimit(covariance, signal)
    overlap = np.linspace(-_MOST_OVERLAP, _MOST_OVERLAP, points)
    everything = [limit.complexity(float(m)) for m in overlap]
    threshold = covariance.x2 > covariance.x1 and covariance.coefficients[1] == 0
    head: dict[str, Json] = {"xi": str(covariance), "signal": str(signal)}
    head |= dict.fromkeys(("E_inf", "E_0", "E_k", "minima_energy", "threshold_complexity"))
    return head | {
        "threshold_energy": dominant_threshold(covariance) if threshold else None,
        "complexity": {
            "total": max(0.0, *everything),
            "overlap": numbers(overlap),
            "all": numbers(everything),
            "minima": numbers([limit.minima_complexity(float(m)) for m in overlap]),
        },
        "lines": {
            "descent_margin": descent_margin(limit),
            "uninformed_minima": uninformed_minima(limit),
            "opposed_minima": opposed_minima(limit),
        },
    }
