"""Gradient flow: energies and overlaps against time, recovery against the noise, outliers of Hessians."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.page.style import COLORS, GREY, INK, Axes, Mark, shades
from morsecensus.analysis.theory.base import NoiseAxis
from morsecensus.analysis.theory.dynamics.recovery import outlier, outlier_overlap
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.flow.measure import FlowCell, mean_and_error, recovered
from morsecensus.analysis.topics.flow.outliers import Outliers

LINEAR = 0.3
"""The growth of small overlaps is drawn up to this one."""


def plot_energies(ax: Axes, cells: Sequence[FlowCell]) -> list[Mark]:
    """Mean energies of one set of parameters against time, a colour for each N; N to infinity as a line."""
    artists: list[Mark] = []
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        mean, error = mean_and_error(cell.energy)
        artists.append(_points(ax, cell.times, mean, error, color, f"N = {cell.n}"))
    if (limit := cells[0].limit) is not None and (line := limit.line) is not None:
        times, energy, _ = line
        late = times >= cells[0].times[1]
        name = "N → ∞" if limit.spread is None else "N → ∞, overlap 0"
        ax.plot(times[late], energy[late], color=INK, label=name)
    ax.set(xscale="log", xlabel="time", ylabel="energy per spin")
    ax.legend()
    return artists


def plot_overlaps(ax: Axes, cells: Sequence[FlowCell]) -> list[Mark]:
    """Mean overlaps of starts at one overlap; of uniform starts the root of their mean square, against its
    growth in the linear regime.
    """
    artists: list[Mark] = []
    limit = cells[0].limit
    curve = None if limit is None else limit.curve
    spread = None if limit is None else limit.spread
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        assert cell.overlap is not None
        if spread is None:
            mean, error = mean_and_error(cell.overlap)
        else:
            square, square_error = mean_and_error(cell.overlap**2)
            mean = np.sqrt(square)
            error = square_error / (2 * mean)
        artists.append(_points(ax, cell.times, mean, error, color, f"N = {cell.n}"))
        if curve is not None and spread is not None:
            growth = np.sqrt(np.maximum(spread, 0.0) / cell.n)
            shown = (curve.times >= cell.times[1]) & (growth < LINEAR)
            ax.plot(curve.times[shown], growth[shown], color=color, ls="--", lw=1)
    if limit is not None and (line := limit.line) is not None and spread is None:
        times, _, overlap = line
        late = times >= cells[0].times[1]
        ax.plot(times[late], overlap[late], color=INK, label="N → ∞")
    if spread is not None:
        ax.plot([], [], color=GREY, ls="--", lw=1, label="linear growth")
    if limit is not None and limit.informative is not None:
        ax.axhline(limit.informative, color=GREY, ls=":", lw=1, label="informative minimum")
    ax.set(xscale="log", xlabel="time", ylabel="overlap" if spread is None else "root mean square overlap")
    ax.legend(loc="lower right")
    return artists


def _points(ax: Axes, x: np.ndarray, y: np.ndarray, error: np.ndarray, color: str, label: str) -> Mark:
    shown = x > 0
    return ax.errorbar(
        x[shown], y[shown], np.nan_to_num(error[shown]), fmt="o", ms=2.6, color=color, label=label, alpha=0.9
    )


def _noise_axis(cell: FlowCell) -> NoiseAxis | None:
    return theory_of(cell.model, cell.parameters).noise_axis


def noise_level(cell: FlowCell) -> float:
    """Where a cell stands in `plot_recovery`: on its model's own axis, or at theta."""
    if (axis := _noise_axis(cell)) is not None:
        return axis.place
    return np.nan if cell.limit is None else cell.limit.theta


def level_name(cells: Sequence[FlowCell]) -> str:
    """The label of that axis."""
    axis = _noise_axis(cells[0])
    return r"$\theta$" if axis is None else axis.label


def predicted_level(cells: Sequence[FlowCell]) -> float | None:
    """Where theta = 1 on that axis; None if that isn't one place."""
    axes = [_noise_axis(cell) for cell in cells]
    places = {1.0 if axis is None else axis.threshold for axis in axes}
    return places.pop() if len(places) == 1 else None


