"""A homotopy in ball arithmetic: F(y, t), its Jacobian and its derivative by t, and steps that use them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import flint
import numpy as np
from jaxtyping import Complex

from morsecensus.tasks.finders.homotopy.balls import BallSystem
from morsecensus.tasks.systems.polynomial import PolynomialSystem


class BallHomotopy(ABC):
    """F(y, t) = 0 along a path."""

    @abstractmethod
    def parts(self, y: Sequence[Any], t: Any) -> tuple[Any, Any, Any]:
        """F, its Jacobian and its derivative by t, as columns and a matrix."""

    def velocity(self, y: Any, t: Any) -> Any:
        _, jacobian, drive = self.parts(entries(y), t)
        return exact(jacobian.solve(-drive))

    def newton(self, y: Any, t: Any) -> Any:
        force, jacobian, _ = self.parts(entries(y), t)
        return exact(jacobian.solve(-force))


class PolynomialHomotopy(BallHomotopy):
    """F(y, t) = t g(x) + (1-t) d x^{p-1} - mu x, and (n - x.x)/2; see `equations`."""

    def __init__(self, system: PolynomialSystem, weights: Complex[np.ndarray, " n"]) -> None:
        self.balls = BallSystem(system, flint.acb_mat)
        self.n, self.power = system.n, system.degree - 1
        self.weights = [flint.acb(complex(w)) for w in weights]

    def parts(self, y: Sequence[Any], t: Any) -> tuple[Any, Any, Any]:
        n = self.n
        x, mu = list(y[:n]), y[n]
        gradient, hessian = self.balls.jet(x)
        started = [w * v**self.power for w, v in zip(self.weights, x, strict=True)]
        force = [t * g + (1 - t) * s - mu * v for g, s, v in zip(gradient, started, x, strict=True)]
        drive = [g - s for g, s in zip(gradient, started, strict=True)]
        rows = [[t * entry for entry in row] for row in hessian]
        for a in range(n):
            rows[a][a] += (1 - t) * self.power * self.weights[a] * x[a] ** (self.power - 1) - mu
        rows = [[*row, -v] for row, v in zip(rows, x, strict=True)] + [[*(-v for v in x), flint.acb(0)]]
        force.append((n - sum((v * v for v in x), flint.acb(0))) / 2)
        drive.append(flint.acb(0))
        return column(force), flint.acb_mat(rows), column(drive)


def column(values: Sequence[Any]) -> flint.acb_mat:
    return flint.acb_mat([[value] for value in values])


def entries(matrix: flint.acb_mat) -> list[Any]:
    return [matrix[a, 0] for a in range(matrix.nrows())]


def exact(matrix: flint.acb_mat) -> flint.acb_mat:
    """Midpoints: these are approximations, and what rounding does to them is Newton's to mend."""
    return column([entry.mid() for entry in entries(matrix)])
