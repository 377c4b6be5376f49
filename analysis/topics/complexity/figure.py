"""Complexity against N and against energy; annealed against quenched."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.estimates.counts import computed_counts
from morsecensus.analysis.page.style import (
    BEHIND,
    COLORS,
    EXACT,
    GREY,
    INK,
    Axes,
    Figure,
    Mark,
    join,
    legend_above,
    new_figure,
    shades,
    whole_numbers,
)
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.topics.rows import well_filled


def draw_complexity(family: FamilyResult) -> Figure | None:
    """Against N, the difference of the two, and where bins are filled enough against energy; None for one N
    without such bins."""
    resolved = any(well_filled(cell).any() for cell in family.cells)
    if len({cell.n for cell in family.cells}) == 1:
        return _of_one_n(family) if resolved else None
    figure, axes = new_figure(2, 2, 6.4) if resolved else new_figure(1, 2, 3.4)
    plot_complexity(axes[0], family)
    plot_gap(axes[1], family)
    if resolved:
        plot_complexity_of_energy(join(figure, axes[2], axes[3]), family)
    return figure


def _of_one_n(family: FamilyResult) -> Figure:
    figure, axes = new_figure(1, 1, 3.4)
    plot_complexity_of_energy(axes[0], family)
    return figure


def _series(cells: Sequence[CellResult], kind: str, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found = [c.complexity if kind == "all" else c.minima_complexity for c in cells]
    value = np.array([float(f[name]) for f in found])
    error = np.nan_to_num(np.array([float(f[f"{name}_se"]) for f in found]))
    return np.array([c.n for c in cells]), value, error


def _sought(cells: Sequence[CellResult], kind: str) -> bool:
    """Whether a finder looked for such points."""
    return kind == "minima" or any(cell.cell.sought is None for cell in cells)


def plot_complexity(ax: Axes, family: FamilyResult) -> list[Mark]:
    """Draw (1/N) log of the mean count against N with the exact one and the limit; quenched beside it."""
    artists: list[Mark] = []
    cells = family.cells
    for kind, color, label in (("all", INK, "all"), ("minima", COLORS[0], "minima")):
        known = [c for c in cells if c.by_index is not None and c.total]
        values = [np.log(_exact(c, kind)) / c.cell.spins for c in known]
        artists += ax.plot([c.n for c in known], values, color=color, lw=1, **EXACT)
        n, value, error = _series(cells, kind, "annealed")
        if not _sought(cells, kind):
            continue
        artists.append(ax.errorbar(n, value, error, fmt="o", color=color, label=f"{label}: log mean"))
        n, value, error = _series(cells, kind, "quenched")
        artists.append(
            ax.errorbar(n, value, error, fmt="D", ms=6, mfc="none", color=color, label=f"{label}: mean log")
        )
    found = family.limits
    if found is not None:
        for name, color, label in (("total", COLORS[1], "all"), ("minima_total", COLORS[2], "minima")):
            limit = found["complexity"][name]
            ax.axhline(limit, color=color, lw=1, ls=(0, (4, 2)), label=f"{label}, N → ∞")
    ax.set(xlabel="N", ylabel="complexity  (1/N) log count")
    whole_numbers(ax)
    ax.set_ylim(bottom=min(ax.get_ylim()[0], 0.0))
    exact = any(cell.by_index is not None for cell in cells)
    legend_above(ax, "lines: exact at each N" if exact else "measured")
    return artists


def _exact(cell: CellResult, kind: str) -> float:
    if cell.by_index is None or cell.total is None:
        return float("nan")
    return cell.total if kind == "all" else float(cell.by_index[0])


def plot_gap(ax: Axes, family: FamilyResult) -> list[Mark]:
    """Draw annealed minus quenched complexity against N, with bootstrap errors."""
    artists: list[Mark] = []
    for kind, color, looks in (("all", INK, BEHIND), ("minima", COLORS[0], {})):
        n, value, error = _series(family.cells, kind, "gap")
        if not _sought(family.cells, kind):
            continue
        artists.append(ax.errorbar(n, value, error, fmt="o", color=color, label=kind, **looks))
    ax.axhline(0, color=GREY, lw=0.8, zorder=0)
    ax.set(xlabel="N", ylabel="annealed − quenched")
    whole_numbers(ax)
    legend_above(ax, "errors: bootstrap over landscapes")
    return artists


def plot_complexity_of_energy(ax: Axes, family: FamilyResult) -> list[Mark]:
    """Draw (1/N) log of the mean density of points in energy for each N, exact curves and the limit."""
    artists: list[Mark] = []
    for cell, color in zip(family.cells, shades(len(family.cells)), strict=True):
        data = cell.histogram
        low, high = data["low"].values, data["high"].values
        mean, se = data["all"].values, np.nan_to_num(data["all_se"].values)
        seen = well_filled(cell)
        computed = len(computed_counts(cell.cell)) / max(cell.cell.landscapes, 1)
        value = np.log(mean[seen] / computed / (high - low)[seen]) / cell.cell.spins
        error = se[seen] / mean[seen] / cell.cell.spins
        middle = (low + high)[seen] / 2
        artists.append(
            ax.errorbar(middle, value, error, fmt="o", ms=2.4, lw=0.7, color=color, label=cell.label)
        )
        if cell.curve_all is not None:
            shown = cell.curve_all > 0
            curve = np.log(cell.curve_all[shown]) / cell.cell.spins
            artists += ax.plot(cell.grid[shown], curve, color=color, lw=1)
    found = family.limits
    if found is not None:
        curve = found["complexity"]
        energy = np.array(curve["energy"], dtype=np.float64)
        limit = np.array(curve["all"], dtype=np.float64)
        artists += ax.plot(energy, limit, color=COLORS[1], lw=1.6, ls=(0, (4, 2)), label="N → ∞")
    drawn = [line.get_ydata() for line in ax.lines if line.get_marker() == "o"]
    values = np.concatenate([np.asarray(y, dtype=np.float64) for y in drawn] or [np.zeros(1)])
    values = values if values.size else np.zeros(1)
    ax.set_ylim(float(values.min()) - 0.15, float(values.max()) + 0.15)
    ax.set(xlabel="energy per spin", ylabel="(1/N) log density of points")
    legend_above(ax, "points: measured, lines: exact", 5)
    return artists
