"""Do closed books agree with exact Kac-Rice, and would they have noticed a wrong theory?

    PYTHONPATH=tests python -m benchmarks.ground_truth STORE > docs/ground-truth.md

STORE holds `examples/enumerated.toml`, run. Everything printed is computed here from its dataset.
"""

import sys
from collections.abc import Iterator

import numpy as np

from benchmarks.validation import family_name, show, table
from morsecensus.analysis.agreement.exact import judge_energy_moments, parity
from morsecensus.analysis.agreement.residuals import TestResult, holm, mean_counts_test
from morsecensus.analysis.dataset.cells import Cell, open_study
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.counts import estimate_counts
from morsecensus.analysis.estimates.paths import PathSummary, summarise_paths
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.limits.thresholds import dominant_threshold
from oracles.controls import wrong_shift

HEAD = """# Ground truth against exact theory

Written by `PYTHONPATH=tests python -m benchmarks.ground_truth STORE` from a run of
`examples/enumerated.toml`: every complex critical point followed by homotopy, every real one certified in
ball arithmetic, every landscape counted.
"""

TESTS = """## Mean numbers by index, and wrong theories

p-values of Hotelling's T^2 over landscapes. *Counts* and *energies* (mean and spread at each index) are held
against exact Kac-Rice at the same N and should be uniform between 0 and 1. The two wrong theories go through
the test of the counts: *floor*, as if -E_inf were the ground state, so that nothing lies below it (nor above
E_inf); *shift*, Hessians shifted by -(p-1)u in place of -pu at energy u, which moves points to other indices.
"""


def counts_of(cell: Cell) -> np.ndarray:
    return cell.dataset["points_by_index"].values.astype(float)


def books(cells: list[tuple[Cell, FiniteN, PathSummary]]) -> Iterator[str]:
    rows = []
    for cell, theory, paths in cells:
        counts = estimate_counts(cell)
        rows.append(
            [
                family_name(cell),
                str(cell.n),
                str(cell.landscapes),
                f"{100 * float(counts['complete']):.1f}%",
                f"{paths.paths:,}",
                f"{paths.distinct:,}",
                str(paths.retries),
                f"{paths.certified:,} of {paths.points:,}",
                f"{float(counts['total']):.2f} +- {float(counts['total_se']):.2f}",
                f"{theory.total():.2f}",
            ]
        )
    header = ["landscape", "N", "landscapes", "closed", "paths", "distinct", "followed again"]
    yield from table([*header, "certified", "points, mean", "exact"], rows)


def floor_test(cell: Cell, theory: FiniteN) -> TestResult:
    """The counts against a theory in which no critical point lies beyond E_inf."""
    edge = abs(dominant_threshold(theory.covariance))
    inside = theory.count_by_index([-edge, edge])[:, 0]
    return mean_counts_test(counts_of(cell), inside, parity=parity(cell))


def shift_test(cell: Cell, theory: FiniteN) -> TestResult:
    return mean_counts_test(counts_of(wrong_shift(cell)), theory.by_index(), parity=parity(cell))


def tests(cells: list[tuple[Cell, FiniteN, PathSummary]]) -> Iterator[str]:
    rows, honest = [], []
    for cell, theory, _ in cells:
        right = [
            mean_counts_test(counts_of(cell), theory.by_index(), parity=parity(cell)),
            judge_energy_moments(cell, theory, np.zeros(cell.landscapes)).result,
        ]
        honest += right
        pure = theory.covariance.is_pure
        wrong = [floor_test(cell, theory), shift_test(cell, theory)] if pure else []
        values = [show(test.p_value) for test in (*right, *wrong)]
        rows.append([family_name(cell), str(cell.n), *values, *["-"] * (4 - len(values))])
    yield from table(["landscape", "N", "counts", "energies", "floor", "shift"], rows)
    known = [test.p_value for test in honest if test.p_value is not None]
    least = min(p for p in holm(known) if p is not None)
    yield f"Of {len(known)} tests of the right theory the smallest p-value after Holm is {least:.2g}."


def main(store: str) -> None:
    cells = []
    for cell in open_study(store).cells:
        theory, paths = cell.theory.resolved(cell.n), scan(cell.dataset, summarise_paths(cell))
        if theory is not None and paths is not None:
            cells.append((cell, theory, paths))
    print("\n".join([HEAD, *books(cells), TESTS, *tests(cells)]))


if __name__ == "__main__":
    main(sys.argv[1])