def plot_recovery(ax: Axes, cells: Sequence[FlowCell], success: float) -> list[Mark]:
    """Fractions of starts that end above an overlap, against the noise, a colour for each N."""
    artists: list[Mark] = []
    for (n, group), color in _by_size(cells):
        rates = [mean_and_error(recovered(cell, success)) for cell in group]
        x = [noise_level(cell) for cell in group]
        mean, error = np.array(rates).T
        artists.append(ax.errorbar(x, mean, np.nan_to_num(error), fmt="o-", color=color, label=f"N = {n}"))
    _threshold(ax, cells)
    what = "|m|" if cells[0].even else "m"
    ax.set(xlabel=level_name(cells), ylabel=f"starts that end above {what} = {success:g}", ylim=(-0.03, 1.03))
    return artists


def plot_end_overlaps(ax: Axes, cells: Sequence[FlowCell]) -> list[Mark]:
    """Final overlaps of all starts of one N as points, and that of the informative minimum as a line."""
    cells = sorted(cells, key=noise_level)
    x = np.array([noise_level(cell) for cell in cells])
    width = 0.3 * float(np.min(np.diff(x))) if len(x) > 1 else 0.1
    artists: list[Mark] = []
    for place, cell in zip(x, cells, strict=True):
        assert cell.end_overlap is not None
        ends = np.sort(cell.end_overlap.ravel())
        # Spread by rank, so that equal ends lie side by side and not on each other.
        sideways = width * (np.argsort(np.argsort(np.arange(len(ends)) * 0.6180339887 % 1)) / len(ends) - 0.5)
        artists.append(ax.scatter(place + sideways, ends, s=2, color=COLORS[0], alpha=0.35, linewidths=0))
    known = [(place, c.limit.informative) for place, c in zip(x, cells, strict=True) if c.limit is not None]
    line = [(place, m) for place, m in known if m is not None]
    if line:
        ax.plot(*zip(*line, strict=True), color=COLORS[1], label="informative minimum, N → ∞")
    _threshold(ax, cells)
    ax.set(xlabel=level_name(cells), ylabel="final overlap", ylim=(-1.03, 1.03), title=f"N = {cells[0].n}")
    return artists


def _threshold(ax: Axes, cells: Sequence[FlowCell]) -> None:
    if (level := predicted_level(cells)) is not None:
        ax.axvline(level, color=GREY, ls="--", lw=1, label="threshold, N → ∞")


def _by_size(cells: Sequence[FlowCell]) -> list[tuple[tuple[int, list[FlowCell]], str]]:
    sizes = sorted({cell.n for cell in cells})
    groups = [(n, sorted((c for c in cells if c.n == n), key=noise_level)) for n in sizes]
    return list(zip(groups, shades(len(sizes)), strict=True))


def plot_outliers(ax: Axes, found: Sequence[Outliers]) -> list[Mark]:
    """Lowest eigenvalues less what they are without outlier, against theta: points measured, dashes random
    matrices of the same N, the line N to infinity.
    """
    return _against_strength(
        ax,
        found,
        [(r.eigenvalue, r.goe_eigenvalue[0]) for r in found],
        outlier,
        r"lowest eigenvalue of $G-\theta uu^T$",
    )


def plot_outlier_vectors(ax: Axes, found: Sequence[Outliers]) -> list[Mark]:
    """Squared overlaps of the lowest eigenvectors with the direction of the signal."""
    return _against_strength(
        ax,
        found,
        [(r.vector_overlap, r.goe_vector_overlap[0]) for r in found],
        outlier_overlap,
        "squared overlap of its vector with u",
    )


def _against_strength(ax: Axes, found: Sequence[Outliers], values, law, label: str) -> list[Mark]:
    artists: list[Mark] = []
    for result, (measured, goe), color in zip(found, values, shades(len(found)), strict=True):
        bars = np.nan_to_num(measured[1])
        artists.append(
            ax.errorbar(result.strengths, measured[0], bars, fmt="o", color=color, label=f"N = {result.n}")
        )
        ax.plot(result.strengths, goe, ls="--", lw=0.9, color=color)
    theta = np.linspace(min(r.strengths.min() for r in found), max(r.strengths.max() for r in found), 200)
    ax.plot(theta, law(theta), color=INK, label="N → ∞")
    ax.plot([], [], ls="--", lw=0.9, color=GREY, label="random matrices of size N")
    ax.axvline(1.0, color=GREY, ls=":", lw=0.9)
    ax.set(xlabel=r"$\theta$", ylabel=label)
    ax.legend()
    return artists
