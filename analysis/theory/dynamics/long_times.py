"""The equations of `two_time` at late times, on a grid that is logarithmic: t = 1,000 in 94 rows.

Up to a first time the uniform grid and Romberg's scheme give C and R at all pairs. From there on rows are
equidistant in u = log(1 + r t), and their nodes in the x of `pair_grid`. At a fixed earlier time

    d/dt = (du/dt) d/du + (dx/dt) d/dx,   du/dt = r/(1 + r t),   dx/dt = r [1/(1 + r lag) - x/(1 + r t)]/u;

d/du is the backward difference formula of order 5, d/dx differences of order 8, integrals are Gauss-Legendre
panels (`aging_rows`), and a row is solved by Newton's method to rounding: near the threshold the equations
are marginal, so fixed-point iterations stall, and errors of a row grow about as t. Nodes of rows and
quadrature that are half as many again say how large they are.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, expm1, log1p

import numpy as np
from scipy.interpolate import RectBivariateSpline, make_interp_spline

from morsecensus.analysis.theory.dynamics.aging_rows import Integrals, integrals, interval
from morsecensus.analysis.theory.dynamics.kernels import FLOW, Floats, Kernels, Setting
from morsecensus.analysis.theory.dynamics.pair_grid import derivative, lagrange, panels, split
from morsecensus.analysis.theory.dynamics.romberg import romberg
from morsecensus.analysis.theory.dynamics.two_time import TwoTime, integrate

BACKWARD = np.array([137 / 60, -5, 5, -10 / 3, 5 / 4, -1 / 5])
"""Of the formula of order 5: the newest row first."""
MULTIPLES = (1, 2, 3, 4, 6)
START = 24.0
"""The first time, in units of 1/rate."""
START_STEP = 0.25
"""Of the coarsest solution up to twice that, in the same units."""
LATEST = 25_000.0
"""In the same units: for the pure 3-spin t = 10^4. Errors grow faster than t, and nodes have to follow."""
SCALE = 2.0
"""r, in units of the rate."""
MOST_NEWTON = 20
ACCURACY = 1e-12


@dataclass(frozen=True)
class Resolution:
    """Nodes of a row, spacing of rows in u, panels of an interval and their nodes."""

    nodes: int = 161
    spacing: float = 0.05
    panels: int = 12
    order: int = 6


COARSE = Resolution()


@dataclass(frozen=True, eq=False)
class LongCurve:
    """One-time quantities at the rows after the start: times, and energy, radial derivative, C(t, 0)."""

    times: Floats
    scale: float
    values: Floats

    def looks(self, times: Floats) -> Floats:
        """At other times within the range, shape (3, looks)."""
        rows = np.log1p(self.scale * self.times)
        return make_interp_spline(rows, self.values, k=5, axis=1)(np.log1p(self.scale * times))


def late(
    kernels: Kernels, until: float, setting: Setting = FLOW, resolution: Resolution = COARSE
) -> LongCurve:
    """Solve the equations up to a late time, where no signal pulls.

    Raises:
        ValueError: a signal that does, `until` is not later than the start, or Newton's method failed.
    """
    first = START / kernels.rate
    if kernels.pulls(setting.overlap):
        raise ValueError("signal: got one that pulls, allowed: none at late times, or a start at overlap 0")
    if not 2 * first < until <= LATEST / kernels.rate:
        allowed = f"later than {2 * first:.3g}, up to {LATEST / kernels.rate:.3g} for this xi"
        raise ValueError(f"until: got {until:g}, allowed: {allowed}")
    rows = _Rows(kernels, setting, resolution, first)
    while rows.time < rows.scale * until * (1 + resolution.spacing):
        rows.advance()
    values = np.array(rows.looks).T
    return LongCurve(values[0], rows.scale, values[1:])


class _Rows:
    """The rows so far."""

    def __init__(self, kernels: Kernels, setting: Setting, resolution: Resolution, first: float):
        self.kernels, self.setting, self.resolution = kernels, setting, resolution
        self.scale = SCALE * kernels.rate
        self.x = np.linspace(-1, 1, resolution.nodes)
        self.rule = panels(resolution.panels, resolution.order)
        self.along = derivative(resolution.nodes, self.x[1] - self.x[0], 8)
        self.rows = _first_rows(kernels, setting, self.scale, self.x, resolution.spacing, first)
        self.looks: list[tuple[float, float, float, float]] = []
        self.time = expm1(resolution.spacing * (len(self.rows) - 1))

    def advance(self) -> None:
        """The next row, by Newton's method from a guess by cubic extrapolation."""
        count, du = len(self.rows), self.resolution.spacing
        self.time = expm1(count * du)
        parts = [interval(b, self.time, self.x, self.rule, self.rows, du) for b in (True, False)]
        row = 4 * self.rows[-1] - 6 * self.rows[-2] + 4 * self.rows[-3] - self.rows[-4]
        for _ in range(MOST_NEWTON):
            found = integrals(self.kernels, parts[0], parts[1], row)
            self._remember_start(found, row)
            residual, slopes = self._residual(found, row)
            move = np.linalg.solve(slopes, residual).reshape(row.shape)
            row = row - move
            change = float(np.abs(move).max())
            if not np.isfinite(change):
                break
            if change < ACCURACY:
                self._append(row, found)
                return
        raise ValueError(f"until: the grid fails at t = {self.time / self.scale:.3g}; allowed: earlier times")

    def _remember_start(self, found: Integrals, row: Floats) -> None:
        """Add b' xi'(C(t,0)) C(t',0) to the equation of C, times r as integrals over scaled time are."""
        beta = self.setting.start_beta
        if not beta:
            return
        k, count = self.kernels, len(self.rows)
        starts = np.append(self.rows[:, 0, -1], row[0, -1])
        _, earlier, _ = split(self.x, self.time)
        first, weights = lagrange(np.log1p(earlier) / self.resolution.spacing, count + 1, 6)
        memory = np.sum(weights * starts[first[:, None] + np.arange(6)], axis=1)
        newest = np.where(first + 6 > count, weights[:, -1], 0.0)
        end = row[0, -1]
        found.values[0] += self.scale * beta * k.noise_first(end) * memory
        found.slopes[0, 0, :, -1] += (
            self.scale * beta * (k.noise_second(end) * memory + k.noise_first(end) * newest)
        )

    def _residual(self, found: Integrals, row: Floats) -> tuple[Floats, Floats]:
        """Of both equations and the ends C = R = 1, and its derivative."""
        size, du, square = len(self.x), self.resolution.spacing, self.scale**2
        lag, _, _ = split(self.x, self.time)
        speed = (1 / (1 + lag) - self.x / (1 + self.time)) / (len(self.rows) * du)
        history = np.tensordot(BACKWARD[1:], self.rows[-1:-6:-1], 1) / (du * (1 + self.time))
        mu = self.setting.temperature / self.scale + found.values[0, 0] / square
        linear = speed[:, None] * self.along
        linear[np.diag_indices(size)] += BACKWARD[0] / (du * (1 + self.time)) + mu
        residual, slopes = np.empty((2, size)), np.empty((2, size, 2, size))
        for i in range(2):
            residual[i] = linear @ row[i] - found.values[i] / square + history[i]
            for j in range(2):
                slopes[i, :, j] = (np.outer(row[i], found.slopes[0, j, 0]) - found.slopes[i, j]) / square
            slopes[i, :, i] += linear
            residual[i, 0] = row[i, 0] - 1.0
            slopes[i, 0] = 0.0
            slopes[i, 0, i, 0] = 1.0
        return residual.ravel(), slopes.reshape(2 * size, 2 * size)

    def _append(self, row: Floats, found: Integrals) -> None:
        self.rows = np.concatenate([self.rows, row[None]])
        energy = -found.pull / self.scale - self.setting.start_beta * float(self.kernels.noise(row[0, -1]))
        radial = -found.values[0, 0] / self.scale
        self.looks.append((self.time / self.scale, energy, float(radial), float(row[0, -1])))


