"""Critical points seen downwards: from H itself, or from -H, where maxima are the minima."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.classify import BATCH, CriticalPoints


@dataclass(frozen=True)
class View:
    """The critical points of sign*H, in the rows of the census that it was made from.

    Attributes:
        height: the extensive sign*H, shape (points,).
        index: Morse index as a critical point of sign*H.
        radius: within which the point is the only critical one, a distance in the ambient space.
        spectrum: of the Riemannian Hessian of sign*H, ascending.
    """

    landscape: Landscape
    couplings: Couplings
    sign: int
    points: Float[np.ndarray, "points ambient"]
    height: Float[np.ndarray, " points"]
    index: Int[np.ndarray, " points"]
    radius: Float[np.ndarray, " points"]
    spectrum: Float[np.ndarray, "points dimension"]

    def rows(self, index: int) -> Int[np.ndarray, " rows"]:
        """The points of this index."""
        return np.flatnonzero(self.index == index)


def view(landscape: Landscape, couplings: Couplings, points: CriticalPoints, sign: int) -> View:
    """H for sign 1, -H for sign -1."""
    ambient, dimension = landscape.manifold.ambient, landscape.manifold.dimension
    return View(
        landscape,
        couplings,
        sign,
        points.points,
        sign * points.energy * ambient,
        points.index if sign > 0 else dimension - points.index,
        points.uniqueness_radius * ambient**0.5,
        points.spectrum if sign > 0 else -points.spectrum[:, ::-1],
    )


@partial(jax.jit, static_argnames=("landscape",))
def _hessians(
    landscape: Landscape, couplings: Couplings, sign: float, points: Float[Array, "points ambient"]
) -> Float[Array, "points ambient ambient"]:
    """Riemannian Hessians of sign*H whose normal directions have eigenvalues above all others."""

    def one(x: Float[Array, " ambient"]) -> Float[Array, "ambient ambient"]:
        jet = landscape.jet(couplings, x)
        normal = sign * 2 * (jnp.linalg.norm(jet.hessian) + jnp.linalg.norm(jet.gradient))
        return sign * landscape.manifold.tangent_hessian(x, jet.gradient, jet.hessian, normal)

    return jax.vmap(one)(points)


def _eigen(seen: View, rows: Int[np.ndarray, " rows"]) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, ascending, and eigenvectors of `_hessians`."""
    ambient = seen.points.shape[1]
    matrices = [np.zeros((0, ambient, ambient))]
    for first in range(0, len(rows), BATCH):
        part = rows[first : first + BATCH]
        padded = np.concatenate([part, np.repeat(part[:1], BATCH - len(part))])
        batch = _hessians(seen.landscape, seen.couplings, float(seen.sign), seen.points[padded])
        matrices.append(np.asarray(batch)[: len(part)])
    return np.linalg.eigh(np.concatenate(matrices))


def unstable_frames(
    seen: View, rows: Int[np.ndarray, " rows"], index: int
) -> Float[np.ndarray, "rows ambient index"]:
    """Orthonormal unstable directions of points of this index, the strongest first.

    Their signs are arbitrary; the largest component is made positive, so that they don't depend on the
    batch.
    """
    frame = _eigen(seen, rows)[1][:, :, :index]
    largest = np.take_along_axis(frame, np.abs(frame).argmax(axis=1)[:, None, :], axis=1)
    return frame * np.sign(largest)


def hessian_roots(seen: View, rows: Int[np.ndarray, " rows"]) -> Float[np.ndarray, "rows ambient ambient"]:
    """Symmetric square roots of |Riemannian Hessian|, which is large in the normal directions."""
    values, vectors = _eigen(seen, rows)
    return np.einsum("rak,rk,rbk->rab", vectors, np.sqrt(np.abs(values)), vectors)
