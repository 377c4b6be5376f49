"""Figure: index against loss of the ends of searches, apart by what they are, and of where they began."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.page.rounding import estimate
from morsecensus.analysis.page.style import COLORS, GREY, Axes, Figure, Mark, log_scale, new_figure
from morsecensus.analysis.topics.criticality.measure import BEGUN, chosen, members, rank_correlation
from morsecensus.analysis.topics.criticality.read import CRITICAL, GRADIENT_FLAT, NEITHER, Searched

COLUMNS: dict[str, str] = dict(
    zip((CRITICAL, GRADIENT_FLAT, NEITHER, BEGUN), (*COLORS[:3], GREY), strict=True)
)
MOST_NETWORKS = 6


def draw_indices(found: Sequence[Searched]) -> Figure:
    """A row of panels for each network, a column for each verdict and one for the looks."""
    shown = found[:MOST_NETWORKS]
    figure, axes = new_figure(len(shown), len(COLUMNS), 1.65 * len(shown) + 0.4)
    for row, one in enumerate(shown):
        own = axes[row * len(COLUMNS) : (row + 1) * len(COLUMNS)]
        for ax, which in zip(own, COLUMNS, strict=True):
            plot_class(ax, one, which)
            if row == 0:
                ax.set_title(which)
        own[0].set_ylabel(f"{one.network.name}\nindex / weights")
        _same_scales(own, one)
    for ax in axes[-len(COLUMNS) :]:
        ax.set_xlabel("loss")
    return figure


def plot_class(ax: Axes, one: Searched, which: str) -> list[Mark]:
    """Points of a class; rings: the closed form, where there is one. In a corner: number and correlation."""
    loss, share, run = members(one, which)
    marks: list[Mark] = []
    if which == CRITICAL and one.closed is not None:
        exact = one.closed.index / one.network.weights
        marks += ax.plot(one.closed.loss, exact, "o", ms=4.2, mfc="none", mec=GREY, mew=0.5, zorder=1)
    marks += ax.plot(loss, share, "o", ms=2.4, color=COLUMNS[which], alpha=0.6, mew=0)
    text = f"{len(loss)}" if len(loss) else "none"
    text += _correlation(": ", *rank_correlation(loss, share, run))
    if which != BEGUN:
        curved = one.curved_share[chosen(one, which)]
        text += _correlation("\nwithout zeros ", *rank_correlation(loss, curved, run))
    marks.append(ax.text(0.03, 0.97, text, transform=ax.transAxes, va="top", fontsize=6.5))
    return marks


def _correlation(name: str, rho: float | None, error: float | None) -> str:
    return "" if rho is None or error is None else f"{name}{estimate(rho, error)}"


def _same_scales(axes: Sequence[Axes], one: Searched) -> None:
    """Panels of a network can be compared: all have one range of indices, and ends one range of losses; that
    of looks is far larger."""
    shares, losses = [one.share, one.begun[1]], [one.loss]
    if one.closed is not None:
        shares.append(one.closed.index / one.network.weights)
        losses.append(one.closed.loss)
    highest, known = float(np.concatenate(shares).max()), np.concatenate(losses)
    left, right = float(known.min()), float(known.max())
    for ax in axes:
        ax.set_ylim(-0.02 * highest, 1.35 * highest or 1.0)
    for ax in axes[:-1]:
        ax.set_xlim(left - 0.05 * (right - left), right + 0.05 * (right - left))
    log_scale(axes[-1], "x")
