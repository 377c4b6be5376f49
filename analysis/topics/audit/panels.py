"""The bias audit: recall by index, relative hits, naive averages, and the ledger's estimates."""

from collections.abc import Mapping, Sequence

import numpy as np

from morsecensus.analysis.page.style import COLORS, GREY, INK, Axes, Mark, log_scale, shades, whole_numbers
from morsecensus.analysis.topics.audit.measure import Audit, Audited, AuditedSize

FEATURES: Mapping[str, str] = {
    "energy": "energy per spin",
    "index": "index / (N − 1)",
    "log_det": "log |det Hessian| / N",
}


def budget_colors(audit: Audit) -> dict[str, str]:
    """One colour per budget, the same in all panels."""
    return {name: COLORS[i % len(COLORS)] for i, name in enumerate(audit.budgets)}


def plot_recall(ax: Axes, audit: Audit) -> list[Mark]:
    """Draw the found share of the true points by index, at the largest N, with 95% intervals."""
    size = audit.sizes[-1]
    colors = budget_colors(audit)
    artists: list[Mark] = []
    cells = sorted(size.cells, key=lambda cell: audit.budgets.index(cell.budget))
    for cell, shift in zip(cells, np.linspace(-0.15, 0.15, len(cells)), strict=True):
        rows = [row for row in cell.recall if row.index is not None]
        x = np.array([row.index for row in rows], dtype=np.float64) + shift
        value = np.array([row.recall for row in rows])
        away = np.abs(np.array([(row.low, row.high) for row in rows]).T - value)
        color = colors[cell.budget]
        artists.append(ax.errorbar(x, value, away, fmt="o-", lw=0.8, color=color, label=cell.budget))
    ax.set(xlabel=f"index, N = {size.n}", ylabel="share of the points found", ylim=(0, 1.04))
    whole_numbers(ax)
    return artists


def plot_profile(ax: Axes, sizes: Sequence[AuditedSize], feature: str) -> list[Mark]:
    """Draw mean relative hits in bins of a feature, one line per N, with one standard error."""
    artists: list[Mark] = []
    for size, color in zip(sizes, shades(len(sizes)), strict=True):
        for profile in size.hits.profiles if size.hits else ():
            if profile.feature == feature:
                # a bin of few points says little, and its error less; a logarithmic scale has no zero
                kept = (profile.points >= 0.002 * profile.points.sum()) & (profile.mean > 0)
                x, y, e = profile.centre[kept], profile.mean[kept], np.nan_to_num(profile.se[kept])
                artists.append(ax.errorbar(x, y, e, fmt="o-", lw=0.8, color=color, label=f"N = {size.n}"))
    ax.axhline(1, color=GREY, lw=0.8, zorder=0)
    ax.set(xlabel=FEATURES[feature], ylabel="hits / landscape's mean")
    _readable_log(ax)
    return artists


def _readable_log(ax: Axes) -> None:
    """A logarithmic y axis with plain numbers, for ratios between 1/100 and 100."""
    log_scale(ax)
    ax.minorticks_off()
    drawn = np.concatenate([np.asarray(line.get_ydata(), dtype=np.float64) for line in ax.lines])
    low, high = max(drawn.min() / 1.3, 1e-2), min(drawn.max() * 1.3, 1e2)
    ticks = [m * 10.0**e for e in (-2, -1, 0, 1) for m in (1, 2, 5)]
    shown = [tick for tick in ticks if low <= tick <= high]
    ax.set_yticks(shown, [f"{tick:g}" for tick in shown])
    ax.set_ylim(low, high)


def plot_naive(ax: Axes, audit: Audit, quantity: str, label: str) -> list[Mark]:
    """Draw naive averages minus the truth against N: over distinct points (full), over hits (open)."""
    artists: list[Mark] = []
    for number, (budget, color) in enumerate(budget_colors(audit).items()):
        shift = 0.5 * ((number + 0.5) / len(audit.budgets) - 0.5)
        for kind, fill in (("distinct", color), ("hits", "white")):
            rows = [
                (cell.n + shift, found.difference, found.se)
                for cell in _of_budget(audit, budget)
                for found in cell.naive
                if (found.quantity, found.kind) == (quantity, kind)
            ]
            if rows:
                x, y, e = np.array(rows).T
                mark = "o" if kind == "distinct" else "D"
                artists.append(ax.errorbar(x, y, np.nan_to_num(e), fmt=mark, mfc=fill, color=color))
    ax.axhline(0, color=GREY, lw=0.8, zorder=0)
    _marks(ax, "over distinct points", "over hits")
    ax.set(xlabel="N", ylabel=label)
    whole_numbers(ax)
    return artists


def _marks(ax: Axes, full: str, open_: str) -> None:
    """A legend of the two marks, whatever their colours, with room for it above the data."""
    ax.plot([], [], "o", color=INK, label=full)
    ax.plot([], [], "D", mfc="white", color=INK, label=open_)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.18 * (high - low))
    ax.legend(loc="upper left", ncols=2)


def _of_budget(audit: Audit, budget: str) -> list[Audited]:
    return [cell for size in audit.sizes for cell in size.cells if cell.budget == budget]


def plot_coverage(ax: Axes, audit: Audit) -> list[Mark]:
    """Draw Good-Turing's coverage of each landscape against the true one."""
    artists: list[Mark] = list(ax.plot([0, 1], [0, 1], color=GREY, lw=0.8, zorder=0))
    lowest = 1.0
    for budget, color in budget_colors(audit).items():
        for cell in _of_budget(audit, budget):
            found = None if cell.calibration is None else cell.calibration.coverage
            if found is not None:
                artists += ax.plot(found.true, found.estimated, ".", ms=3, alpha=0.5, mew=0, color=color)
                lowest = min(lowest, float(found.estimated.min()), float(found.true.min()))
    low = max(0.0, lowest - 0.03)
    ax.set(xlabel="true coverage", ylabel="Good-Turing's estimate", xlim=(low, 1.01), ylim=(low, 1.01))
    return artists


def plot_chao(ax: Axes, audit: Audit) -> list[Mark]:
    """Draw Chao1 (full) and the number found (open) over the true number, against N."""
    artists: list[Mark] = []
    for number, (budget, color) in enumerate(budget_colors(audit).items()):
        shift = 0.5 * ((number + 0.5) / len(audit.budgets) - 0.5)
        found = [(c.n + shift, c.calibration) for c in _of_budget(audit, budget) if c.calibration is not None]
        x = np.array([n for n, _ in found])
        for mark, fill, pairs in (
            ("o", color, [(c.chao_ratio, c.chao_ratio_se) for _, c in found]),
            ("D", "white", [(c.found_ratio, c.found_ratio_se) for _, c in found]),
        ):
            if pairs:
                y, e = np.array(pairs).T
                artists.append(ax.errorbar(x, y, np.nan_to_num(e), fmt=mark, mfc=fill, color=color))
    ax.axhline(1, color=INK, lw=0.8, zorder=0)
    ax.set(xlabel="N", ylabel="number / true number")
    ax.set_ylim(bottom=0)
    _marks(ax, "Chao1", "found")
    whole_numbers(ax)
    return artists
