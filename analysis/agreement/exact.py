"""The tests of one cell against its exact laws: counts, energies, Hessian spectra, coupling variance.

Each builds residuals of mean zero (see `analysis.agreement.residuals`) from the points, batch by batch.
Beside each stands what it would have seen: the smallest departure that it rejects at level 0.01 with power
0.9.
"""

from collections.abc import Callable

import numpy as np

from morsecensus.analysis.agreement.coupling_scale import CouplingScale, coupling_scale
from morsecensus.analysis.agreement.judged import Judged, with_power
from morsecensus.analysis.agreement.null_law import Reference
from morsecensus.analysis.agreement.residuals import (
    FEWEST,
    TestResult,
    hotelling,
    independent_indices,
    mean_counts_test,
    not_testable,
    supremum_test,
    usable_indices,
)
from morsecensus.analysis.dataset.batches import Batch, Floats, bin_of
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import Reduction, moments, settled, together, vectors
from morsecensus.analysis.estimates.counts import estimate_counts, is_odd
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.low_index import LowIndex
from morsecensus.analysis.theory.kac_rice.sampler import CriticalPointSample, sample_critical_points

MOST_BINS = 10
POINTS_PER_BIN = 30
"""Expected in all landscapes together. Arbitrary."""
GRID = 31
# Missed points lie within so many standard deviations of the mean: wide, but not a theorem.
_FARTHEST = 6.0


def judge_cell(cell: Cell, sample: Callable[[int], CriticalPointSample]) -> Reduction[list[Judged]]:
    """Run all tests of a cell; empty for a model without exact laws.

    Args:
        cell: with its dataset.
        sample: exact samples of the critical points of an index, such as ``exact_sampler(cell)``.
    """
    missing = estimate_counts(cell)["missing"].values
    if cell.sought is not None:
        low = low_law(cell)
        return settled([]) if low is None else judge_low(cell, low, missing[: low.highest + 1], sample)
    theory = cell.theory.resolved(cell.n)
    if theory is None:
        return settled([])
    judged = [
        settled(judge_counts(cell, theory, missing)),
        judge_energy_moments(cell, theory, missing),
        judge_energy_law(cell, theory, missing, minima=True),
        judge_energy_law(cell, theory, missing, minima=False),
    ]
    for index in spectrum_indices(cell):
        law = sample(index)
        judged.append(judge_spectrum(cell, index, law, missing[index]))
        judged.append(judge_smallest_eigenvalue(cell, index, law, missing[index]))
    judged.append(judge_coupling_variance(cell, sample, missing))
    return together(judged)


def low_law(cell: Cell) -> LowIndex | None:
    """The exact law of the points that a search of low indices looked for; None where it isn't known, or
    everything was sought."""
    if cell.sought is None:
        return None
    try:
        return cell.theory.low(cell.n, cell.sought)
    except ValueError:  # of an N or an index beyond what is exact
        return None


def judge_low(
    cell: Cell, law: LowIndex, missing: Floats, sample: Callable[[int], CriticalPointSample]
) -> Reduction[list[Judged]]:
    """The tests of a census of index 0 .. ``law.highest`` alone: numbers and energies by index, the law of
    minima's energies, and the spectra of those of `spectrum_indices` that it has.

    Args:
        missing: most that the mean number of each index may be too low, shape (law.highest + 1,).
    """
    judged = [
        settled(judge_counts(cell, law, missing)),
        judge_energy_moments(cell, law, missing),
        judge_energy_law(cell, law, missing, minima=True),
    ]
    for index in spectrum_indices(cell):
        if index <= law.highest:
            drawn = sample(index)
            judged.append(judge_spectrum(cell, index, drawn, missing[index]))
            judged.append(judge_smallest_eigenvalue(cell, index, drawn, missing[index]))
    return together(judged)


