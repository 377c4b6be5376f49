"""What theory says of one model: exact numbers at finite N, and the limits, as JSON-ready values.

Pure functions of their arguments (sampled rows are a function of the seed). Counts are of points on the whole
sphere, energies are per spin, index 0 comes first, and what isn't known is None, never NaN.
"""

from collections.abc import Sequence
from math import isfinite, sqrt

import numpy as np
from numpy.typing import ArrayLike

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.goe.semicircle import dominant_radial_derivative, index_fraction
from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT, MAX_LOG, FiniteN
from morsecensus.analysis.theory.kac_rice.ground_state import ground_state_law, poisson_constants
from morsecensus.analysis.theory.kac_rice.sampler import sample_counts
from morsecensus.analysis.theory.limits.complexity import (
    density_of_index,
    dominant_minima_energy,
    minima_complexity,
    pure_complexity,
    radial_complexity,
    threshold_energy,
    total_complexity,
    total_minima_complexity,
)
from morsecensus.analysis.theory.limits.one_step import ground_state
from morsecensus.analysis.theory.limits.thresholds import (
    dominant_threshold,
    index_energy,
    marginal_range,
    pure_like_margin,
)
from morsecensus.tasks.covariance import Covariance

MAX_N = 1000
MAX_BINS = 2000
_LEAST_SAMPLES, _MAX_SAMPLES = 2, 1_000_000
# A sampled number whose standard error is above a quarter of it rests on too few draws for its error to be
# trusted.
_WORST_RELATIVE_ERROR = 0.25


def predict(
    xi: str,
    n: Sequence[int],
    field: float = 0.0,
    energy: tuple[float, float, int] | None = None,
    samples: int = 4000,
    seed: int = 0,
) -> list[dict[str, Json]]:
    """Mean numbers of critical points on the whole sphere at each N, one row per N in the order given.

    Args:
        xi: covariance polynomial, such as "q^3" or "0.5*q^2+0.5*q^3".
        n: numbers of spins, each in 2 .. 1000.
        field: variance S2 of a random linear field: xi becomes xi + S2*q.
        energy: (A, B, M): M equal bins of energy per spin from A to B.
        samples: spectra to draw where N is above 60 and numbers by index are sampled.
        seed: of the draws.

    Returns:
        Rows with the keys
        ``model`` ("pspin"), ``xi`` (canonical text without the field), ``field``, ``n``;
        ``total`` (None above 1e308), ``log_total`` (natural logarithm), ``total_se`` (None: the total is
        exact); ``by_index`` (n numbers; None where a sample is too small to tell), ``se`` (parallel to it,
        None where exact); ``minima_energy_mean``, ``minima_energy_sd`` (count-weighted), ``minima_energy_se``
        (None where exact); ``ground_state_mean``, ``ground_state_sd`` (of the lowest energy, by
        `analysis.theory.kac_rice.ground_state`; None where few minima are expected at n > 150, where
        `predict_low` has them); ``method`` ("exact" or "sampled", of the numbers by index); with ``energy``:
        ``by_energy`` = {``edges`` (M + 1), ``counts`` (M, exact, all indices), ``by_index`` (n lists of M
        numbers, None where ``method`` is "sampled")}.

    Raises:
        ValueError: an argument is out of range; the text says what was got, what is allowed and what to do.
    """
    covariance = Covariance.parse(xi)
    model = covariance.with_field(field)
    check_arguments(n, energy, samples)
    rows = []
    for size in n:
        finite = FiniteN(model, int(size))
        row: dict[str, Json] = {
            "model": "pspin",
            "xi": str(covariance),
            "field": float(field),
            "n": int(size),
        }
        row |= totals(finite) | _by_index(finite, samples, seed) | lowest_energy(finite)
        if energy is not None:
            row["by_energy"] = _by_energy(finite, energy)
        rows.append(row)
    return rows


