"""Newton's method and its saddle-free kin, on Krylov spaces of the Riemannian Hessian.

With A the Hessian and g the gradient, Newton steps by -A^-1 g, to any critical point. With |A| in its place,
of the same eigenvectors and absolute eigenvalues, each direction goes downhill and saddles repel (Y. Dauphin
et al., arXiv:1406.2572, who use a Krylov space too). Both act on the space of g, A g, A^2 g, ...; with as
many dimensions as the manifold has this is the whole of A.
"""

from dataclasses import dataclass

import numpy as np

from morsecensus.tasks.dynamics.algorithms.base import State
from morsecensus.tasks.dynamics.algorithms.lanczos import krylov
from morsecensus.tasks.dynamics.fields.base import Field, Vector

AT_REST = 1e-12
"""Gradient norm that a step has nothing to gain from."""


@dataclass(frozen=True)
class Newton:
    """x <- retract(x - f(A) g), f(a) = 1/a.

    Attributes:
        longest: step, |x| = 1; a longer one is cut.
        products: of the Hessian at each step, at most.
    """

    longest: float
    products: int

    def start(self, field: Field, x: Vector) -> State:
        return State(x, field.look(x), 0.0, 0)

    def step(self, state: State, field: Field, horizon: float) -> State:
        del horizon
        x, here = state.x, state.here
        assert here is not None
        slope = field.project(x, here.gradient)
        steepness = float(np.linalg.norm(slope))
        if steepness < AT_REST:
            return state._replace(done=True)
        space = krylov(
            lambda u: field.tangent_product(x, here.gradient, u), slope, min(self.products, field.rank)
        )
        values, vectors = space.eigen()
        move = -steepness * (vectors @ (vectors[0] / self.divisors(values))) @ space.basis
        length = float(np.linalg.norm(move))
        new = field.retract(x + move * min(1.0, self.longest / length))
        return State(new, field.look(new), state.time + 1, state.steps + 1)

    def divisors(self, values: np.ndarray) -> np.ndarray:
        """What the parts of the gradient along the Ritz vectors are divided by."""
        return np.where(np.abs(values) > np.finfo(float).tiny, values, np.finfo(float).tiny)


@dataclass(frozen=True)
class SaddleFreeNewton(Newton):
    """f(a) = 1/|a|."""

    def divisors(self, values: np.ndarray) -> np.ndarray:
        return np.maximum(np.abs(values), np.finfo(float).tiny)