def exact_sampler(cell: Cell, seed: int = 0) -> Callable[[int], CriticalPointSample]:
    """Exact samples by index, drawn once each: about twice as many as the points they are compared with."""
    theory = cell.theory.exact(cell.n)
    if theory is None:
        raise ValueError(f"{cell.name}: no exact law for the model {cell.family[0]!r}")
    drawn: dict[int, CriticalPointSample] = {}

    def sample(index: int) -> CriticalPointSample:
        if index not in drawn:
            found = int(cell.dataset["points_by_index"].values[:, index].sum())
            drawn[index] = sample_critical_points(theory, index, int(np.clip(2 * found, 6000, 40000)), seed)
        return drawn[index]

    return sample


def spectrum_indices(cell: Cell) -> tuple[int, ...]:
    """The indices whose Hessians are compared: minima, and the next one that isn't their mirror image."""
    return (0, 1) if cell.n >= 4 else (0,)


def parity(cell: Cell) -> int:
    """-1, +1 or 0: what sign changes do to H."""
    orbit, odd = cell.symmetry
    return -1 if odd else int(orbit > 1)


def judge_counts(cell: Cell, theory: FiniteN, missing: Floats) -> Judged:
    """Joint T^2 of the mean counts by index."""
    expected = theory.by_index()
    counts = cell.dataset["points_by_index"].values[:, : len(expected)].astype(np.float64)
    most, side = cell.most_points, parity(cell)
    result = mean_counts_test(counts, expected, parity=side, missing=missing, most=most, levels=cell.levels)
    kept = usable_indices(expected, len(counts), side, levels=cell.levels)
    return with_power(result, counts[:, kept], expected[kept], "of all points lost")


def judge_energy_moments(cell: Cell, theory: FiniteN, missing: Floats) -> Reduction[Judged]:
    """Joint T^2 of the means and the spreads of the energy at all indices."""
    expected = theory.by_index()
    mean, spread = theory.energy_moments()
    kept = independent_indices(cell.n, is_odd(cell))
    kept = kept[kept < len(expected)]  # a census of low indices knows no more
    kept = kept[expected[kept] * cell.landscapes >= POINTS_PER_BIN]
    if not len(kept):
        return _not_testable("energies by index", cell, "too few points expected")

    known = len(expected)  # the function may travel to a worker, the cell should not
    # Points of an index that isn't known go to a last place, which isn't kept.
    centre, width = np.append(mean, 0.0), np.append(spread, 1.0)

    def residuals(batch: Batch) -> Floats:
        index = np.minimum(batch.columns["index"].astype(np.int64), known)
        score = (batch.columns["energy"] - centre[index]) / width[index]
        first = batch.per_landscape(index, known + 1, score)
        second = batch.per_landscape(index, known + 1, score**2 - 1)
        return np.concatenate([first[:, kept], second[:, kept]], axis=1)

    reach = np.concatenate([_FARTHEST * missing[kept], _FARTHEST**2 * missing[kept]])
    note = f"mean and spread at indices {', '.join(map(str, kept))}"
    direction = np.concatenate([expected[kept], np.zeros(len(kept))])
    if is_odd(cell):  # a middle index is its own mirror image: its mean can't move
        direction[: len(kept)] *= kept * 2 != cell.n - 1

    def judged(rows: Floats) -> Judged:
        result = hotelling("energies by index", rows, None, np.stack([-reach, reach]), note=note)
        return with_power(result, rows, direction, "sd: shift of all energies")

    return vectors(["index", "energy"], residuals, judged)


def _not_testable(name: str, cell: Cell, why: str) -> Reduction[Judged]:
    return settled(Judged(not_testable(name, cell.landscapes, why), None, ""))


