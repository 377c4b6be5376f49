"""What the finder, the books and the tracker ask of a polynomial system, whatever it is."""

from typing import Any, Protocol

import numpy as np
from jaxtyping import Complex, Float, Int

Weights = Complex[np.ndarray, " weights"]
"""The random complex numbers that make a start system generic: others give other paths."""


class System(Protocol):
    """A polynomial system whose solutions are the complex critical points of H on a product of spheres.

    Solutions are rows of `unknowns` numbers; the first n are the point x.
    """

    @property
    def n(self) -> int:
        """Number of coordinates of a point."""
        ...

    @property
    def spheres(self) -> tuple[int, ...]:
        """The n_i of the factors; a critical point on the manifold has x_i.x_i = n_i."""
        ...

    @property
    def unknowns(self) -> int: ...

    @property
    def homogeneous(self) -> bool:
        """Whether a solution stands for a whole class of points that sign changes relate."""
        ...

    @property
    def paths(self) -> int:
        """The number of solutions of a generic system: so many paths lead to all of them."""
        ...

    def closed_form(self) -> Complex[np.ndarray, "found unknowns"] | None:
        """All solutions, where linear algebra gives them; None where paths must be followed."""
        ...

    def start(self, *labels: str | int) -> Weights:
        """The weights of a start system, keyed by the labels."""
        ...

    def starts(
        self, weights: Weights, paths: Int[np.ndarray, " paths"]
    ) -> Complex[np.ndarray, "paths unknowns"]:
        """The start solutions of the paths with these numbers, 0 to `paths` - 1, in the coordinates in which
        paths are followed."""
        ...

    def untracked(
        self, endpoints: Complex[np.ndarray, "paths unknowns"]
    ) -> Complex[np.ndarray, "paths unknowns"]:
        """Endpoints of paths as solutions: back from the coordinates in which they were followed."""
        ...

    @property
    def single(self) -> bool:
        """Whether its series can be made in single precision."""
        ...

    def packed(self, weights: Weights, number: type = ...) -> Any:
        """What the compiled tracker takes, for series of such numbers: a NamedTuple whose type `steps`
        knows."""
        ...

    def room(self, order: int) -> tuple[tuple[int, ...], Any]:
        """Vectors in each array that the system's ``correct`` and ``expand`` work in; the latter's are
        of the series' precision, and may come in groups."""
        ...

    def directions(
        self, solutions: Complex[np.ndarray, "found unknowns"]
    ) -> Float[np.ndarray, "found two_n"]:
        """Unit vectors, as real numbers, that tell solutions apart: real parts of x, then imaginary parts.
        Real solutions have real ones, and conjugates have conjugate ones."""
        ...

    def on_spheres(self, directions: Float[np.ndarray, "found n"]) -> Float[np.ndarray, "found n"]:
        """The points of the manifold with these real directions."""
        ...