def check_arguments(
    n: Sequence[int], energy: tuple[float, float, int] | None, samples: int = _LEAST_SAMPLES
) -> None:
    """Raise ValueError for what is out of range."""
    for size in n:
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 2 <= size <= MAX_N:
            raise ValueError(
                f"n: got {size!r}; allowed is a whole number in 2 .. {MAX_N}; write for example 4:20"
            )
    if not len(n):
        raise ValueError("n: got no number of spins; allowed is one or more; write for example 4:20")
    if not _LEAST_SAMPLES <= samples <= _MAX_SAMPLES:
        raise ValueError(f"samples: got {samples}; allowed is 2 .. {_MAX_SAMPLES}; try 4000")
    if energy is None:
        return
    low, high, bins = energy
    if not (isfinite(low) and isfinite(high) and low < high and 1 <= bins <= MAX_BINS and bins == int(bins)):
        raise ValueError(
            f"energy: got {low}:{high}:{bins}; allowed is A:B:M with A < B finite and 1 <= M <= {MAX_BINS}; "
            "write for example -1.8:0:40"
        )


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def numbers(values: ArrayLike) -> list[Json]:
    """As JSON has them: None where not finite."""
    return [_number(value) for value in np.asarray(values, dtype=np.float64).tolist()]


def totals(finite: FiniteN) -> dict[str, Json]:
    """Mean number of all points and its logarithm, exact at any N."""
    log_total = finite.log_total
    total = None if log_total >= MAX_LOG else finite.total()
    return {"total": total, "log_total": log_total, "total_se": None}


def _by_index(finite: FiniteN, samples: int, seed: int) -> dict[str, Json]:
    if finite.n <= EXACT_INDEX_LIMIT:
        mean, spread = finite.minima_energy()
        exact: list[Json] = [None] * finite.n
        return {
            "by_index": numbers(finite.by_index()),
            "se": exact,
            "minima_energy_mean": mean,
            "minima_energy_sd": spread,
            "minima_energy_se": None,
            "method": "exact",
        }
    sampled = sample_counts(finite, samples, seed)
    trusted = sampled.se <= _WORST_RELATIVE_ERROR * sampled.by_index
    return {
        "by_index": numbers(np.where(trusted, sampled.by_index, np.nan)),
        "se": numbers(np.where(trusted, sampled.se, np.nan)),
        "minima_energy_mean": _number(sampled.minima_energy_mean),
        "minima_energy_sd": _number(sampled.minima_energy_sd),
        "minima_energy_se": _number(sampled.minima_energy_mean_se),
        "method": "sampled",
    }


def lowest_energy(finite: FiniteN) -> dict[str, Json]:
    """Mean and spread of the lowest energy."""
    law = ground_state_law(finite, points=501)
    if law is None:
        return {"ground_state_mean": None, "ground_state_sd": None}
    return {"ground_state_mean": law.mean, "ground_state_sd": law.standard_deviation}


def _by_energy(finite: FiniteN, energy: tuple[float, float, int]) -> dict[str, Json]:
    low, high, bins = energy
    edges = np.linspace(low, high, int(bins) + 1)
    table: list[Json] | None = None
    if finite.n <= EXACT_INDEX_LIMIT:
        table = [numbers(row) for row in finite.count_by_index(edges)]
    return {"edges": numbers(edges), "counts": numbers(finite.count_bins(edges)), "by_index": table}


def limits(xi: str, field: float = 0.0, points: int = 61) -> dict[str, Json]:
    """Special energies and complexities of a model for N -> infinity.

    Args:
        xi: covariance polynomial.
        field: variance S2 of a random linear field.
        points: length of the energy grid of the complexity.

    Returns:
        ``xi``, ``field``;
        ``E_inf``, ``E_0``, ``E_k`` (E_0 .. E_3): positive as in the literature, the energies are their
        negatives; None unless pure with p >= 3, except that ``E_0`` is also given, by one-step symmetry
        breaking, for mixtures; ``ground_state`` = {``energy`` (= -E_0), ``one_step_stable`` (a necessary
        condition), ``rate``, ``prefactor`` (c and A of the Poisson law of the lowest energies, pure only)};
        ``threshold_energy`` (-E_inf, or e_th of a mixture without field), ``threshold_complexity``,
        ``minima_energy`` (where most minima lie; None in a trivial landscape), ``marginal_range``
        (mixtures), ``pure_like`` (mixtures), ``trivial`` (a field leaves two points); ``complexity`` =
        {``total``, ``minima_total``, ``energy`` (grid), ``all`` and ``minima`` (rates at each energy, None
        for -inf), ``index_fraction`` (k/N of most critical points at each energy)}.
    """
    covariance = Covariance.parse(xi)
    model = covariance.with_field(field)
    return {"xi": str(covariance), "field": float(field)} | limits_of(model, points)


