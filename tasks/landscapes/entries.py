"""The spherical p-spin with couplings of another law: for what is universal, and from which N on.

H(x) = sum_p sqrt(c_p) N^{-(p-1)/2} sum_{i_1..i_p} S^{(p)}_{i_1..i_p} x_{i_1}...x_{i_p} on |x|^2 = N, S
symmetric. What is independent: the entries of S at sorted multi-indices, each ``xi / sqrt(m)`` with xi iid of
an `EntryLaw` (mean 0, variance 1) and m the number of orders of its indices. These are the second moments of
the Gaussian model (`tasks.landscapes.spin`), so E H(x) H(y) = N xi(x.y/N) *exactly at every N, for every
law*, and the model with "gaussian" is the p-spin itself, number by number. What isn't the same: higher
cumulants. They aren't isotropic, fall with N, and are what a comparison with the Gaussian model measures.

Symmetrising iid entries over all ordered tuples instead would give entries that are means of up to p!
variables: closer to Gaussian, and with couplings of signs no longer signs.

Generic or not. Entries with a density avoid the couplings with degenerate or infinitely many critical points
surely, and the complex points are as many as for Gaussian ones. Signs don't, and diluted couplings don't:
their number of complex points is unknown, enumeration by homotopy closes where it finds as many as generic
ones have, and points with a singular Hessian are flagged as degenerate by multistart and leave their
landscape open.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.covariance import Covariance, total_degree_bound
from morsecensus.tasks.landscapes.laws import DILUTED, RADEMACHER, STUDENT, EntryLaw
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems import symmetric

FEWEST_PER_SPIN = 1.0
"""Couplings of top degree in which a spin takes part, on average: with fewer, spins drop out of H, and each
that does leaves a critical point with a singular Hessian or a whole circle of them."""


@dataclass(frozen=True)
class EntrySpin(MixedSpin):
    """`MixedSpin` with entries of a law; the field's entries have it too."""

    law: EntryLaw

    name: ClassVar[str] = "entries"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.law.kind != DILUTED or self.law.value is None:
            return
        degree = self.covariance.degree
        mine = symmetric.packed_size(self.n, degree - 1)
        mean = self.law.value * mine
        if mean < FEWEST_PER_SPIN:
            raise ValueError(
                f"law: got {self.law} at n = {self.n}, where a spin takes part in {mean:.2g} of its "
                f"{mine} couplings of degree {degree} on average, allowed: at least "
                f"{FEWEST_PER_SPIN:g}, so kept >= {FEWEST_PER_SPIN / mine:.3g}"
            )

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        unknown = set(parameters) - {"law", "xi", "field"}
        if unknown:
            raise ValueError(f"parameters of entries: got {sorted(unknown)}, allowed: law, xi, field")
        try:
            law = EntryLaw.parse(parameters["law"])
        except ValueError as error:
            raise ValueError(f"law: {error}") from error
        return cls(Covariance.parse(parameters["xi"]).with_field(parameters.get("field", 0.0)), n, law)

    @property
    def complex_points(self) -> int | None:
        """That of generic couplings for laws with a density, else unknown."""
        return super().complex_points if self.law.is_continuous else None

    @property
    def generic_points(self) -> int:
        return total_degree_bound(self.covariance, self.n)

    def entries(self, seed: int, landscape: int, degree: int) -> Float[np.ndarray, " packed"]:
        """Independent entries of the law, from the normals of the p-spin with this seed and number."""
        aside = generator(seed, self.name, self.n, landscape, "aside", degree)
        return draw_entries(self.law, super().entries(seed, landscape, degree), aside)


def draw_entries(
    law: EntryLaw, normal: Float[np.ndarray, " entries"], aside: np.random.Generator
) -> Float[np.ndarray, " entries"]:
    """Independent entries of a law from standard normals and, where needed, a second stream."""
    if law.kind == RADEMACHER:
        return np.where(normal < 0, -1.0, 1.0)
    if law.value is None:
        return normal
    if law.kind == STUDENT:
        return normal * np.sqrt((law.value - 2) / aside.chisquare(law.value, normal.shape))
    return np.where(aside.random(normal.shape) < law.value, normal / math.sqrt(law.value), 0.0)
