"""What fraction of the critical points are minima, against the dimension of the manifold.

If the eigenvalues of a Hessian had independent signs the fraction would be 2^{-d}. They repel each other, so
for a random symmetric matrix without a shift it falls as exp(-(log 3 / 4) d^2) (D. S. Dean, S. N. Majumdar,
cond-mat/0609651). Neither is the law of a landscape: at low energy the radial derivative shifts all
eigenvalues together, and the fraction falls as exp(-N (Sigma - Sigma_0)), the difference of the complexities
of all points and of minima, (p-2)/p for the pure p-spin (A. Auffinger, G. Ben Arous, J. Cerny,
arXiv:1003.1129).

Low dimensions are exact: on a circle minima and maxima alternate, so the fraction is 1/2 in every landscape.
On a sphere minima + maxima - saddles = 2; where both are equally many on average, the fraction of the mean
numbers is 1/4 + 1/(2 E[total]).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.theory.goe.order import index_fractions
from morsecensus.analysis.topics.rows import freedom, head, score

FEWEST_DIMENSIONS = 3
"""A study shows the fraction if it has this many dimensions. Arbitrary: two points are no curve."""
MOST_SHIFTLESS = 6
"""Dimension up to which `zero_shift` is good: it is 1e-6 there, and accurate to 1e-10."""


@dataclass(frozen=True, eq=False)
class MinimaShare:
    """Families with cells whose points were counted, and every dimension among them.

    ``measured`` are those with points, also where theory knows no share.
    """

    families: tuple[FamilyResult, ...]
    measured: tuple[FamilyResult, ...] = ()

    @property
    def dimensions(self) -> list[int]:
        """Of cells whose share is known, increasing, without repetition."""
        cells = (cell for family in self.families for cell in family.cells if counted(cell))
        return sorted({dimension_of(cell) for cell in cells})

    @property
    def is_curve(self) -> bool:
        """Whether there are dimensions enough for a section of its own."""
        return len(self.dimensions) >= FEWEST_DIMENSIONS


def dimension_of(result: CellResult) -> int:
    """Of the manifold."""
    return result.cell.levels - 1


def find(families: Sequence[FamilyResult]) -> MinimaShare | None:
    """The families with points in theory or data; None below FEWEST_DIMENSIONS."""
    found = measured(families)
    return found if found.is_curve else None


def measured(families: Sequence[FamilyResult]) -> MinimaShare:
    """The same whatever the dimensions, and the families with points."""
    known = tuple(family for family in families if any(map(counted, family.cells)))
    return MinimaShare(known, tuple(f for f in families if any(result.cell.points for result in f.cells)))


def counted(result: CellResult) -> bool:
    """Whether its share is known, measured and in theory."""
    return result.cell.points > 0 and expected_share(result) is not None


def counts_of(result: CellResult) -> Floats:
    """Numbers of points by index, shape (landscapes, levels)."""
    return result.cell.dataset["points_by_index"].values.astype(np.float64)


def measured_share(counts: Floats) -> tuple[float, float]:
    """Mean number of minima over mean number of points, and its standard error (delta method), nan
    where one landscape has all points.

    Args:
        counts: by index, shape (landscapes, levels).
    """
    minima, total = counts[:, 0], counts.sum(axis=1)
    share = minima.sum() / total.sum()
    if np.count_nonzero(total) < 2:
        return float(share), float("nan")
    residual = minima - share * total
    error = np.sqrt(np.sum(residual**2) / (len(counts) - 1) / len(counts)) / total.mean()
    return float(share), float(error)


def expected_share(result: CellResult) -> tuple[float, float] | None:
    """The same in theory, with the error of sampled numbers (0 where exact)."""
    means = result.expected
    if means is None or means.by_index is None or not means.complete:
        return None
    numbers = means.by_index
    share = numbers[0] / numbers.sum()
    slope = (np.eye(len(numbers))[0] - share) / numbers.sum()
    covariance = means.by_index_covariance
    error = 0.0 if covariance is None else float(np.sqrt(max(slope @ covariance @ slope, 0.0)))
    return float(share), error


def independent_signs(dimension: int) -> float:
    """2^{-d}: all d eigenvalues positive if their signs were fair coins."""
    return 2.0**-dimension


def zero_shift(dimension: int) -> float:
    """Fraction of minima among critical points whose Hessian is a GOE matrix without a shift, that is, of
    energy zero in a pure model: E[|det M|; M > 0] / E|det M|, for dimensions up to MOST_SHIFTLESS."""
    return float(index_fractions(dimension).at(np.zeros(1))[0, 0])


def limiting_rate(family: FamilyResult) -> float | None:
    """-lim (1/spins) log of the fraction; None where unknown."""
    found = family.limits
    if found is None or found["complexity"] is None or found["complexity"].get("minima_total") is None:
        return None
    return float(found["complexity"]["total"] - found["complexity"]["minima_total"])


def share_rows(found: MinimaShare) -> list[Row]:
    """One row per cell."""
    rows = []
    for family in found.families:
        for result in filter(counted, family.cells):
            share, error = measured_share(counts_of(result))
            theory = expected_share(result)
            exact, exact_error = theory if theory is not None else (None, None)
            dimension = dimension_of(result)
            spread = float(np.hypot(error, exact_error or 0.0))
            coins = independent_signs(dimension)
            row = head(result.cell) | {"finder": family.finder, "dimension": dimension}
            row |= {"landscapes": result.cell.landscapes, "complete": float(result.counts["complete"])}
            row |= {"share": share, "share_se": error, "exact": exact, "exact_se": exact_error}
            row |= {"z": score(share, spread, exact, 1.0), "independent_signs": coins}
            row |= {"freedom": freedom(int(counts_of(result).any(axis=1).sum()), error, exact_error)}
            row |= {"z_independent_signs": score(share, spread, coins, 1.0)}
            row |= {"zero_shift": zero_shift(dimension) if dimension <= MOST_SHIFTLESS else None}
            rows.append(row | {"limiting_rate": limiting_rate(family)})
    return rows
