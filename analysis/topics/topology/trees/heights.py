"""Barriers of a cell's minima and lifetimes of its classes in H_0, with errors, and their growth with N.

The barrier over which a minimum first reaches a lower one, its escape level less its energy, is the lifetime
of its class in H_0 by the elder rule: one number, two names. Global minima have neither. Landscapes are the
independent units of all errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Floats, bin_of
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.estimates.line import one_of_each
from morsecensus.analysis.topics.topology.line_fit import fit_line
from morsecensus.analysis.topics.topology.trees.forest import Forest

KINDS = ("escape", "lowest")
"""Barrier to a lower minimum, and to the global one."""
QUANTILES = (0.1, 0.5, 0.9)
LIFETIMES = 41
DRAWS = 400
"""Bootstrap draws of landscapes: errors to 1/sqrt(2 * 400) = 4%."""
FEWEST_SIZES = 3
"""Of N for a fit of two numbers."""


@dataclass(frozen=True, eq=False)
class Heights:
    """Barriers of one kind of a cell's minima, energies per spin; each minimum counts once.

    ``mean`` and ``se`` are of the known trees, the mean of all planned landscapes is in [low, high] (high is
    nan where some are blank); ``quantiles`` and ``quantiles_se`` at QUANTILES. ``binned`` and ``binned_se``:
    mean by the energy of the minimum, nan where there is none, and ``held`` minima in each bin.
    """

    minima: int
    mean: float
    se: float
    low: float
    high: float
    quantiles: Floats
    quantiles_se: Floats
    binned: Floats
    binned_se: Floats
    held: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """Mean number of finite classes of H_0 in a landscape that live longer than each time.

    ``values`` are all lifetimes, energies per spin. ``mean`` and ``se`` are of the known trees, the mean over
    all planned landscapes is in [low, high].
    """

    times: Floats
    values: Floats
    mean: Floats
    se: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Scaling:
    """Fit of spins * mean height = prefactor * N^exponent over ``sizes`` of N; p_value of the fit (chi^2)."""

    kind: str
    exponent: float
    se: float
    prefactor: float
    p_value: float
    sizes: int


def heights_of(forest: Forest, kind: str) -> Floats:
    """Barriers of one of KINDS of the minima that ``forest.finite`` names, energies per spin."""
    top = forest.escape if kind == "escape" else forest.barrier
    return (top - forest.energy)[forest.finite]


def measure_heights(forest: Forest, kind: str, edges: Floats) -> Heights:
    """Means, quantiles and bins of the barriers of one kind."""
    values, owner = heights_of(forest, kind), forest.owner[forest.finite]
    slot = bin_of(forest.energy[forest.finite], edges)
    bins = [
        mean_per_minimum(owner, values, (slot == b).astype(float), forest.trees)
        for b in range(len(edges) - 1)
    ]
    mean, se = mean_per_minimum(owner, values, np.ones(len(values)), forest.trees)
    # Any minimum of a landscape without a tree has a barrier between 0 and its highest saddle.
    size = len(values) + sum(len(one.minima) - 1 for one in forest.unresolved)
    low = high = np.nan
    if size:
        low = values.sum() / size if not forest.blank else 0.0
        high = (values.sum() + sum(one.most_height for one in forest.unresolved)) / size
    quantiles, quantiles_se = bootstrap_quantiles(owner, values, forest.trees)
    binned, binned_se = np.array(bins).T
    return Heights(
        len(values),
        mean,
        se,
        float(low),
        float(high if not forest.blank else np.nan),
        quantiles,
        quantiles_se,
        binned,
        binned_se,
        np.bincount(slot, minlength=len(edges) - 1),
    )


def mean_per_minimum(
    owner: NDArray[np.int64], values: Floats, weight: Floats, trees: int
) -> tuple[float, float]:
    """Mean of values that count with a weight, and its error over landscapes (delta method); nan for
    none, and no error where one landscape holds them all."""
    size = np.bincount(owner, weight, trees)
    if not size.sum():
        return float("nan"), float("nan")
    mean = float(values @ weight / size.sum())
    if np.count_nonzero(size) < 2:
        return mean, float("nan")
    residual = np.bincount(owner, weight * values, trees) - mean * size
    return mean, float(np.sqrt((residual**2).sum() * trees / (trees - 1)) / size.sum())


def bootstrap_quantiles(
    owner: NDArray[np.int64], values: Floats, trees: int, seed: int = 0, draws: int = DRAWS
) -> tuple[Floats, Floats]:
    """Values at QUANTILES and their errors by drawing landscapes again; nan where there are too
    few, the errors also where one landscape holds all values."""
    nothing = np.full(len(QUANTILES), np.nan)
    if not len(values):
        return nothing, nothing
    order = np.argsort(values, kind="stable")
    values, owner = values[order], owner[order]

    def at(weight: Floats) -> Floats:
        cumulative = np.cumsum(weight[owner])
        place = np.searchsorted(cumulative, np.array(QUANTILES) * cumulative[-1])
        return values[np.minimum(place, len(values) - 1)]

    found = at(np.ones(trees))
    if np.unique(owner).size < 2:
        return found, nothing
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(trees, np.full(trees, 1 / trees), draws).astype(np.float64)
    # A draw may hold no landscape with a barrier.
    drawn = drawn[(drawn[:, np.unique(owner)] > 0).any(axis=1)]
    return found, np.std([at(weight) for weight in drawn], axis=0, ddof=1)


def measure_lifetimes(forest: Forest) -> Lifetimes:
    """How many classes of H_0 live longer than each time."""
    values = heights_of(forest, "escape")
    owner = forest.owner[forest.finite]
    times = np.linspace(0.0, values.max(initial=0.0) or 1.0, LIFETIMES)
    width = LIFETIMES + 1
    slot = np.searchsorted(times, values, side="left")
    counts = np.bincount(owner * width + slot, minlength=forest.trees * width).reshape(-1, width)
    longer = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1][:, 1:].astype(np.float64)
    mean, se = mean_and_error(longer)
    most = longer.sum(axis=0) + forest.blank * (forest.cell.most_points if forest.blank else 0.0)
    for one in forest.unresolved:
        most += one.most_lifetimes(times)
    size = max(forest.planned, 1)
    return Lifetimes(times, values, mean, se, longer.sum(axis=0) / size, most / size)


def scaling_of(
    kind: str, sizes: Sequence[int], spins: Sequence[int], heights: Sequence[Heights]
) -> Scaling | None:
    """Weighted fit of log(spins * mean) on log N, one cell of each N; None for fewer than FEWEST_SIZES of N
    with an error."""
    found = zip(sizes, spins, heights, strict=True)
    rows = [(n, all_spins * h.mean, h.se / h.mean) for n, all_spins, h in found if h.se > 0]
    rows = [rows[place] for place in one_of_each([n for n, _, _ in rows], [error for _, _, error in rows])]
    if len(rows) < FEWEST_SIZES:
        return None
    n, mean, error = np.array(rows).T
    exponent, exponent_se, offset, _, _, p_value = fit_line(np.log(n), np.log(mean), error)
    return Scaling(kind, exponent, exponent_se, float(np.exp(offset)), p_value, len(n))
