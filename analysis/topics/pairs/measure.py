"""Geometry between the critical points of a study: overlaps and variances of counts, measured and exact.

A study that stores positions asks for it. Exact numbers are sampled (`analysis.theory.two_point.pairs`), with
a bounded number of draws for the whole study, and up to `MOST_N`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.agreement.residuals import TestResult
from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page.rounding import MINUS
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT, FiniteN
from morsecensus.analysis.theory.two_point.kinds import Kind
from morsecensus.analysis.theory.two_point.pairs import BINS, PairCounts, count_pairs
from morsecensus.analysis.topics.pairs.overlaps import (
    Overlaps,
    exact_pairs,
    measure_overlaps,
    overlap_test,
    uniform_pairs,
)
from morsecensus.analysis.topics.pairs.variances import (
    count_kinds,
    counts_of,
    poisson_variances,
    sample_variance,
    variance_test,
)
from morsecensus.analysis.topics.rows import head, score

MOST_N = 10
"""Of exact numbers: the relative error of a variance grows with N, at N = 10 to some percent with `DRAWS`."""
DRAWS = 100_000
"""Of one cell: about 5 s at N = 4 and 10 s at N = 8 on one core."""
STUDY_DRAWS = 400_000
"""Of all cells of a study together: well below a minute."""
FEWEST = 20
"""Landscapes of a cell. Arbitrary: a variance of fewer says nothing."""
ALL, MINIMA = Kind("all points"), Kind("minima", 0)
EDGES = np.linspace(-1, 1, BINS + 1)


@dataclass(frozen=True, eq=False)
class CellPairs:
    """One cell: what was measured, and the exact numbers of its (xi, N), None above `MOST_N`."""

    result: CellResult
    overlaps: Overlaps
    theory: PairCounts | None

    @property
    def cell(self) -> Cell:
        """Of the study."""
        return self.result.cell

    @property
    def complete(self) -> bool:
        """Whether every landscape is: only then do a variance and a number of pairs have no bias."""
        return float(self.result.counts["complete"]) == 1.0

    @property
    def parity(self) -> int:
        """What x -> -x does to H: -1, +1 or 0."""
        covariance = self.cell.theory.isotropic
        return 0 if covariance is None else -1 if covariance.is_odd else int(covariance.is_even)


@dataclass(frozen=True, eq=False)
class FamilyPairs:
    """The cells of one model, by N."""

    title: str
    cells: tuple[CellPairs, ...]


def find_pairs(families: Sequence[FamilyResult]) -> list[FamilyPairs]:
    """Measure every family with stored positions of a model with two-point theory; empty if there is none."""
    chosen = [(family, [cell for cell in family.cells if _usable(cell)]) for family in families]
    wanted = {(str(r.cell.theory.isotropic), r.n) for _, cells in chosen for r in cells if r.n <= MOST_N}
    draws = min(DRAWS, STUDY_DRAWS // max(1, len(wanted)))
    known: dict[tuple[str, int], PairCounts] = {}
    found = []
    for family, results in chosen:
        if results:
            cells = tuple(_measure(result, draws, known) for result in results)
            found.append(FamilyPairs(family.title, cells))
    return found


def _usable(result: CellResult) -> bool:
    cell = result.cell
    covariance = cell.theory.isotropic
    simple = covariance is None or (covariance.is_pure and covariance.degree == 2)
    known = not simple and cell.n <= EXACT_INDEX_LIMIT
    return "position" in cell.dataset and known and cell.points > 0 and cell.landscapes >= FEWEST


def _measure(result: CellResult, draws: int, known: dict[tuple[str, int], PairCounts]) -> CellPairs:
    theory, cell = result.cell.theory.exact(result.n), result.cell
    if theory is None:
        raise ValueError(f"{cell.name}: got the model {cell.family[0]!r}, allowed: isotropic ones")
    low = low_minima(theory)
    overlaps = measure_overlaps(cell, [(kind, kind) for kind in (ALL, MINIMA, low)], EDGES)
    key = (str(cell.theory.isotropic), cell.n)
    if cell.n <= MOST_N and key not in known:
        kinds = (ALL, *count_kinds(cell.n)[1:], MINIMA, low)
        known[key] = count_pairs(theory, kinds, EDGES, draws)
    return CellPairs(result, overlaps, known.get(key))


def low_minima(theory: FiniteN) -> Kind:
    """The lower half of the minima, by the exact law of their energy, to two decimals."""
    centre, spread = theory.minima_energy()
    grid = np.linspace(centre - 4 * spread, centre + 4 * spread, 161)
    below = np.cumsum(theory.count_by_index(np.concatenate([[-np.inf], grid]))[0])
    middle = round(float(np.interp(below[-1] / 2, below, grid)), 2)
    return Kind(f"minima below {middle:.2f}".replace("-", MINUS), 0, -np.inf, middle)


def overlap_tests(found: CellPairs, pair: int) -> tuple[TestResult | None, TestResult]:
    """Against the exact law (None where unknown), and against the uniform law with as many pairs: a negative
    control."""
    kinds, name = found.overlaps.kinds[pair], f"overlaps of {found.overlaps.kinds[pair][0].name}"
    uniform = uniform_pairs(found.overlaps, pair, found.cell.n)
    control = overlap_test(f"{name}, uniform", found.overlaps, pair, uniform)
    if found.theory is None:
        return None, control
    return overlap_test(name, found.overlaps, pair, *exact_pairs(found.theory, kinds)), control


def overlap_rows(found: CellPairs) -> list[Row]:
    """One row for each pair of kinds and overlap bin."""
    rows = []
    for pair, kinds in enumerate(found.overlaps.kinds):
        moments = found.overlaps.moments[pair]
        exact = None if found.theory is None else exact_pairs(found.theory, kinds)
        uniform = uniform_pairs(found.overlaps, pair, found.cell.n)
        for place in range(len(EDGES) - 1):
            rows.append(
                head(found.cell)
                | {
                    "kind": kinds[0].name,
                    "low": EDGES[place],
                    "high": EDGES[place + 1],
                    "pairs": moments.mean[place],
                    "se": moments.standard_error[place],
                    "exact": None if exact is None else exact[0][place],
                    "exact_se": None if exact is None else exact[1][place],
                    "uniform": uniform[place],
                }
            )
    return rows


def tested_rows(found: CellPairs) -> list[Row]:
    """One row for each pair of kinds: numbers of pairs, antipodes, and the tests."""
    rows = []
    for pair, kinds in enumerate(found.overlaps.kinds):
        test, control = overlap_tests(found, pair)
        row = head(found.cell) | {"kind": kinds[0].name, "landscapes": found.cell.landscapes}
        row |= {"complete": found.complete, **_sum(found.overlaps, pair)}
        exact, error = (None, None) if found.theory is None else exact_pairs(found.theory, kinds)
        row |= {"exact": None if exact is None else exact.sum()}
        row |= {"exact_se": None if error is None else np.sqrt(np.sum(error**2))}
        row |= {"antipodes": found.overlaps.antipodes.mean[pair]}
        row |= {
            "statistic": None if test is None else test.statistic,
            "dof": None if test is None else test.dof,
        }
        row |= {"p_value": None if test is None else test.p_value, "p_value_uniform": control.p_value}
        rows.append(row)
    return rows


def _sum(overlaps: Overlaps, pair: int) -> Row:
    moments = overlaps.moments[pair]
    error = np.sqrt(max(moments.covariance.sum(), 0.0) / moments.count)
    return {"pairs": moments.mean.sum(), "se": error}


def variance_rows(found: CellPairs) -> list[Row]:
    """Variance of the numbers of all points and of each index: one row each."""
    cell, kinds = found.cell, count_kinds(found.cell.n)
    mean = counts_of(cell).mean(axis=0)
    variance, error = sample_variance(counts_of(cell))
    exact_mean, exact, exact_se = exact_variances(found) or (None,) * 3
    rows = []
    for place, kind in enumerate(kinds):
        row = head(cell) | {"kind": kind.name, "landscapes": cell.landscapes, "complete": found.complete}
        row |= {"mean": mean[place], "variance": variance[place], "se": error[place]}
        if exact is None or exact_se is None or exact_mean is None:
            rows.append(row | dict.fromkeys(("exact_mean", "exact", "exact_se", "relative", "z")))
            continue
        total = np.hypot(error[place], exact_se[place])
        row |= {"exact_mean": exact_mean[place], "exact": exact[place], "exact_se": exact_se[place]}
        row |= {"relative": exact[place] / exact_mean[place] ** 2}
        rows.append(row | {"z": score(variance[place], total, exact[place])})
    return rows


def exact_variances(found: CellPairs) -> tuple[Floats, Floats, Floats] | None:
    """Exact means, variances and their errors, in the order of `count_kinds`; None where unknown."""
    if found.theory is None:
        return None
    kept = slice(0, 1 + found.cell.n)
    return found.theory.means[kept], *(part[kept] for part in found.theory.variance())  # pyright: ignore


def variance_tests(found: CellPairs) -> tuple[TestResult, TestResult] | None:
    """Against the exact variances, and against those of independent points: a negative control."""
    exact = exact_variances(found)
    if exact is None:
        return None
    means, variances, errors = exact
    wrong = poisson_variances(count_kinds(found.cell.n), means, found.cell.n, found.parity)
    return variance_test(found.cell, means, variances, errors), variance_test(found.cell, means, wrong)
