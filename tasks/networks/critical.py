"""Points that a search for critical ones ends at, from weights along a training run, and what they are.

Levenberg-Marquardt on |g|^2/2 with exact Hessians (`tasks.points.levenberg_marquardt`) stops where H g = 0.
That is a critical point if g = 0; otherwise g is in the kernel of H and the point is *gradient-flat* (C. G.
Frye et al., arXiv:2003.10397). With |H| the largest absolute eigenvalue and v = -H^+ g the Newton step over
all eigenvalues that aren't rounding, a point is called

* critical, if |g| <= ``tolerance``, |v| <= `NEAR` (1 + |w|), and the gradient at w + v is rounding, at most
  `ROUNDING` |H|. A gradient that fades on the way to infinity, where units saturate or classes are certain,
  passes the first and not the others: what is left of it is along eigenvalues that fade with it;
* gradient-flat, if it isn't that and |H g| <= ``flat`` |H| |g|;
* neither, otherwise: the search went out of steps, or ended at a kink of ReLU.

Index and nullity. Networks have continuous symmetries (rescaling of ReLU units, GL(k) of linear layers), so a
critical point has eigenvalues that are zero and never computed as zero. An eigenvalue counts as zero up to

    `ROUNDING` |H| weights + 2 |H(w + v) - H(w)|,

rounding, and by Weyl's inequality what the way to the zero of g does to any eigenvalue: w + v is nearer to it
by a square, and twice covers the rest. Of a point that isn't critical there is no such zero: eigenvalues are
those of the point itself, and rounding alone counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.networks.shapes import Net, unpack
from morsecensus.tasks.networks.surface import CostSurface
from morsecensus.tasks.networks.words import CRITICAL, GRADIENT_FLAT, NEITHER
from morsecensus.tasks.points.levenberg_marquardt import approach
from morsecensus.tasks.runtime.lazy_jax import jax, jnp

NEAR = 1e-6
"""Newton step over 1 + |w| of what is called critical."""
ROUNDING = 100 * float(np.finfo(np.float64).eps)
"""Of a gradient over |H|, of an eigenvalue over |H| and the number of weights, with room for what sums over
examples lose: measured are some 1e-15."""
PATIENCE = 8
"""Steps in vain with which a search ends: the last is damped 1e16 times as much."""

LOOKED = ("gradient_norm", "residual", "index")
"""What is kept of where a search began."""

Vector = Float[np.ndarray, " weights"]


@dataclass(frozen=True)
class Found:
    """What a point is, in the names of the columns."""

    loss: float
    gradient_norm: float
    residual: float
    step: float
    index: int
    nullity: int
    zero: float
    verdict: int
    spectrum: Vector


NAMES = tuple(Found.__dataclass_fields__)


def judged(surface: CostSurface, data: Any, weights: Vector, tolerance: float, flat: float) -> Found:
    """Say what a point is.

    Args:
        data: examples and their targets.
        tolerance, flat: see above.
    """
    jet = _jet(surface, data, weights)
    gradient, hessian = np.asarray(jet.gradient), np.asarray(jet.hessian)
    values, vectors = np.linalg.eigh(hessian)
    norm, size = np.linalg.norm(gradient), np.abs(values).max()
    zero = ROUNDING * size * len(values)
    sharp = np.abs(values) > zero
    step = -vectors[:, sharp] @ ((vectors[:, sharp].T @ gradient) / values[sharp])
    far = np.linalg.norm(step) / (1 + np.linalg.norm(weights))
    residual = np.linalg.norm(hessian @ gradient) / (size * norm) if size * norm > 0 else 0.0
    verdict = GRADIENT_FLAT if residual <= flat else NEITHER
    if norm <= tolerance and far <= NEAR:
        after = _jet(surface, data, weights + step)
        if np.linalg.norm(after.gradient) <= ROUNDING * size:
            verdict = CRITICAL
            zero += 2 * np.linalg.norm(np.asarray(after.hessian) - hessian)
    index, nullity = int((values < -zero).sum()), int((np.abs(values) <= zero).sum())
    scalars = (float(jet.value), float(norm), float(residual), float(far))
    return Found(*scalars, index, nullity, float(zero), verdict, values)


def _jet(surface: CostSurface, data: Any, weights: Vector) -> Any:
    return _compiled(surface, data, jnp.asarray(weights))


_compiled = jax.jit(lambda surface, data, weights: surface.jet(data, weights), static_argnums=0)


def sought(
    net: Net,
    looks: Float[np.ndarray, "looks weights"],
    examples: Float[np.ndarray, "examples width"],
    targets: Float[np.ndarray, "examples answers"],
    asked: Mapping[str, Any],
) -> dict[str, np.ndarray]:
    """Search from each look, one column a quantity.

    Args:
        asked: ``steps`` of a search, ``tolerance`` and ``flat``, see above.

    Returns:
        Columns with a row a look: of the look itself ``look_`` and `LOOKED`; of the end
        ``point_`` and `NAMES`, its ``point_kink`` and ``point_weights``.
    """
    surface, data = CostSurface(net), (jnp.asarray(examples, jnp.float64), jnp.asarray(targets, jnp.float64))
    limits = (asked["tolerance"], asked["flat"])
    ends = approach(surface, data, looks, asked["steps"], PATIENCE, together=1).points
    begun = [judged(surface, data, weights, *limits) for weights in looks]
    found = [judged(surface, data, weights, *limits) for weights in ends]
    columns = {f"point_{name}": np.array([getattr(one, name) for one in found]) for name in NAMES}
    return columns | {
        **{f"look_{name}": np.array([getattr(one, name) for one in begun]) for name in LOOKED},
        "point_kink": np.array([kink(net, weights, examples) for weights in ends]),
        "point_weights": ends,
    }


def kink(net: Net, weights: Vector, examples: Float[np.ndarray, "examples width"]) -> float:
    """Least absolute sum that a hidden unit gets from any example: 0 where ReLU has a kink. NaN of other
    activations, and of nets with batch norm or skips, in which sums aren't those of the layers alone."""
    if net.activation != "relu" or net.batchnorm or net.skip:
        return float("nan")
    h, least = examples, np.inf
    for matrix, offsets, _ in unpack(net, weights)[:-1]:
        sums = h @ matrix + offsets
        least = min(least, float(np.abs(sums).min()))
        h = np.maximum(sums, 0)
    return least


def unknown(looks: int, size: int) -> dict[str, np.ndarray]:
    """The same columns of a run that had no looks to search from."""
    columns = {f"point_{name}": np.full(looks, np.nan) for name in NAMES}
    columns |= {f"point_{name}": np.full(looks, -1) for name in ("index", "nullity", "verdict")}
    columns["point_kink"] = np.full(looks, np.nan)
    columns |= {name: np.full((looks, size), np.nan) for name in ("point_spectrum", "point_weights")}
    return columns | {f"look_{name}": columns[f"point_{name}"] for name in LOOKED}
