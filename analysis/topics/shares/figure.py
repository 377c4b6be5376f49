"""Figures of where training ends: the share above loss 0 and the families, against k."""

from collections.abc import Sequence
from typing import Any

from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    MARKERS,
    Axes,
    Figure,
    Mark,
    legend_above,
    new_figure,
    whole_numbers,
)
from morsecensus.analysis.topics.shares.published import FAMILIES, RUNS, published_spurious
from morsecensus.analysis.topics.shares.read import SharesCell, share_of

Cells = Sequence[SharesCell]
Shares = Sequence[tuple[float, float, float]]
BESIDE = 0.15
"""How far symbols of one k stand apart."""
MOST_BLOCKS = 4
"""Families (k - p)+p that are drawn: p up to this."""


def draw_shares(cells: Cells) -> Figure:
    """Left: share of runs above loss 0, a line for each surplus of students; right: by families, m = k."""
    equal = [one for one in cells if one.units == one.k]
    figure, axes = new_figure(1, 2 if equal else 1, 3.1)
    plot_shares(axes[0], cells)
    if equal:
        plot_families(axes[1], equal)
    for ax in axes:
        ax.set(xlabel="teachers k", ylim=(-0.02, 1.02))
        whole_numbers(ax)
        legend_above(ax)
    axes[0].set_ylabel("share of runs that end above loss 0")
    axes[-1].set_ylabel("share of runs by family" if equal else "share of runs that end above loss 0")
    return figure


def plot_shares(ax: Axes, cells: Cells) -> list[Mark]:
    """Measured shares with 95 % intervals, beside the published ones at the same k."""
    marks: list[Mark] = []
    for number, surplus in enumerate(sorted({one.units - one.k for one in cells})):
        own = [one for one in cells if one.units - one.k == surplus]
        name = "m = k" if surplus == 0 else f"m = k {'+' if surplus > 0 else '-'} {abs(surplus)}"
        style = {"color": COLORS[number % len(COLORS)], "fmt": f"{MARKERS[number % len(MARKERS)]}-"}
        # Beside each other: with students to spare all lie at 0.
        places = [one.k - BESIDE * surplus for one in own]
        marks.append(_line(ax, places, [one.share for one in own], label=name, **style))
    known = [(one.k, found) for one in cells if (found := published_spurious(one.k, one.units)) is not None]
    if known:
        values = [share_of(found, RUNS) for _, found in known]
        marks.append(_published(ax, [k for k, _ in known], values, GREY, "published, m = k"))
    return marks


def plot_families(ax: Axes, cells: Cells) -> list[Mark]:
    """Runs by the block sizes of the minimum that they ended in; hollow: published."""
    marks: list[Mark] = []
    for p in range(MOST_BLOCKS + 1):
        counts = [_of_blocks(one, p) for one in cells]
        if not any(counts):
            continue
        color = COLORS[p % len(COLORS)]
        own = [share_of(count, one.settled) for count, one in zip(counts, cells, strict=True)]
        name = "loss 0" if p == 0 else f"(k - {p}) + {p}"
        marks.append(_line(ax, [one.k for one in cells], own, label=name, color=color, fmt="o-"))
        known = [one.k for one in cells if one.k in FAMILIES and one.k > 2 * p]
        values = [share_of(FAMILIES[k].get(_blocks(k, p), 0), RUNS) for k in known]
        marks.append(_published(ax, known, values, color, None))
    return marks


def _blocks(k: int, p: int) -> str:
    return str(k) if p == 0 else f"{k - p}+{p}"


def _of_blocks(one: SharesCell, p: int) -> int:
    if p == 0:
        return one.settled - one.spurious
    above = (family for family in one.families if family.loss > one.zero and 2 * p < one.k)
    return sum(family.runs for family in above if family.blocks == _blocks(one.k, p))


def _line(ax: Axes, x: Sequence[float], values: Shares, **style: Any) -> Mark:
    return ax.errorbar(x, [value for value, _, _ in values], _bars(values), ms=3.4, lw=0.9, **style)


def _published(ax: Axes, x: Sequence[int], values: Shares, color: str, label: str | None) -> Mark:
    places = [k + BESIDE for k in x]
    style = {"fmt": "s", "ms": 3.6, "mfc": "none", "lw": 0.7, "color": color, "alpha": 0.8}
    return ax.errorbar(places, [value for value, _, _ in values], _bars(values), label=label, **style)


def _bars(values: Shares) -> list[list[float]]:
    return [[value - low for value, low, _ in values], [high - value for value, _, high in values]]
