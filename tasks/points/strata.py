"""Morse sums on the strata that a permutation symmetry makes: one check for each partition of the units.

On the stratum of a partition into b blocks H is a function on a product of b spheres, whose critical points
are those of H that lie there (`tasks.geometry.permutations`). The sum of (-1)^index over them, index that of
the restricted function, is the Euler characteristic of that product. The finest partition is the plain sum.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from morsecensus.tasks.geometry.permutations import Permutations, arrangements, partitions
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.classify import CriticalPoints
from morsecensus.tasks.points.ledger import StratumSum


def stratum_sums(landscape: Landscape, couplings: Couplings, found: CriticalPoints) -> tuple[StratumSum, ...]:
    """The sums of all strata, the coarsest first; none where no units are exchanged.

    Args:
        found: one point of each class. Degenerate ones, which have no index, are left out.
    """
    symmetry = landscape.symmetry
    if not isinstance(symmetry, Permutations):
        return ()
    found = found.take(np.flatnonzero(found.degenerate == 0))
    blocks = symmetry.blocks(found.points, found.uniqueness_radius)
    hessians = _hessians(landscape, couplings, found.points)
    chi = 2 if symmetry.size_of_one % 2 else 0
    sums = []
    for sizes in partitions(symmetry.units):
        total = 0
        for labels, index, hessian in zip(blocks, found.index, hessians, strict=True):
            for image in arrangements(sizes, tuple(labels.tolist())):
                within = int(index) if len(image) == len(labels) else _index(hessian, labels, sizes, image)
                total += (-1) ** within
        sums.append(StratumSum(sizes, total, chi ** len(sizes)))
    return tuple(sums)


def _index(hessian: np.ndarray, labels: np.ndarray, sizes: tuple[int, ...], image: tuple[int, ...]) -> int:
    """Negative eigenvalues where units of a block move together: by Sylvester's law of inertia those of a sum
    over blocks of the Hessian's own blocks.

    Args:
        hessian: of the point, shape (units, units, n, n), positive on normals.
        image: for each block of the stratum a label of the point; a label may fill several blocks.
    """
    left = {label: list(np.flatnonzero(labels == label)) for label in set(image)}
    units = [[left[label].pop() for _ in range(size)] for size, label in zip(sizes, image, strict=True)]
    n = hessian.shape[-1]
    rows = [[hessian[np.ix_(a, b)].sum(axis=(0, 1)) for b in units] for a in units]
    matrix = np.array(rows).transpose(0, 2, 1, 3).reshape(len(units) * n, -1)
    return int((np.linalg.eigvalsh(matrix) < 0).sum())


def _hessians(
    landscape: Landscape, couplings: Couplings, points: Float[np.ndarray, "points ambient"]
) -> np.ndarray:
    """Riemannian Hessians, positive on normals, shape (points, units, units, n, n)."""
    symmetry = landscape.symmetry
    assert isinstance(symmetry, Permutations)
    shape = (symmetry.units, symmetry.size_of_one)
    matrices = [np.asarray(_one_hessian(landscape, couplings, x)).reshape(*shape, *shape) for x in points]
    return np.array(matrices).reshape(-1, *shape, *shape).transpose(0, 1, 3, 2, 4)


@partial(jax.jit, static_argnames=("landscape",))
def _one_hessian(
    landscape: Landscape, couplings: Couplings, x: Float[Array, " ambient"]
) -> Float[Array, "ambient ambient"]:
    jet = landscape.jet(couplings, x)
    normal = 2 * (jnp.linalg.norm(jet.hessian) + jnp.linalg.norm(jet.gradient))
    return landscape.manifold.tangent_hessian(x, jet.gradient, jet.hessian, normal)
