"""Homology: diagrams, barcodes, Betti curves under counts, ratios, what is left over, what outlives a level.

Births and deaths are energies per spin; death is inf for a class that never dies.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.page.rounding import MINUS, estimate
from morsecensus.analysis.page.style import (
    COLORS,
    EXACT,
    GREY,
    INK,
    Axes,
    Mark,
    log_scale,
    plain_ticks,
    shades,
    whole_numbers,
)
from morsecensus.analysis.topics.topology.homology.ratios import SERIES, Rate, Ratio

_MARKS = "osD^vPX<>"
_COLORS = (*COLORS, INK, "#8b6f47", GREY)
_LEGEND_COLUMNS = 4
_DASHED = (0, (4, 2))


def _look(place: int) -> tuple[str, str]:
    """Colour and mark of a degree by its place among those drawn: of a large N only the ends are known."""
    return _COLORS[place % len(_COLORS)], _MARKS[place % len(_MARKS)]


def _room_for_essential(birth: Floats, death: Floats) -> tuple[float, float, float]:
    """Lowest and highest finite energy, and the level at which classes that never die are drawn."""
    finite = np.concatenate([birth, death[np.isfinite(death)]])
    if not finite.size:
        return 0.0, 1.0, 1.12
    low, high = float(finite.min()), float(finite.max())
    return low, high, high + 0.12 * ((high - low) or 1.0)


def plot_diagram(ax: Axes, birth: ArrayLike, death: ArrayLike, dim: NDArray[np.integer]) -> list[Mark]:
    """Draw a persistence diagram: death against birth, one mark for each degree; never dying ones on top."""
    born, died = np.asarray(birth, np.float64), np.asarray(death, np.float64)
    low, high, never = _room_for_essential(born, died)
    margin = 0.05 * ((high - low) or 1.0)
    ends = [low - margin, high + margin]
    artists: list[Mark] = [*ax.plot(ends, ends, color=GREY, lw=0.8)]
    if np.isinf(died).any():
        artists.append(ax.axhline(never, color=GREY, lw=0.8, ls=":"))
        middle = (low + high) / 2
        ax.text(middle, never, "never dies", color=GREY, ha="center", va="bottom", fontsize=7)
    for place, k in enumerate(np.unique(dim)):
        chosen = dim == k
        y = np.where(np.isfinite(died), died, never)[chosen]
        color, mark = _look(place)
        label = f"H$_{{{k}}}$"
        artists += ax.plot(born[chosen], y, mark, color=color, ms=3.2, mew=0, alpha=0.8, label=label)
    ax.set(xlabel="birth: energy per spin", ylabel="death: energy per spin")
    ax.set_xlim(*ends)
    ax.set_ylim(ends[0], never + 2 * margin)
    if len(dim):
        ax.legend(loc="lower right", title="degree", title_fontsize=7.5)
    return artists


def plot_barcode(ax: Axes, birth: ArrayLike, death: ArrayLike, dim: NDArray[np.integer]) -> list[Mark]:
    """Draw a bar for each class, from birth to death; degrees from the bottom up, arrows never end."""
    born, died = np.asarray(birth, np.float64), np.asarray(death, np.float64)
    low, high, never = _room_for_essential(born, died)
    order = np.lexsort((born, dim))
    artists: list[Mark] = []
    row, ticks = 0, []
    for place, k in enumerate(np.unique(dim)):
        color, _ = _look(place)
        chosen = order[dim[order] == k]
        rows = row + np.arange(len(chosen))
        last = np.where(np.isfinite(died[chosen]), died[chosen], never)
        width = float(np.clip(120 / len(order), 0.5, 2.2))
        artists.append(ax.hlines(rows, born[chosen], last, color=color, lw=width))
        endless = ~np.isfinite(died[chosen])
        artists += ax.plot(last[endless], rows[endless], ">", color=color, ms=4)
        ticks.append(((rows[0] + rows[-1]) / 2, f"H$_{{{k}}}$  ({len(chosen):,})"))
        row += len(chosen) + max(1, len(order) // 40)
    ax.set_yticks([at for at, _ in ticks], [text for _, text in ticks])
    ax.tick_params(axis="y", length=0)
    margin = 0.04 * ((high - low) or 1.0)
    ax.set_xlim(low - margin, never + margin)
    ax.set_ylim(-1.5, row)
    ax.set(xlabel="energy per spin", ylabel="classes, arrows: never die")
    return artists


def plot_betti_curves(
    ax: Axes,
    degrees: Sequence[int],
    levels: Floats,
    betti: Floats,
    counts: Floats,
    exact: Floats | None = None,
    limits: tuple[Floats, Floats] | None = None,
) -> list[Mark]:
    """Draw Betti numbers of {H/N <= u} (solid) under numbers of critical points (dashed), by degree.

    Args:
        ax: to draw on.
        degrees: those that are given.
        levels: energies per spin u, shape (levels,).
        betti: beta_k(u), means or of one landscape, shape (degrees, levels).
        counts: N_k(u), shape (degrees, levels).
        exact: exact mean N_k(u), shape (degrees, levels).
        limits: lower and upper ends of a shade around each Betti curve, shape (degrees, levels) each.
    """
    artists: list[Mark] = []
    # Lines name what is counted, colours name degrees: one entry each.
    kinds = [("β$_k$", "-", 1.6), ("N$_k$", _DASHED, 1.0), ("N$_k$, exact", ":", 0.8)]
    for name, line, width in kinds[: 2 + (exact is not None)]:
        ax.plot([], [], color=INK, ls=line, lw=width, label=name)
    for i, k in enumerate(degrees):
        color, _ = _look(i)
        if limits is not None:
            low, high = limits[0][i], limits[1][i]
            artists.append(ax.fill_between(levels, low, high, color=color, alpha=0.22, lw=0))
        artists += ax.plot(levels, betti[i], color=color, lw=1.6, label=f"k = {k}")
        artists += ax.plot(levels, counts[i], color=color, lw=1, ls=_DASHED, label=f"_N{k}")
    for rows in exact if exact is not None else ():
        artists += ax.plot(levels, rows, color=INK, lw=0.8, ls=":", zorder=3)
    # Linear up to 1: means of rare classes show, and so does zero.
    linear = 0.6
    ax.set_yscale("symlog", linthresh=1.0, linscale=linear)
    plain_ticks(ax)
    decades = linear + np.log10(max(float(np.max(counts, initial=1.0)), 1.0))
    rows = -(-(len(degrees) + 3) // _LEGEND_COLUMNS)
    ax.set_ylim(0, 10 ** (decades / (0.93 - 0.08 * rows) - linear))
    ax.set_xlim(levels[0], levels[-1])
    ax.set(xlabel="level u: energy per spin", ylabel="number in {H/N ≤ u}")
    ax.legend(ncols=_LEGEND_COLUMNS, loc="upper left", columnspacing=1.0, handlelength=1.8)
    return artists


def plot_ratios(ax: Axes, ratios: Sequence[Ratio], rates: Sequence[Rate]) -> list[Mark]:
    """Draw critical points for each class against N, on a log axis, with fitted exponentials.

    Full marks entered the fit; open ones have too few classes; arrows are limits where there was none. Dashes
    have the exact mean number of points in place of the measured one.

    Args:
        ax: to draw on.
        ratios: of one level, any series and N.
        rates: of the same level.
    """
    artists: list[Mark] = []
    names = [name for name in SERIES if any(ratio.series == name for ratio in ratios)]
    for place, name in enumerate(names):
        color, shift = COLORS[SERIES.index(name)], 0.07 * (place - (len(names) - 1) / 2)
        own = [ratio for ratio in ratios if ratio.series == name]
        rate = next((rate for rate in rates if rate.series == name), None)
        if rate is not None:
            ends = np.array([min(rate.sizes), max(rate.sizes)], dtype=np.float64)
            artists += ax.plot(ends + shift, np.exp(rate.intercept + rate.rate * ends), color=color, lw=0.9)
        label = f"k = {name.replace('-', MINUS)}"
        if rate is not None:
            label += f": {estimate(rate.rate, rate.error)}"
            label += f" (χ² {rate.chi2:.1f}/{rate.dof})" if rate.dof else ""
        artists += _ratio_marks(ax, own, shift, color, label)
    log_scale(ax)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** (0.1 * (len(names) + 1)))
    _round_ticks(ax)
    ax.set(xlabel="N", ylabel="critical points for each class")
    whole_numbers(ax)
    if artists:
        ax.legend(loc="upper left", title="degree: rate of exp(rate × N)", title_fontsize=7.5)
    return artists


def _round_ticks(ax: Axes) -> None:
    """Ticks of a log axis as plain numbers: 1, 2, 5, 10, ..., or powers of ten where there are many."""
    low, high = ax.get_ylim()
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    digits = (1,) if last - first > 3 else (1, 2, 5)
    ticks = [d * 10.0**e for e in range(first, last + 1) for d in digits if low <= d * 10.0**e <= high]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()


def _ratio_marks(ax: Axes, ratios: Sequence[Ratio], shift: float, color: str, label: str) -> list[Mark]:
    """Marks of one series; the first kind that is there carries the label."""
    artists: list[Mark] = []
    for fitted, face in ((True, color), (False, "white")):
        own = [r for r in ratios if r.fitted == fitted and np.isfinite(r.value)]
        if own:
            n, value = np.array([r.n + shift for r in own]), np.array([r.value for r in own])
            # Bars of one error of the logarithm.
            factor = np.exp(np.nan_to_num([r.log_se for r in own]))
            bars = np.stack([value - value / factor, value * factor - value])
            style: dict[str, Any] = {"color": color, "mfc": face, "label": label}
            artists.append(ax.errorbar(n, value, bars, fmt="o", **style))
            exact = [r.points_exact / r.betti for r in own]
            artists += ax.plot(n, exact, ls="none", color=INK, mew=1.0, zorder=4, **{**EXACT, "ms": 7})
            label = "_"
    none = [r for r in ratios if np.isfinite(r.at_least)]
    if none:
        n, least = [r.n + shift for r in none], [r.at_least for r in none]
        artists += ax.plot(n, least, "^", mfc="white", color=color, ms=5, label=label)
    return artists


def plot_left_over(
    ax: Axes, n: Sequence[int], levels: Floats, left: Sequence[Floats], error: Sequence[Floats]
) -> list[Mark]:
    """Draw the share of the points at or below u whose partner isn't, with a band of one standard error.

    Args:
        ax: to draw on.
        n: numbers of spins.
        levels: energies per spin u, shape (levels,).
        left: sums of beta_k over sums of N_k for each N, nan without points, shape (levels,) each.
        error: standard errors of its logarithm, likewise.
    """
    artists: list[Mark] = []
    for size, share, log_se, color in zip(n, left, error, shades(len(n)), strict=True):
        # A share of exactly one has no error, and there is no band without a class.
        factor = np.exp(np.nan_to_num(log_se))
        low, high = share / factor, np.minimum(share * factor, 1.0)
        artists.append(ax.fill_between(levels, low, high, color=color, alpha=0.2, lw=0))
        artists += ax.plot(levels, share, color=color, label=f"N = {size}")
    log_scale(ax)
    shown = np.concatenate([share[np.isfinite(share) & (share > 0)] for share in left])
    ax.set_ylim(0.7 * float(shown.min(initial=0.1)), 1.3)
    ax.set_xlim(levels[0], levels[-1])
    ax.set(xlabel="level u: energy per spin", ylabel="share of points left over")
    ax.legend(loc="lower left")
    return artists


def plot_persistent_betti(
    ax: Axes, levels: Floats, mean: Floats, error: Floats, steps: Sequence[int], degree: int
) -> list[Mark]:
    """Draw mean persistent Betti numbers beta_k^{a, a+delta} against a, one line for each delta.

    Args:
        ax: to draw on.
        levels: energies per spin, evenly spaced, shape (levels,).
        mean: beta_k^{a,b}, shape (levels a, levels b).
        error: standard errors.
        steps: delta in steps of the levels; 0 gives the Betti number itself.
        degree: k.
    """
    artists: list[Mark] = []
    for step, color in zip(steps, reversed(shades(len(steps))), strict=True):
        at = levels[: len(levels) - step]
        value, se = np.diagonal(mean, step), np.nan_to_num(np.diagonal(error, step))
        artists.append(ax.fill_between(at, value - se, value + se, color=color, alpha=0.2, lw=0))
        delta = step * float(levels[1] - levels[0])
        artists += ax.plot(at, value, color=color, label=f"δ = {delta:.2f}" if step else "δ = 0: β")
    # Where the Betti number still changes, and a step more.
    changes = np.flatnonzero(np.diff(np.diagonal(mean)))
    if len(changes):
        first, last = max(int(changes[0]) - 1, 0), min(int(changes[-1]) + 2, len(levels) - 1)
        ax.set_xlim(float(levels[first]), float(levels[last]))
    ax.set_ylim(bottom=0)
    ax.set(xlabel="a: energy per spin", ylabel=f"mean β$_{degree}^{{\\,a,\\,a+δ}}$", title=f"degree {degree}")
    return artists
