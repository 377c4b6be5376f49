"""The stationarity equations of a spherical landscape as sparse polynomials, which any solver reads.

They are differentiated from the energy, monomial by monomial, and share no code with `tasks.homotopy`: an
error in how the finder sets up its own system shows as different roots.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex

from morsecensus.tasks.landscapes.base import Couplings
from morsecensus.tasks.landscapes.spin import PACKED_FROM, MixedSpin
from morsecensus.tasks.systems import symmetric

Polynomial = dict[tuple[int, ...], float]
"""Coefficient of each monomial, which is the sorted tuple of its variables: (0, 0, 3) is x0 x0 x3."""


@dataclass(frozen=True)
class Polynomials:
    """As many equations as unknowns, ``x0``, ``x1``, ..., and how many solutions they have generically.

    Attributes:
        finite: solutions that aren't zero.
    """

    equations: list[Polynomial]
    finite: int

    @property
    def unknowns(self) -> int:
        return len(self.equations)


@dataclass(frozen=True)
class Roots:
    """What a solver came back with: roots other than zero, and the seconds of the solve."""

    points: Complex[np.ndarray, "found unknowns"]
    seconds: float


def energy(landscape: MixedSpin, couplings: Couplings) -> Polynomial:
    """H, from the matrices ``M[(i j), alpha]`` that hold its symmetric tensors."""
    n = landscape.n
    if n >= PACKED_FROM:
        raise ValueError(f"n: got {n}, allowed: below {PACKED_FROM}")
    total: Polynomial = defaultdict(float)
    for key, values in couplings.items():
        degree = int(key.removeprefix("degree_"))
        if degree == 1:
            for i in range(n):
                total[i,] += float(values[i])
            continue
        rest = symmetric.multi_indices(n, degree - 2).tolist() if degree > 2 else [[]]
        for (i, j, alpha), value in np.ndenumerate(np.asarray(values).reshape(n, n, -1)):
            total[tuple(sorted([i, j, *rest[alpha]]))] += float(value)
    return total


def derivative(polynomial: Polynomial, variable: int) -> Polynomial:
    result: Polynomial = defaultdict(float)
    for monomial, coefficient in polynomial.items():
        power = monomial.count(variable)
        if power:
            at = monomial.index(variable)
            result[monomial[:at] + monomial[at + 1 :]] += power * coefficient
    return result


def stationarity(landscape: MixedSpin, couplings: Couplings) -> Polynomials:
    """``grad H = x`` for a pure form, else ``grad H = mu x`` and ``x.x = n`` with mu as the last unknown."""
    n = landscape.n
    top, pure = landscape.covariance.degree, landscape.covariance.is_pure
    potential = energy(landscape, couplings)
    equations = []
    for a in range(n):
        equation = derivative(potential, a)
        equation[(a,) if pure else (a, n)] -= 1.0
        equations.append(dict(equation))
    finite = (top - 1) ** n - 1
    if not pure:
        equations.append({(): -float(n), **{(a, a): 1.0 for a in range(n)}})
        finite = 2 * sum((top - 1) ** k for k in range(n))
    return Polynomials(equations, finite)
