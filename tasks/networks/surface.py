"""The cost of a network over fixed examples as a smooth function on R^weights, with exact Hessians."""

from dataclasses import dataclass
from typing import Any

from jaxtyping import Float

from morsecensus.tasks.geometry.manifolds import Euclidean
from morsecensus.tasks.landscapes.base import Jet
from morsecensus.tasks.networks.forward import cost
from morsecensus.tasks.networks.shapes import Net
from morsecensus.tasks.runtime.lazy_jax import Array, jax


@dataclass(frozen=True)
class CostSurface:
    """What `tasks.points.levenberg_marquardt` walks on; couplings are the examples and their targets. With
    ReLU it is smooth but for kinks, and derivatives are those of the side that a point is on."""

    net: Net

    @property
    def manifold(self) -> Euclidean:
        return Euclidean(self.net.weights, 1.0)

    @property
    def curvature_scale(self) -> float:
        return 1.0

    def jet(self, couplings: Any, x: Float[Array, " weights"]) -> Jet:
        """Mean cost, gradient, and all of the Hessian."""
        examples, targets = couplings

        def look(weights: Any) -> Any:
            return jax.value_and_grad(cost, argnums=1)(self.net, weights, examples, targets)

        value, gradient = look(x)
        hessian = jax.jacfwd(lambda weights: look(weights)[1])(x)
        return Jet(value, gradient, (hessian + hessian.T) / 2)
