"""Paths in extended precision, one at a time: for what doubles can't follow.

Runge and Kutta's fourth-order predictor, Newton's corrector, in numbers of `BITS` bits: hundreds of times
slower than `tracker`, with room for steps and determinants that vanish in doubles.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import flint
import numpy as np
from jaxtyping import Complex, Int

from morsecensus.tasks.finders.homotopy.balls import precision
from morsecensus.tasks.systems.polynomial import PolynomialSystem
from morsecensus.tasks.systems.system import System, Weights

BITS = 192
AIM = 1e-6
"""Steps are chosen so that Newton corrects this much, relative to the length of the solution."""
LARGEST = 1e-4
SHORTEST = 1e-30
MOST_STEPS = 20_000
CONVERGED = 1e-40


class BallHomotopy(ABC):
    """F(y, t) = 0 along a path."""

    @abstractmethod
    def parts(self, y: Sequence[Any], t: Any) -> tuple[Any, Any, Any]:
        """F, its Jacobian and its derivative by t, as columns and a matrix."""

    def velocity(self, y: Any, t: Any) -> Any:
        _, jacobian, drive = self.parts(_entries(y), t)
        return _exact(jacobian.solve(-drive))

    def newton(self, y: Any, t: Any) -> Any:
        force, jacobian, _ = self.parts(_entries(y), t)
        return _exact(jacobian.solve(-force))


class PolynomialHomotopy(BallHomotopy):
    """F(y, t) = t g(x) + (1-t) d x^{p-1} - mu x, and (n - x.x)/2; see `series`."""

    def __init__(self, system: PolynomialSystem, weights: Complex[np.ndarray, " n"]) -> None:
        self.balls = system.balls(flint.acb_mat)
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


def _entries(matrix: flint.acb_mat) -> list[Any]:
    return [matrix[a, 0] for a in range(matrix.nrows())]


def _exact(matrix: flint.acb_mat) -> flint.acb_mat:
    """Midpoints: these are approximations, and what rounding does to them is Newton's to mend."""
    return column([entry.mid() for entry in _entries(matrix)])


def _length(matrix: flint.acb_mat) -> float:
    return float(np.sqrt(sum(abs(complex(entry)) ** 2 for entry in _entries(matrix))))


def _predict(path: BallHomotopy, y: Any, t: Any, h: Any) -> Any:
    one = path.velocity(y, t)
    two = path.velocity(_exact(y + one * (h / 2)), t + h / 2)
    three = path.velocity(_exact(y + two * (h / 2)), t + h / 2)
    four = path.velocity(_exact(y + three * h), t + h)
    return _exact(y + (one + two * 2 + three * 2 + four) * (h / 6))


def _polish(path: BallHomotopy, y: Any, t: Any, steps: int) -> tuple[Any, float, float]:
    """Newton steps; the relative lengths of the first and the last one."""
    first = last = np.inf
    for number in range(steps):
        step = path.newton(y, t)
        y = _exact(y + step)
        last = _length(step) / _length(y)
        first = last if number == 0 else first
        if last < CONVERGED or first > LARGEST:
            break
    return y, first, last


def _track(
    path: BallHomotopy, start: Complex[np.ndarray, " unknowns"]
) -> Complex[np.ndarray, " unknowns"] | None:
    y = _polish(path, column([flint.acb(complex(entry)) for entry in start]), flint.arb(0), 8)[0]
    t, h = flint.arb(0), flint.arb(1) / 64
    for _ in range(MOST_STEPS):
        h = min(h, 1 - t)
        try:
            moved, error, left = _polish(path, _predict(path, y, t, h), t + h, 6)
        except ZeroDivisionError:  # flint's word for a singular matrix
            error = left = np.inf
            moved = y
        if error <= LARGEST and left < CONVERGED:
            y, t = moved, (t + h).mid()
            if t == 1:
                return np.array([complex(entry) for entry in _entries(y)])
        # Where Newton doesn't converge, its first step says nothing: another solution is near.
        most = 3.0 if left < CONVERGED else 0.5
        factor = 0.9 * (AIM / max(error, 1e-300)) ** 0.2
        h = (h * min(max(factor, 0.1), most)).mid()
        if float(h) < SHORTEST:
            return None
    return None


def follow(
    system: System, weights: Weights, paths: Int[np.ndarray, " paths"]
) -> Complex[np.ndarray, "arrived unknowns"]:
    """The endpoints of those of the paths with these numbers that arrive, rounded to doubles."""
    starts = system.starts(weights, paths)
    with precision(BITS):
        path = system.homotopy_in_balls(weights)
        ends = [_track(path, start) for start in starts if np.isfinite(start).all()]
    arrived = [end for end in ends if end is not None]
    return system.untracked(np.array(arrived).reshape(len(arrived), system.unknowns))