def limits_of(model: Covariance, points: int) -> dict[str, Json]:
    """The same without ``xi`` and ``field``."""
    return (_pure_limits(model) if model.is_pure else _mixed_limits(model)) | _curves(model, points)


def _pure_limits(model: Covariance) -> dict[str, Json]:
    p, unit = model.degree, sqrt(model.x0)
    edge = unit * threshold_energy(p)
    result: dict[str, Json] = {
        "E_inf": edge,
        "threshold_energy": -edge,
        "minima_energy": -edge,
        "marginal_range": None,
        "pure_like": None,
        "trivial": p == 2,
    }
    if p == 2:
        lowest: dict[str, Json] = {"energy": -edge, "one_step_stable": True, "rate": None, "prefactor": None}
        return result | {"E_0": edge, "E_k": None, "threshold_complexity": 0.0, "ground_state": lowest}
    levels = [unit * index_energy(p, k) for k in range(4)]
    rate, prefactor = poisson_constants(p)
    lowest = {"energy": -levels[0], "one_step_stable": True, "rate": rate / unit, "prefactor": prefactor}
    at_threshold = float(pure_complexity(p, -threshold_energy(p)))
    return result | {
        "E_0": levels[0],
        "E_k": numbers(levels),
        "threshold_complexity": at_threshold,
        "ground_state": lowest,
    }


def _mixed_limits(model: Covariance) -> dict[str, Json]:
    trivial = model.x2 <= model.x1
    state = ground_state(model)
    span = None if trivial else marginal_range(model)
    # The threshold of the dynamics rests on a vanishing overlap q0, which a field makes positive.
    threshold = not trivial and model.coefficients[1] == 0
    return {
        "E_inf": None,
        "E_0": -state.energy,
        "E_k": None,
        "ground_state": {
            "energy": state.energy,
            "one_step_stable": bool(state.replicon >= 0),
            "rate": state.slope if state.slope > 0 else None,
            "prefactor": None,
        },
        "threshold_energy": dominant_threshold(model) if threshold else None,
        "threshold_complexity": pure_like_margin(model) / 2 if threshold else None,
        "minima_energy": None if trivial else dominant_minima_energy(model),
        "marginal_range": None if span is None else numbers(span),
        "pure_like": bool(pure_like_margin(model) > 0) if threshold else None,
        "trivial": bool(trivial),
    }


def _curves(model: Covariance, points: int) -> dict[str, Json]:
    unit = sqrt(model.x0)
    reach = 1.1 * -ground_state(model).energy
    energy = np.linspace(-reach, reach, points)
    if not model.is_pure:
        # At each energy the best D; its rate is that of D plus the Gaussian cost of E given D.
        radial = dominant_radial_derivative(model, energy)
        whole = model.x1 + model.x2
        cost = (energy - model.x1 * radial / whole) ** 2 / (2 * model.determinant / whole)
        everything = radial_complexity(model, radial) - cost
        minima = np.array([minima_complexity(model, float(u)) for u in energy])
    elif model.degree == 2:
        everything = minima = np.full(points, np.nan)
    else:
        everything = pure_complexity(model.degree, energy / unit)
        minima = density_of_index(model.degree, 0, energy / unit)
    simple = model.degree == 2 and model.is_pure
    return {
        "complexity": {
            "total": 0.0 if simple else total_complexity(model),
            "minima_total": 0.0 if simple else total_minima_complexity(model),
            "energy": numbers(energy),
            "all": numbers(everything),
            "minima": numbers(minima),
            "index_fraction": numbers(index_fraction(model, energy)),
        }
    }
