"""From couplings to the polynomial system that is tracked, and its start solutions."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Int

from tasks.landscapes import symmetric


@dataclass(frozen=True)
class CubicSystem:
    """grad H(x) = mu x for H of degree 3: ``g(x) = A[x,x] + B x + b`` with symmetric A and B.

    Without B and b the multiplier is scaled away (A[x,x] = x, classes up to sign), else x.x = ``radius2``.
    """

    cubic: Float[np.ndarray, "n n n"]
    linear: Float[np.ndarray, "n n"] | None = None
    field: Float[np.ndarray, " n"] | None = None

    @property
    def n(self) -> int:
        return len(self.cubic)

    @property
    def homogeneous(self) -> bool:
        return self.linear is None and self.field is None

    @property
    def unknowns(self) -> int:
        return self.n + (not self.homogeneous)

    @property
    def paths(self) -> int:
        """The number of solutions of a generic system."""
        return (2**self.n - 1) * (1 if self.homogeneous else 2)

    def packed(self, weights: Complex[np.ndarray, " n"]) -> tuple:
        """What the compiled tracker takes."""
        n = self.n
        pairs = symmetric.multi_indices(n, 2)[:, ::-1]
        # Rows of the lower triangle: (0,0), (1,0), (1,1), ...
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        i, j = pairs.T
        contraction = np.zeros((_padded(n), len(pairs)))
        contraction[:n] = self.cubic[:, i, j] * np.where(i == j, 1.0, 2.0)
        jacobian = np.zeros((_padded(len(pairs)), n))
        jacobian[: len(pairs)] = 2 * self.cubic[i, j]
        linear = np.zeros(0) if self.homogeneous else np.zeros(len(pairs))
        if self.linear is not None:
            linear = np.ascontiguousarray(self.linear[i, j])
        field = np.zeros(n) if self.field is None else np.ascontiguousarray(self.field, dtype=float)
        return contraction, jacobian, linear, field, weights, float(n), n

    def starts(
        self, weights: Complex[np.ndarray, " n"], paths: Int[np.ndarray, " paths"]
    ) -> Complex[np.ndarray, "paths unknowns"]:
        """The start solutions of the paths with these numbers, 0 to `paths` - 1.

        d_a x_a^2 = mu x_a: bit a of the number says whether x_a is mu/d_a or 0; on the sphere the lowest bit
        is the sign of mu.
        """
        signed = not self.homogeneous
        masks = (paths >> 1 if signed else paths) + 1
        x = np.where((masks[:, None] >> np.arange(self.n)) & 1, 1 / weights, 0)
        if not signed:
            return x.astype(complex)
        mu = np.sqrt(self.n / np.sum(x**2, axis=1)) * np.where(paths & 1, -1.0, 1.0)
        return np.concatenate([x * mu[:, None], mu[:, None]], axis=1)


def _padded(rows: int) -> int:
    return -(-rows // 4) * 4