def judge_energy_law(cell: Cell, theory: FiniteN, missing: Floats, *, minima: bool) -> Reduction[Judged]:
    """T^2 of the shares of points in energy bins that the exact law fills equally.

    All points of an odd landscape come in pairs of opposite energies: theirs are folded onto E <= 0.
    """
    name = f"energy law of {'minima' if minima else 'all points'}"
    folded = is_odd(cell) and not minima
    total = theory.by_index()[0] if minima else theory.total()
    independent = total * cell.landscapes / (2 if folded or parity(cell) > 0 else 1)
    bins = min(MOST_BINS, int(independent / POINTS_PER_BIN))
    if bins < 2:
        return _not_testable(name, cell, "too few points expected")
    edges, share, slope = _equal_bins(theory, bins, minima, folded)

    def residuals(batch: Batch) -> Floats:
        energy = -np.abs(batch.columns["energy"]) if folded else batch.columns["energy"]
        slot = bin_of(energy, edges)
        if minima:
            slot = np.where(batch.columns["index"] == 0, slot, bins)
        counts = batch.per_landscape(slot, bins + 1)[:, :bins].astype(np.float64)
        return (counts - share * counts.sum(axis=1, keepdims=True))[:, :-1]

    reach = np.full(bins - 1, missing[0] if minima else missing.sum())

    def judged(rows: Floats) -> Judged:
        result = hotelling(name, rows, None, np.stack([-reach, reach]), note=f"{bins} bins")
        return with_power(result, rows, total * slope[:-1], "sd: shift of all energies")

    return vectors(["index", "energy"], residuals, judged)


def _equal_bins(theory: FiniteN, bins: int, minima: bool, folded: bool) -> tuple[Floats, Floats, Floats]:
    """Edges of equally likely bins, the exact share of each, and its change if energies shift by one sd."""

    def below(energies: Floats) -> Floats:
        bounds = np.concatenate([[-np.inf], energies, [np.inf]])
        counts = theory.count_by_index(bounds)[0] if minima else theory.count_bins(bounds)
        return np.cumsum(counts)[:-1] / counts.sum()

    reach = 4 * np.sqrt(theory.covariance.x0)
    grid = np.linspace(-reach, 0.0 if folded else reach, 161)
    cumulative = below(grid)
    rising = np.concatenate([[True], np.diff(cumulative) > 1e-12])
    goal = np.arange(1, bins) / bins * (0.5 if folded else 1.0)
    inner = np.interp(goal, cumulative[rising], grid[rising])
    edges = np.concatenate([[-np.inf], inner, [0.0 if folded else np.inf]])
    centre = np.diff(cumulative)
    middle = (grid[1:] + grid[:-1]) / 2
    mean = np.sum(centre * middle) / centre.sum()
    sd = float(np.sqrt(np.sum(centre * (middle - mean) ** 2) / centre.sum()))
    factor, step = (2.0 if folded else 1.0), 0.01

    def shares(shift: float) -> Floats:
        at = below(inner - shift)
        return factor * np.diff(np.concatenate([[0.0], at, [1 / factor]]))

    share = shares(0.0)
    return edges, share, (shares(step * sd) - share) / step


def judge_spectrum(cell: Cell, index: int, law: CriticalPointSample, missing: float) -> Reduction[Judged]:
    """T^2 of mean features of the Hessian spectrum at points of one index against exact samples.

    Features: smallest and largest eigenvalue; with stored spectra also the gap above the smallest one, and
    the median.
    """
    name = f"Hessian spectra at index {index}"
    whole = "spectrum" in cell.dataset
    features = _features(law.hessian, whole)
    centre = law.weight @ features
    spread = np.sqrt(law.weight @ (features - centre) ** 2)
    if not np.all(spread > 0):
        return _not_testable(name, cell, "nothing varies")
    score = (features - centre) / spread
    sampled = (law.weight[:, None] ** 2 * score).T @ score

    def residuals(batch: Batch) -> Floats:
        chosen = batch.columns["index"] == index
        found = _features(batch.columns["spectrum"], True) if whole else _extremes(batch)
        values = np.where(chosen[:, None], (found - centre) / spread, 0.0)
        same = np.zeros(len(chosen), np.int64)
        return np.concatenate([batch.per_landscape(same, 1, column) for column in values.T], axis=1)

    points = float(cell.dataset["points_by_index"].values[:, index].mean())
    reach = np.full(len(centre), _FARTHEST * missing)
    used = "smallest, largest, gap, median" if whole and cell.n > 3 else "smallest and largest"
    reference = Reference(points**2 * sampled, law.effective_size - 1)

    def judged(rows: Floats) -> Judged:
        result = hotelling(name, rows, reference, np.stack([-reach, reach]), note=used)
        return with_power(result, rows, np.full(len(centre), points), "sd: shift of the features", reference)

    columns = ["index", "spectrum"] if whole else ["index", "lambda_min", "lambda_max"]
    return vectors(columns, residuals, judged)


