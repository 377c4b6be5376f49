"""Homology over an ensemble: what is left over after cancelling, and what outlives a change of the level."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.page.style import Axes, Mark, shades


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
    ax.set_yscale("log")
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