def _first_rows(
    kernels: Kernels, setting: Setting, scale: float, x: Floats, spacing: float, first: float
) -> Floats:
    """Rows up to the first time, from the uniform grid: shape (rows, 2, nodes)."""
    splines = _start(kernels, setting, first)
    found = []
    for n in range(int(log1p(scale * first) / spacing) + 1):
        lag, earlier, _ = split(x, expm1(n * spacing))
        found.append([spline.ev(earlier / scale, lag / scale) for spline in splines])
    return np.array(found)


# The grids of one flow begin alike. Arrays of 40 MB at the most.
@lru_cache(maxsize=1)
def _start(kernels: Kernels, setting: Setting, first: float) -> list[RectBivariateSpline]:
    """C and R by earlier time and lag, from the uniform grid."""
    coarse = 2 * ceil(START / START_STEP)
    solutions = [integrate(kernels, 2 * first, coarse * k, setting) for k in MULTIPLES]
    return [_by_lag(solutions, name, first) for name in ("correlation", "response")]


def _by_lag(solutions: list[TwoTime], name: str, first: float) -> RectBivariateSpline:
    """C or R at (t', t' + lag), extrapolated to step zero, as a spline in t' and lag up to the first time."""
    levels = [_sheared(getattr(s, name)[::k, ::k]) for s, k in zip(solutions, MULTIPLES, strict=True)]
    finest = _sheared(getattr(solutions[-1], name))
    value, _ = romberg(levels, MULTIPLES)
    coarse, fine = (np.linspace(0.0, first, len(a)) for a in (value, finest))
    correction = RectBivariateSpline(coarse, coarse, value - levels[-1], kx=5, ky=5)(fine, fine)
    return RectBivariateSpline(fine, fine, finest + correction, kx=5, ky=5)


def _sheared(values: Floats) -> Floats:
    """a[i, j] = values[i + j, i] for the first half of its rows and of lags."""
    half = np.arange(len(values) // 2 + 1)
    return values[half[:, None] + half[None], half[:, None]]
