"""Algorithms of finite step at N -> infinity, exactly: gradient descent, Langevin-Euler, SGD.

H is the sum of P independent fields, each of covariance N xi/P; step t uses field p_t (P = 1: gradient
descent), g_t its gradient:

    x_{t+1} = normalise(x_t - eta [g_t - gamma_t x_t] + sqrt(2 T eta) b_t),     gamma_t = g_t.x_t/N.

With C_ts = x_t.x_s/N, R_ts the response of x_t to the Gaussian part of the gradient at step s (negative for
descent), 1_ts = 1 if p_t = p_s and 0 otherwise, the dynamical cavity method gives

    M_ts = 1_ts xi''(C_ts) R_ts / P,   Z_tu = sum_{v<u} 1_tv xi'(C_tv) R_uv / P,
    gamma_t = Z_tt + sum_s M_ts C_ts,
    |g_t|^2/N = xi'(1)/P + 2 sum_s M_ts Z_ts + sum M_ts C_ss' M_ts',
    n_t^2 = 1 + eta^2 (|g_t|^2/N - gamma_t^2) + 2 T eta,
    C_{t+1,u} = [(1 + eta gamma_t) C_tu - eta Z_tu - eta sum_s M_ts C_su] / n_t,
    R_{t+1,u} = [(1 + eta gamma_t) R_tu - eta delta_tu - eta sum_s M_ts R_su] / n_t,
    e_t = sum_s xi'(C_ts) R_ts / P,

sums over s < t; e_t is that of the whole H, so without 1_ts. There is no error of a step. A step reads the
past once: 2 t^2 multiplications and additions, only those of one field's rows where P > 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.theory.dynamics.kernels import Floats, Kernels
from morsecensus.analysis.theory.dynamics.triangles import product_with_triangle, triangle_times

MOST_STEPS = 20_000
"""Two matrices of 3.2 GB. Arbitrary: it takes two hours there with one field."""


@dataclass(frozen=True, eq=False)
class Recursion:
    """An algorithm's trajectory at N -> infinity.

    Attributes:
        correlation: C(t, s), symmetric, shape (steps + 1, steps + 1).
        response: R(t, s), zero for s >= t, same shape.
        energy: e(t) of the whole H, per spin, shape (steps + 1,).
        radial: x.grad H/N of the whole H, same shape.
        gradient: |g_t|^2/N of the field used at step t, shape (steps,).
    """

    correlation: Floats
    response: Floats
    energy: Floats
    radial: Floats
    gradient: Floats


def descend(
    kernels: Kernels,
    step: float,
    sequence: Sequence[int],
    summands: int = 1,
    temperature: float = 0.0,
) -> Recursion:
    """Follow an algorithm from a uniform start.

    Args:
        kernels: without signal.
        step: eta, of the gradient of one field.
        sequence: p_t for each step: as long as there are steps.
        summands: P.
        temperature: T of the noise that is added, 0 for none.

    Raises:
        ValueError: an argument is out of range, or the trajectory diverged.
    """
    fields = np.asarray(sequence)
    _check(step, fields, summands, temperature)
    state = _Path(kernels, step, fields, summands, temperature)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(fields)):
            state.advance(t)
        state.look(len(fields))
    if not np.isfinite(state.energy).all():
        raise ValueError(f"step: got {step:g}, with which the recursion diverges; allowed: shorter steps")
    return Recursion(state.c, state.r, state.energy, state.radial, state.gradient)


def _check(step: float, fields: np.ndarray, summands: int, temperature: float) -> None:
    if not 0 < step < np.inf:
        raise ValueError(f"step: got {step:g}, allowed: numbers > 0")
    if summands < 1:
        raise ValueError(f"summands: got {summands}, allowed: integers from 1")
    if not 0 <= temperature < np.inf:
        raise ValueError(f"temperature: got {temperature:g}, allowed: numbers from 0")
    if not 1 <= len(fields) <= MOST_STEPS:
        raise ValueError(f"steps: got {len(fields)}, allowed: integers from 1 to {MOST_STEPS}")
    if not np.issubdtype(fields.dtype, np.integer) or fields.min() < 0 or fields.max() >= summands:
        raise ValueError(
            f"sequence: got fields from {fields.min()} to {fields.max()}, allowed: integers from 0 to "
            f"summands - 1 = {summands - 1}"
        )


class _Path:
    """The past of a trajectory, row by row."""

    def __init__(self, kernels: Kernels, step: float, fields: np.ndarray, summands: int, temperature: float):
        size = len(fields) + 1
        self.kernels, self.eta, self.fields = kernels, np.float64(step), fields
        self.share, self.temperature = 1 / summands, temperature
        self.c, self.r = np.zeros((size, size)), np.zeros((size, size))
        self.c[0, 0] = 1.0
        self.energy, self.radial, self.gradient = np.zeros(size), np.zeros(size), np.zeros(size - 1)

    def look(self, t: int) -> tuple[Floats, Floats]:
        """xi'(C) and xi''(C) R at step t, over P; notes e and the radial derivative of the whole H."""
        k, c, r = self.kernels, self.c[t, :t], self.r[t, :t]
        first, memory = self.share * k.noise_first(c), self.share * k.noise_second(c) * r
        self.energy[t] = first @ r
        self.radial[t] = self.energy[t] + k.memory_sign * (memory @ c)
        return first, k.memory_sign * memory

    def advance(self, t: int) -> None:
        """The row t + 1 of C and R."""
        first, memory = self.look(t)
        same = np.flatnonzero(self.fields[:t] == self.fields[t])
        noise = np.append(self._noise(t, first, same), 0.0)
        noise[t] = first[same] @ self.r[t, same]
        drift, echo = self._memory(t, memory, same)
        gamma = noise[t] + drift[t]
        square = self.share * self.kernels.noise_first(1.0) + memory[same] @ (2 * noise[same] + drift[same])
        self.gradient[t] = square
        norm = np.sqrt(1 + self.eta**2 * (square - gamma**2) + 2 * self.temperature * self.eta)
        self._append(t, gamma, noise + drift, echo, norm)

    def _noise(self, t: int, first: Floats, same: np.ndarray) -> Floats:
        """Z_tu for u < t: what the Gaussian part of g_t has in common with x_u."""
        known = np.zeros((1, t))
        known[0, same] = first[same]
        return triangle_times(known, self.r[:t, :t])[0]

    def _memory(self, t: int, memory: Floats, same: np.ndarray) -> tuple[Floats, Floats]:
        """sum_s M_ts C_su for u <= t, and sum_s M_ts R_su for u < t."""
        if len(same) < t:  # copies of some rows are shorter than all of them
            return memory[same] @ self.c[same, : t + 1], memory[same] @ self.r[same, :t]
        drift = memory @ self.c[:t, : t + 1]
        return drift, product_with_triangle(memory[None], self.r[:t, :t])[0]

    def _append(self, t: int, gamma: float, pull: Floats, echo: Floats, norm: float) -> None:
        c, r, eta, here = self.c, self.r, self.eta, slice(t + 1)
        c[t + 1, here] = c[here, t + 1] = ((1 + eta * gamma) * c[t, here] - eta * pull) / norm
        r[t + 1, :t] = ((1 + eta * gamma) * r[t, :t] - eta * echo) / norm
        r[t + 1, t] = -eta / norm
        c[t + 1, t + 1] = 1.0