def _features(spectra: Floats, whole: bool) -> Floats:
    """Smallest, largest eigenvalue, and for whole spectra of more than two: gap, median; (points, d)."""
    ends = [spectra[:, 0], spectra[:, -1]]
    if whole and spectra.shape[1] > 2:
        ends += [spectra[:, 1] - spectra[:, 0], np.median(spectra, axis=1)]
    return np.stack(ends, axis=1)


def _extremes(batch: Batch) -> Floats:
    return np.stack([batch.columns["lambda_min"], batch.columns["lambda_max"]], axis=1)


def judge_smallest_eigenvalue(
    cell: Cell, index: int, law: CriticalPointSample, missing: float
) -> Reduction[Judged]:
    """Kolmogorov-Smirnov test of the smallest Hessian eigenvalue against exact samples, by landscape."""
    order = np.argsort(law.hessian[:, 0])
    smallest, weight = law.hessian[order, 0], law.weight[order]
    cumulative = np.cumsum(weight)
    grid = np.interp(np.arange(1, GRID + 1) / (GRID + 1), cumulative, smallest)
    below = (smallest[:, None] <= grid).astype(np.float64)
    exact = weight @ below
    residue = below - exact
    sampled = (weight[:, None] ** 2 * residue).T @ residue

    def residuals(batch: Batch) -> Floats:
        slot = np.searchsorted(grid, batch.columns["lambda_min"], side="left")
        slot = np.where(batch.columns["index"] == index, slot, GRID + 1)
        counts = batch.per_landscape(slot, GRID + 2)[:, : GRID + 1].astype(np.float64)
        return np.cumsum(counts, axis=1)[:, :-1] - exact * counts.sum(axis=1, keepdims=True)

    points = float(cell.dataset["points_by_index"].values[:, index].mean())
    name = f"smallest eigenvalue at index {index}"
    return moments(
        ["index", "lambda_min"],
        residuals,
        lambda found: Judged(supremum_test(name, found, points**2 * sampled, missing), None, ""),
    )


def judge_coupling_variance(
    cell: Cell, sample: Callable[[int], CriticalPointSample], missing: Floats
) -> Reduction[Judged]:
    """The variance of the couplings, from the widths of all Hessians, against what the cell states."""
    return coupling_scale(cell, sample).then(lambda scale: _judge_scale(cell, scale, missing))


def _judge_scale(cell: Cell, scale: CouplingScale | None, missing: Floats) -> Judged:
    name = "coupling variance"
    if scale is None or cell.landscapes < FEWEST:
        return Judged(not_testable(name, cell.landscapes, f"needs {FEWEST} landscapes"), None, "")
    # Missed points enter a mean over all points; widths stay below twice their mean by far.
    found = float(cell.dataset["points_by_index"].values.sum(axis=1).mean())
    slack = 2 * missing.sum() / found
    away = abs(scale.ratio - 1)
    p_value, p_missing = scale.tail(away), scale.tail(max(0.0, away - slack))
    note = f"{scale.ratio:.4f} +- {scale.se:.4f} of the stated variance"
    result = TestResult(name, (away / scale.se) ** 2, 1, p_value, p_missing, cell.landscapes, note)
    return Judged(result, scale.detectable(), "of the couplings' variance")
