"""The Hessian's outlier at the points that flows without signal reach, against the strength of a signal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.linalg import eigh

from morsecensus.analysis.theory.dynamics.kernels import Floats
from morsecensus.analysis.theory.dynamics.recovery import outlier, outlier_overlap
from morsecensus.analysis.topics.flow.measure import Row, mean_and_error

GOE_DRAWS = 200
"""Matrices at each n: their lowest eigenvalues scatter by a few per cent, so their mean by some 0.002."""


@dataclass(frozen=True, eq=False)
class Outliers:
    """Measured at one n, in units of sqrt(xi''(1)); pairs are means over landscapes and standard errors.

    Attributes:
        strengths: theta, shape (m,).
        eigenvalue: the lowest one of G - theta u u^T, G the Hessian + D; each of shape (m,).
        vector_overlap: squared overlap of its eigenvector with u.
        goe_eigenvalue, goe_vector_overlap: the same for G from the Gaussian orthogonal ensemble at this n.
        radial_derivative: D; -2 at marginal states in the limit.
        energy: per spin, in its own units.
        states: how many these are of: those that reached the time, of so many ``starts``.
    """

    n: int
    strengths: Floats
    eigenvalue: tuple[Floats, Floats]
    vector_overlap: tuple[Floats, Floats]
    goe_eigenvalue: tuple[Floats, Floats]
    goe_vector_overlap: tuple[Floats, Floats]
    radial_derivative: tuple[Floats, Floats]
    energy: tuple[Floats, Floats]
    states: int
    starts: int

    @classmethod
    def of(cls, n: int, strengths: Sequence[float], unit: float, data: xr.Dataset, seed: int) -> "Outliers":
        """Measure a cell of the body threshold.

        Args:
            unit: sqrt(xi''(1)).
            data: the columns of its landscapes.
            seed: of the matrices that they are held against.
        """
        theta = np.asarray(strengths, dtype=np.float64)
        eigenvalue, vector = spiked_goe(n, theta, GOE_DRAWS, np.random.default_rng([seed, n]))
        # a start that was left before the time has no energy, but Hessians of where it was left
        reached = np.isfinite(data["energy"].values)
        at_strengths = reached[:, :, None]
        return cls(
            n,
            theta,
            mean_and_error(np.where(at_strengths, data["outlier"].values, np.nan)),
            mean_and_error(np.where(at_strengths, data["vector_overlap"].values, np.nan)),
            mean_and_error(eigenvalue[:, None]),
            mean_and_error(vector[:, None]),
            mean_and_error(np.where(reached, data["radial_derivative"].values / unit, np.nan)),
            mean_and_error(data["energy"].values),
            int(reached.sum()),
            reached.size,
        )


def spiked_goe(n: int, theta: Floats, draws: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Lowest eigenvalue of G - theta u u^T and its eigenvector's squared overlap with u, for the G of a
    landscape at a fixed point: n - 1 rows, Var G_ij = (1 + delta_ij)/n; each of shape (draws, len(theta)).
    """
    values, overlaps = np.empty((draws, len(theta))), np.empty((draws, len(theta)))
    for draw in range(draws):
        square = generator.standard_normal((n - 1, n - 1)) / np.sqrt(2 * n)
        matrix = square + square.T
        for k, strength in enumerate(theta):
            spiked = matrix.copy()
            spiked[0, 0] -= strength  # the ensemble is isotropic: any u will do
            value, vector = eigh(spiked, subset_by_index=[0, 0])
            values[draw, k], overlaps[draw, k] = value[0], vector[0, 0] ** 2
    return values, overlaps


def outlier_rows(found: Sequence[Outliers]) -> list[Row]:
    """One row per n and strength."""
    return [
        {
            "n": result.n,
            "states": result.states,
            "starts": result.starts,
            "theta": float(theta),
            "eigenvalue": result.eigenvalue[0][k],
            "eigenvalue_se": result.eigenvalue[1][k],
            "goe_eigenvalue": result.goe_eigenvalue[0][k],
            "goe_eigenvalue_se": result.goe_eigenvalue[1][k],
            "limiting_eigenvalue": float(outlier(theta)),
            "hessian_eigenvalue": result.eigenvalue[0][k] - result.radial_derivative[0],
            "vector_overlap": result.vector_overlap[0][k],
            "vector_overlap_se": result.vector_overlap[1][k],
            "goe_vector_overlap": result.goe_vector_overlap[0][k],
            "limiting_vector_overlap": float(outlier_overlap(theta)),
            "radial_derivative": float(result.radial_derivative[0]),
            "radial_derivative_se": float(result.radial_derivative[1]),
            "energy": float(result.energy[0]),
            "energy_se": float(result.energy[1]),
        }
        for result in found
        for k, theta in enumerate(result.strengths)
    ]
