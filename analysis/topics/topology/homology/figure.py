"""The figures of persistent homology, put together."""

from collections.abc import Iterator, Sequence

import numpy as np

from morsecensus.analysis.page.style import Axes, Figure, join, new_figure
from morsecensus.analysis.topics.topology.homology.betti import LOW
from morsecensus.analysis.topics.topology.homology.measure import CellHomology, Classes, HomologyResult
from morsecensus.analysis.topics.topology.homology.panels import (
    plot_barcode,
    plot_betti_curves,
    plot_diagram,
    plot_left_over,
    plot_persistent_betti,
    plot_ratios,
)
from morsecensus.analysis.topics.topology.homology.ratios import FEWEST, PEAK, ZERO

STEPS = (0, 1, 2, 4, 8, 16)
"""Of the coarse levels, between a and b."""
TITLES = {PEAK: "where the mean of β$_k$ is largest", ZERO: "at u = 0"}
PANELS = 3


def draw_homology(result: HomologyResult) -> dict[str, Figure]:
    """What the data allow of: persistence, betti, homology-ratios, persistent-betti."""
    return dict(_figures(result))


def _figures(result: HomologyResult) -> Iterator[tuple[str, Figure]]:
    if result.pooled is not None:
        yield "persistence", _persistence(result, result.pooled)
    yield "betti", _betti(result)
    if result.ratios:
        yield "homology-ratios", _ratios(result)
    if result.shown[-1].persistent is not None:
        yield "persistent-betti", _persistent(result.shown[-1])


def _persistence(result: HomologyResult, pooled: Classes) -> Figure:
    figure, axes = new_figure(2, 2, 6.2)
    plot_diagram(axes[1], pooled.birth, pooled.death, pooled.dim)
    axes[1].set_title(f"N = {pooled.n}: {pooled.landscapes:,} landscapes")
    bottom = join(figure, axes[2], axes[3])
    for ax, one, draw in ((axes[0], result.typical, plot_diagram), (bottom, result.bars, plot_barcode)):
        if one is None:
            ax.set_visible(False)
        else:
            draw(ax, one.birth, one.death, one.dim)
            ax.set_title(f"N = {one.n}: landscape {one.number} of {one.cell}")
    return figure


def chosen_cells(cells: Sequence[CellHomology], most: int = PANELS) -> list[CellHomology]:
    """The smallest, the largest and some between, one of each N."""
    of_size = list({cell.n: cell for cell in cells}.values())
    places = np.unique(np.linspace(0, len(of_size) - 1, min(most, len(of_size))).round().astype(int))
    return [of_size[place] for place in places]


def _betti(result: HomologyResult) -> Figure:
    chosen = chosen_cells(result.shown)
    with_low = [cell for cell in result.shown if _has_share(cell)]
    panels = len(chosen) + bool(with_low)
    figure, axes = new_figure(-(-panels // 2), min(panels, 2), 3.1 * -(-panels // 2))
    for ax, cell in zip(axes, chosen, strict=False):
        _betti_panel(ax, cell)
    if with_low:
        _left_over(axes[len(chosen)], with_low)
    for ax in axes[panels:]:
        ax.set_visible(False)
    return figure


def _betti_panel(ax: Axes, cell: CellHomology) -> None:
    degrees = cell.degrees
    own = cell.betti.sel(group=[str(k) for k in degrees])
    # Errors widen the limits: without an unknown landscape the shade is one standard error.
    error = np.nan_to_num(own["betti_se"].values)
    low, high = own["betti_lower"].values, own["betti_upper"].values
    if high.max() > own["points"].values.max():
        low = high = own["betti"].values  # limits that would fill the panel stand in the text alone
    limits = np.maximum(low - error, 0), high + error
    exact = own["points_exact"].values
    known = exact if np.isfinite(exact).all() else None
    plot_betti_curves(
        ax, degrees, own["level"].values, own["betti"].values, own["points"].values, known, limits
    )
    ax.set_title(f"N = {cell.n}")


def _has_share(cell: CellHomology) -> bool:
    """Whether enough landscapes know both low degrees."""
    known = dict(zip(cell.betti["group"].values, cell.betti["known"].values, strict=True))
    return known.get(LOW, 0) >= FEWEST


def _left_over(ax: Axes, cells: Sequence[CellHomology]) -> None:
    low = [cell.betti.sel(group=LOW) for cell in cells]
    left = []
    for own in low:
        # Of so few landscapes as reach the lowest levels a share says nothing.
        enough = own["with_class"].values >= FEWEST
        left.append(
            np.where(enough, own["betti"].values / np.maximum(own["points_known"].values, 1e-300), np.nan)
        )
    errors = [own["log_se"].values for own in low]
    plot_left_over(ax, [cell.n for cell in cells], low[0]["level"].values, left, errors)
    ax.set_title("degrees 0 and 1 together")


def _ratios(result: HomologyResult) -> Figure:
    present = [where for where in TITLES if any(ratio.where == where for ratio in result.ratios)]
    figure, axes = new_figure(1, len(present), 3.8)
    for ax, where in zip(axes, present, strict=True):
        plot_ratios(
            ax,
            [ratio for ratio in result.ratios if ratio.where == where],
            [rate for rate in result.rates if rate.where == where],
        )
        ax.set_title(TITLES[where])
    return figure


def _persistent(cell: CellHomology) -> Figure:
    data = cell.persistent
    assert data is not None
    degrees = data["degree"].values.tolist()
    figure, axes = new_figure(1, len(degrees), 3.1)
    for ax, degree in zip(axes, degrees, strict=True):
        own = data.sel(degree=degree)
        plot_persistent_betti(ax, data["first"].values, own["mean"].values, own["se"].values, STEPS, degree)
    figure.suptitle(f"N = {cell.n}", fontsize=8.5)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure
