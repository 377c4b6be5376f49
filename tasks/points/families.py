"""Minima of networks up to relabelling: which ends of descents are one, and what that one is.

Exchanging students, or teachers that are unit vectors together with the coordinates, changes nothing. So ends
of descents are one family if what doesn't depend on labels agrees: the loss and the sorted weights. Ends at
loss 0 are one family whatever their weights, for with students to spare they are a continuum.
"""

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Jet, Landscape

ZERO = 1e-10
"""Losses below are 0: those of other minima are above 1e-3 (k = 7 and 9), and a loss only falls."""
SAME_LOSS, SAME_WEIGHT = 1e-9, 1e-5
"""How far two ends of one family may be apart: a gradient of 1e-10 leaves weights off by 1e-10 over the
smallest curvature."""
FLAT = 1e-7
"""Eigenvalues below are zero: round-off leaves 1e-15, and the softest minima have 1e-3 (measured)."""
POLISHING_STEPS = 3


@dataclass(frozen=True)
class Family:
    """Ends of descents that are one up to relabelling.

    Attributes:
        loss: of the polished representative.
        members: numbers of the descents that ended there.
        spectrum: of the Hessian, ascending.
        blocks: numbers of teachers that may be exchanged with each other, descending: (k - 1, 1) is one
            teacher apart from all others. Of the representative, if there is a continuum.
        doubled: for each student, index and nullity of the point that has it twice, with half of its weights
            each (`doubled`).
        residual: norm of the gradient.
        point: the representative.
    """

    loss: float
    members: Int[np.ndarray, " members"]
    spectrum: Float[np.ndarray, " ambient"]
    blocks: tuple[int, ...]
    doubled: tuple[tuple[int, int], ...]
    residual: float
    point: Float[np.ndarray, " ambient"]

    def renumbered(self, numbers: Int[np.ndarray, " ends"]) -> "Family":
        """With other numbers for the descents."""
        return replace(self, members=numbers[self.members])

    @property
    def runs(self) -> int:
        return len(self.members)

    @property
    def index(self) -> int:
        return _index(self.spectrum)

    @property
    def nullity(self) -> int:
        return _nullity(self.spectrum)


def find_families(
    landscape: Landscape, couplings: Couplings, ends: Float[np.ndarray, "ends ambient"], width: int
) -> list[Family]:
    """The families of these ends, lowest loss first.

    Args:
        width: weights of one student.
    """
    if not len(ends):
        return []
    losses = np.asarray(_losses(landscape, couplings, ends))
    labels = merge(losses, ends)
    found = []
    for label in range(int(labels.max()) + 1):
        mine = np.flatnonzero(labels == label)
        polished = _polished(landscape, couplings, ends[mine[0]])
        point, loss, hessian, residual = (np.asarray(part) for part in polished)
        spectrum, blocks = np.linalg.eigvalsh(hessian), exchangeable(point.reshape(-1, width))
        twice = doubled(hessian, spectrum, width)
        found.append(Family(float(loss), mine, spectrum, blocks, twice, float(residual), point))
    return sorted(found, key=lambda family: family.loss)


def _index(spectrum: Float[np.ndarray, " eigenvalues"]) -> int:
    return int((spectrum < -FLAT).sum())


def _nullity(spectrum: Float[np.ndarray, " eigenvalues"]) -> int:
    return int((np.abs(spectrum) <= FLAT).sum())


def doubled(
    hessian: Float[np.ndarray, "ambient ambient"], spectrum: Float[np.ndarray, " ambient"], width: int
) -> tuple[tuple[int, int], ...]:
    """Index and nullity after doubling each student, w -> (a w, (1 - a) w), of a network with ReLU's scaling.

    The loss is constant along a, the point stays critical, and on (d, -d) the Hessian is B/(a (1 - a)) with B
    the student's own block less 1/2, that of its overlap with itself; on common motion it is what it was.
    So it doesn't depend on a, and a minimum with a negative eigenvalue of some B is a saddle of the network
    with one student more.
    """
    found = []
    for first in range(0, len(hessian), width):
        own = hessian[first : first + width, first : first + width] - 0.5 * np.eye(width)
        values = np.linalg.eigvalsh(own)
        found.append((_index(spectrum) + _index(values), _nullity(spectrum) + _nullity(values)))
    return tuple(found)


def merge(
    losses: Float[np.ndarray, " ends"], ends: Float[np.ndarray, "ends ambient"]
) -> Int[np.ndarray, " ends"]:
    """Labels 0, 1, ... of ends, equal for one family; by invariants alone."""
    weights = np.sort(ends, axis=1)
    labels = np.full(len(ends), -1)
    firsts: list[int] = []
    for row in np.argsort(losses, kind="stable"):
        for label, first in enumerate(firsts):
            both = max(losses[row], losses[first]) <= ZERO
            near = abs(losses[row] - losses[first]) <= SAME_LOSS
            if both or (near and np.abs(weights[row] - weights[first]).max() <= SAME_WEIGHT):
                labels[row] = label
                break
        else:
            labels[row] = len(firsts)
            firsts.append(int(row))
    return labels


def exchangeable(weights: Float[np.ndarray, "students teachers"]) -> tuple[int, ...]:
    """Sizes of the groups of coordinates that may be exchanged, up to the order of students, descending."""
    left, sizes = list(range(weights.shape[1])), []
    while left:
        group = [j for j in left if _exchanges(weights, left[0], j)]
        left = [j for j in left if j not in group]
        sizes.append(len(group))
    return tuple(sorted(sizes, reverse=True))


def _exchanges(weights: Float[np.ndarray, "students teachers"], i: int, j: int) -> bool:
    """Whether exchanging two columns only permutes the rows."""
    swapped = weights.copy()
    swapped[:, [i, j]] = weights[:, [j, i]]
    apart = np.abs(swapped[:, None] - weights[None]).max(axis=2) <= SAME_WEIGHT
    return bool(apart.any(axis=1).all() and apart.any(axis=0).all())


@partial(jax.jit, static_argnames=("landscape",))
def _losses(
    landscape: Landscape, couplings: Couplings, ends: Float[Array, "ends ambient"]
) -> Float[Array, " ends"]:
    return jax.lax.map(lambda x: landscape.value(couplings, x), ends)


@partial(jax.jit, static_argnames=("landscape",))
def _polished(
    landscape: Landscape, couplings: Couplings, x: Float[Array, " ambient"]
) -> tuple[Array, Array, Array, Array]:
    """Newton across what is flat: the point, its loss, the Hessian and the gradient's norm."""
    jet = landscape.jet(couplings, x)
    for _ in range(POLISHING_STEPS):
        values, vectors = jnp.linalg.eigh(jet.hessian)
        flat = jnp.abs(values) <= FLAT
        step = vectors @ jnp.where(flat, 0.0, (vectors.T @ jet.gradient) / jnp.where(flat, 1.0, values))
        there = landscape.jet(couplings, x - step)
        # On a continuum of minima curvatures go to zero, and Newton goes anywhere: stay.
        better = jnp.linalg.norm(there.gradient) < jnp.linalg.norm(jet.gradient)
        x = jnp.where(better, x - step, x)
        jet = Jet(*(jnp.where(better, new, old) for new, old in zip(there, jet, strict=True)))
    return x, jet.value, jet.hessian, jnp.linalg.norm(jet.gradient)
