"""Directions of a landscape's residual that few landscapes carry, and an exact test of their frequency.

The critical points of a 2 x 2 x 2 tensor have N_1 - N_0 = 8 in 99 landscapes of 100, though N_0 and N_1 vary
in most. In 200 landscapes that direction may be constant; its mean then has no error that the sample knows,
and a sampled theory's own error says nothing of it. Such directions are found by leaving out the few
landscapes of the highest leverage: in what is left they don't vary at all.

What can be said of them needs a bound on the residual. If all landscapes but k have the value c there, the
exact mean is zero and none can be beyond -R, then the others have a share of at least q = |c| / (|c| + R),
and so few have the p-value P(Bin(L - 1, q) <= k); one landscape is spent on c.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, norm

from morsecensus.analysis.agreement.null_law import Reference
from morsecensus.analysis.dataset.batches import Floats

FEW = 10
"""A direction that fewer landscapes carry is rare; a quarter of them, if that is fewer. Arbitrary: the
bootstrap misses a direction of ten in exp(-10) of its draws."""
SINGULAR = 1e-9
"""Eigenvalues of a correlation matrix below this are rounding (measured: 1e-16 for a Morse sum)."""
NO_VARIANCE = 1e-12
"""Variance of a landscape's residual that is rounding; residuals are counts or in standard deviations."""
_SURE = np.linspace(0.0, 12.0, 49)


@dataclass(frozen=True, eq=False)
class Counted:
    """Residuals that are nonnegative numbers less their exact means, with a bound on the numbers' sum.

    Attributes:
        expected: exact means, shape (d,).
        most: of a landscape's sum; inf if unknown.
    """

    expected: Floats
    most: float


@dataclass(frozen=True, eq=False)
class RareDirections:
    """What few landscapes carry.

    Attributes:
        basis: shape (d, rare); orthogonal in units of the components' standard deviations.
        usual: residual of all landscapes but few along them, shape (rare,).
        carriers: landscapes that differ from it along it.
    """

    basis: Floats
    usual: Floats
    carriers: int

    @property
    def matter(self) -> bool:
        """Whether something varies here, or lies off its exact mean; a Morse sum does neither."""
        return self.carriers > 0 or bool(np.any(np.abs(self.usual) > 1e-6))


def split_directions(rows: Floats) -> tuple[Floats, RareDirections]:
    """Directions that many landscapes carry, shape (d, frequent), and the others.

    Args:
        rows: residuals, shape (L, d).
    """
    sd = rows.std(axis=0, ddof=1)
    scale = np.where(sd**2 > NO_VARIANCE, 1 / np.where(sd > 0, sd, 1.0), 0.0)
    unit = (rows - rows.mean(axis=0)) * scale
    frequent, few = np.eye(rows.shape[1]), min(FEW, len(rows) // 4)
    rest = np.ones(len(rows), dtype=bool)
    while frequent.shape[1]:
        rest = _without_leverage(unit @ frequent, few)
        values, vectors = np.linalg.eigh(_correlation(unit[rest] @ frequent))
        if values.min() > SINGULAR:
            break
        frequent = frequent @ vectors[:, values > SINGULAR]
    rare = _complement(frequent)
    # a component without any variance keeps its own unit
    basis = rare * np.where(scale > 0, scale, 1.0)[:, None]
    along = rows @ basis
    usual = np.median(along, axis=0)
    differ = np.any(np.abs(along - usual) > 1e-6, axis=1)
    return frequent * scale[:, None], RareDirections(basis, usual, int(differ.sum()))


def _without_leverage(values: Floats, few: int) -> np.ndarray:
    """All landscapes but the ``few`` - 1 that reach farthest, one after the other."""
    rest = np.ones(len(values), dtype=bool)
    for _ in range(few - 1):
        held = values[rest] - values[rest].mean(axis=0)
        size, vectors = np.linalg.eigh(held.T @ held)
        good = size > SINGULAR * len(held)
        if not good.any():
            break
        reach = np.sum((held @ (vectors[:, good] / np.sqrt(size[good]))) ** 2, axis=1)
        rest[np.flatnonzero(rest)[np.argmax(reach)]] = False
    return rest


def _correlation(values: Floats) -> Floats:
    centred = values - values.mean(axis=0)
    return centred.T @ centred / max(len(values) - 1, 1)


def _complement(basis: Floats) -> Floats:
    """Orthonormal directions orthogonal to the columns of an orthonormal basis."""
    whole, _, _ = np.linalg.svd(basis, full_matrices=True)
    return whole[:, basis.shape[1] :]


def rare_p_value(
    found: RareDirections,
    landscapes: int,
    counted: Counted | None,
    reference: Reference | None = None,
    missing: Floats | None = None,
) -> float | None:
    """Whether landscapes off the usual value are too few for the exact mean; None where no bound is known.

    Args:
        found: by `split_directions`.
        landscapes: L.
        counted: what bounds the residuals.
        reference: errors of a sampled theory.
        missing: how far the mean may be off because of points not found, shape (2, d), as for `hotelling`.
    """
    size = float(np.linalg.norm(found.usual))
    if counted is None or not np.isfinite(counted.most) or size < 1e-9:
        return None
    direction = found.basis @ (found.usual / size)
    # residuals reach from a least to a highest number of points; size > 0, so what balances it is below
    reach = direction @ counted.expected - min(0.0, float(direction.min())) * counted.most
    if missing is not None:
        size -= float(np.sum(np.maximum(-direction * missing[0], -direction * missing[1])))
    variance = 0.0 if reference is None else float(direction @ reference.covariance @ direction)
    error = np.sqrt(max(variance, 0.0))
    # how many of its errors the theory may be off: the best of these bounds holds, for c decides which it is
    sure = _SURE if error > 0 else np.zeros(1)
    slack = 2 * norm.sf(sure) if error > 0 else np.zeros(1)
    known = np.maximum(0.0, size - sure * error)
    share = known / (known + reach)
    return float(min(1.0, np.min(slack + binom.cdf(found.carriers, landscapes - 1, share))))
