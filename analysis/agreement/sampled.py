"""The tests of one cell against `Means`, which may have been sampled: counts by index, numbers by energy.

The covariance of the sampled means adds to that of the landscapes' mean, see `analysis.agreement.residuals`.
Models with exact samples of their critical points have more tests: `analysis.agreement.exact`.
"""

import numpy as np

from morsecensus.analysis.agreement.exact import MOST_BINS, POINTS_PER_BIN, parity
from morsecensus.analysis.agreement.judged import Judged, with_power
from morsecensus.analysis.agreement.null_law import Reference
from morsecensus.analysis.agreement.rare import Counted
from morsecensus.analysis.agreement.residuals import hotelling, mean_counts_test, not_testable, usable_indices
from morsecensus.analysis.dataset.batches import Batch, Floats, bin_of
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import Reduction, settled, together, vectors
from morsecensus.analysis.estimates.counts import estimate_counts
from morsecensus.analysis.theory.means import Means


def judge_means(cell: Cell, means: Means, edges: Floats) -> Reduction[list[Judged]]:
    """Counts by index jointly, and numbers in bins of energy of minima and of all points; what is of all
    points where the finder looked for them."""
    missing = estimate_counts(cell)["missing"].values
    judged = []
    if means.by_index is not None:
        judged.append(settled(_judge_counts(cell, means, means.by_index, missing)))
    if means.binned is not None:
        judged.append(judge_energies(cell, means, edges, missing, minima=True))
    if cell.known.all():
        judged.append(judge_energies(cell, means, edges, missing, minima=False))
    return together(judged)


def _judge_counts(cell: Cell, means: Means, expected: Floats, missing: Floats) -> Judged:
    known = slice(cell.levels if cell.sought is None else cell.sought + 1)
    counts = cell.dataset["points_by_index"].values[:, known].astype(np.float64)
    covariance = means.by_index_covariance
    covariance = None if covariance is None else covariance[known, known]
    orbit, side = cell.symmetry.orbit, parity(cell)
    result = mean_counts_test(
        counts,
        expected := expected[known],
        parity=side,
        missing=missing[known],
        orbit=orbit,
        covariance=covariance,
        most=cell.most_points,
        levels=cell.levels,
    )
    kept = usable_indices(expected, len(counts), side, orbit, cell.levels)
    reference = None if covariance is None else Reference(covariance[np.ix_(kept, kept)])
    return with_power(result, counts[:, kept], expected[kept], "of all points lost", reference)


def judge_energies(
    cell: Cell, means: Means, edges: Floats, missing: Floats, *, minima: bool
) -> Reduction[Judged]:
    """T^2 of the mean numbers of points in energy bins, put together until each holds enough of them.

    Where half of a class is at -E, all points are folded onto E <= 0.
    """
    name = f"energies of {'minima' if minima else 'all points'}"
    expected = means.binned_all if not minima or means.binned is None else means.binned[0]
    covariance = means.minima_covariance if minima else means.all_covariance
    orbit, odd = cell.symmetry
    folded = odd and not minima
    join = _folding(len(expected)) if folded else np.eye(len(expected))
    classes = join @ expected * cell.landscapes / (orbit if folded or not odd else orbit // 2)
    join = _merging(classes) @ join
    bins = len(join)
    if bins < 2:
        return settled(Judged(not_testable(name, cell.landscapes, "too few points expected"), None, ""))
    held = len(expected)

    def residuals(batch: Batch) -> Floats:
        slot = bin_of(batch.columns["energy"], edges)
        if minima:
            slot = np.where(batch.columns["index"] == 0, slot, held)
        return batch.per_landscape(slot, held + 1)[:, :held] @ join.T - join @ expected

    box = np.stack([np.zeros(bins), np.full(bins, missing[0] if minima else missing.sum())])
    reference = None if covariance is None else Reference(join @ covariance @ join.T)
    counted = Counted(join @ expected, cell.most_points)

    def judged(rows: Floats) -> Judged:
        result = hotelling(name, rows, reference, box, counted, f"{bins} bins")
        return with_power(result, rows, join @ expected, "of all points lost", reference)

    return vectors(["index", "energy"], residuals, judged)


def _folding(bins: int) -> Floats:
    """Sum of each bin below 0 and its mirror image, shape (bins // 2, bins); edges are symmetric."""
    half = np.eye(bins)[: bins // 2]
    return half + half[:, ::-1]


def _merging(expected: Floats) -> Floats:
    """Neighbours put together until each group expects POINTS_PER_BIN, in MOST_BINS groups at most, shape
    (groups, bins)."""
    least = max(POINTS_PER_BIN, expected.sum() / MOST_BINS)
    groups, held = [np.zeros(len(expected))], 0.0
    for b, number in enumerate(expected):
        if held >= least:
            groups, held = [*groups, np.zeros(len(expected))], 0.0
        groups[-1][b] = 1.0
        held += number
    if held < least and len(groups) > 1:
        last = groups.pop()
        groups[-1] += last
    return np.array(groups)
