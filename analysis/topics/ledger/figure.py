"""What the ledger says: shares of landscapes by status, and how its checks went."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    PALE,
    Axes,
    Figure,
    Mark,
    legend_below,
    new_figure,
)
from morsecensus.analysis.results import CellResult

_STATES = {"complete": COLORS[2], "open": COLORS[4], "failed": COLORS[1]}
_VERDICTS = {"pass": COLORS[2], "fail": COLORS[1], "uninformative": PALE, "unknown": "#ffffff"}


def draw_ledger(cells: Sequence[CellResult]) -> Figure | None:
    """Statuses, and a panel for each check that didn't pass everywhere; None where all is complete."""
    if all(float(cell.counts["complete"]) == 1 and cell.cell.computed == cell.cell.held for cell in cells):
        return None
    checks = [str(name) for name in cells[0].ledger["check"].values if _says_something(cells, str(name))]
    figure, axes = new_figure(1, 1 + len(checks), max(1.5, 1.0 + 0.22 * len(cells)))
    plot_states(axes[0], cells)
    for ax, check in zip(axes[1:], checks, strict=True):
        plot_check(ax, cells, check)
        ax.set_yticklabels([])
    legend_below(figure, legend_entries(bool(checks)))
    return figure


def _says_something(cells: Sequence[CellResult], check: str) -> bool:
    return any(
        bool(cell.ledger["checks"].sel(check=check, verdict=["fail", "unknown"]).any()) for cell in cells
    )


def plot_states(ax: Axes, cells: Sequence[CellResult]) -> list[Mark]:
    """Draw the share of complete, open and failed landscapes of each cell as a stacked bar."""
    values = np.array([[float(c.counts[name]) for name in _STATES] for c in cells])
    ax.set_title("status of landscapes")
    return _stack(ax, cells, values, list(_STATES.values()))


def plot_check(ax: Axes, cells: Sequence[CellResult], check: str) -> list[Mark]:
    """Draw how one check of the ledger went, as a stacked bar for each cell."""
    counts = np.array([c.ledger["checks"].sel(check=check).values for c in cells], dtype=np.float64)
    title = {"bound": "number ≤ complex bound", "parity": "parity of classes", "morse": "Morse sum"}[check]
    ax.set_title(title)
    return _stack(ax, cells, counts / counts.sum(axis=1, keepdims=True), list(_VERDICTS.values()))


def _stack(ax: Axes, cells: Sequence[CellResult], values: Floats, colors: Sequence[str]) -> list[Mark]:
    rows = np.arange(len(cells))
    left = np.zeros(len(cells))
    artists: list[Mark] = []
    for share, color in zip(values.T, colors, strict=True):
        edge = GREY if color in (PALE, "#ffffff") else "none"
        artists.append(ax.barh(rows, share, 0.72, left=left, color=color, edgecolor=edge, linewidth=0.4))
        left += share
    ax.set_yticks(rows, [c.label for c in cells])
    ax.set_xticks([0, 0.5, 1], ["0", "50%", "100%"])
    ax.set(xlim=(0, 1), ylim=(-0.6, len(cells) - 0.4), xlabel="share of landscapes")
    ax.invert_yaxis()
    return artists


def legend_entries(checked: bool) -> list[tuple[str, str]]:
    """Labels and colours for one legend under all panels, with or without those of checks."""
    states = [(f"{name} landscape", color) for name, color in _STATES.items()]
    return states + [(f"check: {name}", color) for name, color in list(_VERDICTS.items())[:3] if checked]
