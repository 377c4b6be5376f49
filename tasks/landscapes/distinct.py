"""The 3-spin landscape with couplings over i < j < k alone: *not* the isotropic model, and here as its foil.

H(x) = a sum_{i<j<k} J_ijk x_i x_j x_k is how Crisanti and Sommers (Z. Phys. B 87 (1992) 341) write the
model, and at N -> infinity it is the same. At finite N its covariance isn't a function of the overlap:
coordinate axes are special, exact Kac-Rice numbers of the isotropic model don't hold (N = 3 always has 14
critical points, not 10.55 on average), and the census must notice.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.landscapes.spin import Couplings, MixedSpin
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems import symmetric


@dataclass(frozen=True)
class DistinctSpin(MixedSpin):
    """Cubic couplings over distinct indices; ``a`` makes the variance of H, averaged over the sphere, N."""

    name: ClassVar[str] = "distinct"

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        if n < 3:
            raise ValueError(f"n: got {n}, allowed: integers >= 3, since three indices must differ")
        return cls(Covariance.pure(3), n)

    @property
    def complex_points(self) -> None:
        """Unknown: these couplings aren't generic."""
        return None

    def sample(self, seed: int, landscape: int) -> Couplings:
        indices = symmetric.multi_indices(self.n, 3)
        distinct = (np.diff(indices, axis=1) > 0).all(axis=1)
        draw = generator(seed, self.name, self.n, landscape, "couplings")
        normal = draw.standard_normal(len(indices))
        # The mean of (x_i x_j x_k)^2 over the sphere is N^2/((N+2)(N+4)), there are C(N, 3) terms, and a
        # packed entry counts six times.
        n = self.n
        variance = (n + 2) * (n + 4) / (n * math.comb(n, 3)) / 36
        return {"degree_3": self.pack(np.where(distinct, math.sqrt(variance) * normal, 0.0), 3)}
