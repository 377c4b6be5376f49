"""Topology: diagrams, barcodes, Betti curves under counts, disconnectivity graphs, ratios and Euler curves.

Births and deaths are energies per spin; death is inf for a class that never dies.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.reductions import Floats
from analysis.rounding import estimate
from analysis.style import COLORS, GREY, INK, PALE, Axes, Mark, shades, whole_numbers

_MARKS = "osD^vPX<>"
_COLORS = (*COLORS, INK, "#8b6f47", GREY)


def _color(degree: int) -> str:
    return _COLORS[degree % len(_COLORS)]


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
    for k in np.unique(dim):
        chosen = dim == k
        y = np.where(np.isfinite(died), died, never)[chosen]
        mark = _MARKS[k % len(_MARKS)]
        artists += ax.plot(born[chosen], y, mark, color=_color(k), ms=3.2, mew=0, alpha=0.8, label=f"H$_{k}$")
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
    for k in np.unique(dim):
        chosen = order[dim[order] == k]
        rows = row + np.arange(len(chosen))
        last = np.where(np.isfinite(died[chosen]), died[chosen], never)
        width = float(np.clip(120 / len(order), 0.5, 2.2))
        artists.append(ax.hlines(rows, born[chosen], last, color=_color(k), lw=width))
        endless = ~np.isfinite(died[chosen])
        artists += ax.plot(last[endless], rows[endless], ">", color=_color(k), ms=4)
        ticks.append(((rows[0] + rows[-1]) / 2, f"H$_{k}$  ({len(chosen):,})"))
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
) -> list[Mark]:
    """Draw Betti numbers of {H/N <= u} (solid) under numbers of critical points (dashed), by degree.

    Args:
        ax: to draw on.
        degrees: those that are given.
        levels: energies per spin u, shape (levels,).
        betti: beta_k(u), means or of one landscape, shape (degrees, levels).
        counts: N_k(u), shape (degrees, levels).
        exact: exact mean N_k(u), shape (degrees, levels).
    """
    artists: list[Mark] = []
    for i, k in enumerate(degrees):
        artists += ax.plot(levels, betti[i], color=_color(k), lw=1.6, label=f"β$_{k}$")
        artists += ax.plot(levels, counts[i], color=_color(k), lw=1, ls=(0, (4, 2)), label=f"N$_{k}$")
    if exact is not None:
        for i, rows in enumerate(exact):
            name = "N$_k$, exact" if i == 0 else None
            artists += ax.plot(levels, rows, color=INK, lw=0.8, ls=":", zorder=3, label=name)
    # Linear up to 1: means of rare classes show, and so does zero.
    ax.set_yscale("symlog", linthresh=1.0, linscale=0.6)
    ax.set_ylim(0, 12 * float(np.max(counts, initial=1.0)))
    ax.set_xlim(levels[0], levels[-1])
    ax.set(xlabel="level u: energy per spin", ylabel="number in {H/N ≤ u}")
    ax.legend(ncols=len(degrees) + (exact is not None), loc="upper left", columnspacing=1.2)
    return artists


def plot_disconnectivity(
    ax: Axes, lines: Floats, lowest: float, title: str = "", joined: float | None = None
) -> list[Mark]:
    """Draw a disconnectivity graph: lines from minima up to where their components join.

    Args:
        ax: to draw on.
        lines: (x, energy per spin) of start, elbow and end of each line, shape (lines, 3, 2).
        lowest: energy of the global minimum, which is marked.
        title: of the panel.
        joined: level from which all minima, also those not drawn, are in one component; None: not drawn.
    """
    gap = np.full((len(lines), 1, 2), np.nan)
    path = np.concatenate([lines, gap], axis=1).reshape(-1, 2)
    artists: list[Mark] = []
    if joined is not None:
        label = "one component from here"
        artists.append(ax.axhline(joined, color=COLORS[0], lw=0.8, ls=":", label=label, zorder=1))
    artists += ax.plot(path[:, 0], path[:, 1], color=INK, lw=0.8, solid_joinstyle="round")
    at = lines[np.argmin(np.abs(lines[:, 0, 1] - lowest)), 0]
    artists += ax.plot(at[0], at[1], "o", color=COLORS[1], label="global minimum", zorder=3)
    x = lines[:, :, 0]
    ax.set_xlim(float(x.min()) - 1, float(x.max()) + 1)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.set(ylabel="energy per spin", title=title)
    # Below the axis there are no ticks; within it lines may be anywhere.
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2)
    return artists


def plot_ratios(
    ax: Axes, n: ArrayLike, ratio: Floats, error: Floats, rates: Sequence[tuple[float, float, float] | None]
) -> list[Mark]:
    """Draw critical points for each class against N, on a log axis, with fitted exponentials.

    Args:
        ax: to draw on.
        n: numbers of spins, shape (cells,).
        ratio: N_k/beta_k for each degree, nan where unknown, shape (degrees, cells).
        error: standard errors.
        rates: for each degree (rate, its error, logarithm of the ratio at N = 0), or None.
    """
    at, artists = np.asarray(n, np.float64), []
    for k, (value, se, rate) in enumerate(zip(ratio, error, rates, strict=True)):
        known = np.isfinite(value) & (value > 0)
        if not known.any():
            continue
        label = f"degree {k}"
        if rate is not None:
            label += f": rate {estimate(rate[0], rate[1])}"
            ends = np.array([at[known].min(), at[known].max()])
            artists += ax.plot(ends, np.exp(rate[2] + rate[0] * ends), color=_color(k), lw=1)
        artists.append(
            ax.errorbar(
                at[known], value[known], np.nan_to_num(se[known]), fmt="o", color=_color(k), label=label
            )
        )
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.35)
    ax.set(xlabel="N", ylabel="critical points for each class")
    whole_numbers(ax)
    if artists:
        ax.legend(loc="upper left", title="lines: exp(rate × N)", title_fontsize=7.5)
    return artists


def plot_lifetimes(ax: Axes, n: Sequence[int], lifetimes: Sequence[Floats]) -> list[Mark]:
    """Draw for each N the share of finite H_0 classes that live longer: how fast the essential one wins."""
    artists: list[Mark] = []
    for size, values, color in zip(n, lifetimes, shades(len(n)), strict=True):
        if values.size:
            artists.append(ax.ecdf(values, complementary=True, color=color, label=f"N = {size}"))
    ax.set_yscale("log")
    fewest = min((1 / v.size for v in lifetimes if v.size), default=0.1)
    ax.set_ylim(0.8 * fewest, 1.3)
    ax.set_xlim(left=0)
    ax.set(xlabel="lifetime: energy per spin", ylabel="share of classes of H$_0$ that live longer")
    if artists:
        ax.legend(loc="upper right")
    return artists


def plot_euler(
    ax: Axes, levels: Floats, mean: Floats, error: Floats, exact: Floats, band: Floats
) -> list[Mark]:
    """Draw the mean Euler characteristic of {H/N >= u}, its simultaneous band and the exact curve."""
    artists: list[Mark] = [
        ax.fill_between(levels, mean - band, mean + band, color=PALE, lw=0, label="95% band"),
        *ax.plot(levels, exact, color=COLORS[0], lw=1.1, label="exact"),
        ax.errorbar(levels, mean, error, fmt="o", ms=2, lw=0.7, color=INK, label="measured"),
    ]
    ax.axhline(0, color=GREY, lw=0.6, zorder=0)
    ax.set(xlabel="level u: energy per spin", ylabel="mean Euler characteristic of {H/N ≥ u}")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.3 * (high - low))
    ax.legend(ncols=3, loc="upper center", columnspacing=1.2, handlelength=1.4)
    return artists
