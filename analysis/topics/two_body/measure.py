"""The two-body model as a control: a landscape whose critical points are known one by one.

For xi = c q^2 the landscape is a quadratic form: its critical points are the eigenvectors of the coupling
matrix, both signs, so 2N in every draw, two of each index. The couplings in the units of
`analysis.theory.goe.density` are a GOE matrix, and the energy of index k is sqrt(c/N) times its eigenvalue
number k: the exact energy moments by index of `FiniteN` are those of the ordered eigenvalues. Beside them
stands a model of degree 3 or more, with exponentially many points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.estimates.counts import COMPLETE
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.topics.rows import head, score
from morsecensus.tasks.covariance import Covariance

TRACY_WIDOM_MEAN = -1.2065335745820
"""Mean of the Tracy-Widom law for beta = 1; a test computes it from the Fredholm determinant of P. L. Ferrari
and H. Spohn (arXiv:math-ph/0505012)."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two-body families of a study, and the families of degree 3 or more beside them."""

    simple: tuple[FamilyResult, ...]
    complex: tuple[FamilyResult, ...]

    @property
    def families(self) -> tuple[FamilyResult, ...]:
        """All of them, the simple ones first."""
        return self.simple + self.complex


def is_two_body(covariance: Covariance | None) -> bool:
    """Whether this is c q^2 without a field."""
    return covariance is not None and covariance.is_pure and covariance.degree == 2


def find_comparison(families: Sequence[FamilyResult]) -> Comparison | None:
    """The two-body families of a study and those with exponentially many points; None unless it has both."""
    covariances = [family.cells[0].cell.theory.isotropic for family in families]
    simple = [f for f, c in zip(families, covariances, strict=True) if is_two_body(c)]
    rich = [
        f
        for f, c in zip(families, covariances, strict=True)
        if c is not None and c.degree > 2 and c.x2 > c.x1
    ]
    return Comparison(tuple(simple), tuple(rich)) if simple and rich else None


def ordered_energies(covariance: Covariance, n: int) -> tuple[Floats, Floats]:
    """Exact mean and standard deviation of each energy of a two-body landscape, lowest first, shape (n,).

    Raises:
        ValueError: the covariance isn't c q^2, or n is above
        `analysis.theory.kac_rice.finite_n.EXACT_INDEX_LIMIT`.
    """
    if not is_two_body(covariance):
        raise ValueError(
            f"ordered energies: got xi = {covariance}; allowed is c*q^2; its points alone are eigenvectors"
        )
    return FiniteN(covariance, n).energy_moments()


def edge_energy(covariance: Covariance, n: int) -> float:
    """Mean of the lowest energy by the Tracy-Widom law, -sqrt(c) (sqrt 2 - 1.2065/(sqrt 2 n^(2/3)))."""
    return -sqrt(covariance.x0) * (sqrt(2) + TRACY_WIDOM_MEAN / sqrt(2) / n ** (2 / 3))


def two_of_each(result: CellResult) -> tuple[int, int]:
    """Landscapes in which exactly two points of every index were found, and others that are not complete,
    whose missing points may be why."""
    data = result.cell.dataset
    right = np.all(data["points_by_index"].values == 2, axis=1)
    return int(np.sum(right)), int(np.sum(~right & (data["status"].values != COMPLETE)))


def comparison_rows(comparison: Comparison) -> list[Row]:
    """One row per cell: numbers of points, their rate of growth, energies of minima, and the books."""
    return [_row(family, result) for family in comparison.families for result in family.cells]


def _row(family: FamilyResult, result: CellResult) -> Row:
    covariance, counts, energies = result.cell.theory.isotropic, result.counts, result.energies
    assert covariance is not None  # `find_comparison` keeps none without
    simple, limits = is_two_body(covariance), family.limits
    exact = None if result.energy_mean is None else float(result.energy_mean[0])
    mean, se = float(energies["mean"][0]), float(energies["mean_se"][0])
    total = float(counts["total"])
    row = head(result.cell) | {"finder": result.cell.finder_name, "landscapes": result.cell.landscapes}
    right, excused = two_of_each(result) if simple else (None, None)
    row |= {"complete": float(counts["complete"]), "two_of_each": right, "excused": excused}
    row |= {"total": total, "total_se": float(counts["total_se"]), "exact_total": result.total}
    row |= {"rate": float(np.log(total) / result.n) if total > 0 else None}
    row["limiting_rate"] = None if limits is None else limits["complexity"]["total"]
    row |= {"minimum_energy": mean, "minimum_energy_se": se, "exact_minimum_energy": exact}
    row["z"] = score(mean, se, exact)
    row["edge"] = edge_energy(covariance, result.n) if simple else None
    row["limiting_energy"] = family.floor if not simple else -sqrt(2 * covariance.x0)
    return row
