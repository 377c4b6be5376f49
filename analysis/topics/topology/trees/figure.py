"""The figures of merge trees: panels put together."""

from collections.abc import Iterator

from morsecensus.analysis.page.style import Figure, new_figure
from morsecensus.analysis.topics.topology.trees import panels as panels
from morsecensus.analysis.topics.topology.trees.measure import Picture, TreeResult


def draw_trees(result: TreeResult) -> dict[str, Figure]:
    """Connectedness, disconnectivity, barriers and lifetimes, as far as data allow."""
    return dict(_figures(result))


def _figures(result: TreeResult) -> Iterator[tuple[str, Figure]]:
    if not result.known:
        return
    yield "connectedness", _connectedness(result)
    if result.pictures:
        yield "disconnectivity", _disconnectivity(result)
    if result.has_lifetimes:
        yield "barriers", _barriers(result)
        yield "lifetimes", _lifetimes(result)


def _shared_legend(figure: Figure, columns: int = 8) -> None:
    """One legend of the series of the first panel, above all panels."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(columns, len(labels)))


def _connectedness(result: TreeResult) -> Figure:
    figure, axes = new_figure(2, 2, 5.8)
    panels.plot_with_lowest(axes[0], result.known)
    panels.plot_connected(axes[1], result.known)
    panels.plot_components(axes[2], result.known)
    axes[2].set_xlim(*axes[0].get_xlim())
    panels.plot_onset(axes[3], result.known)
    _shared_legend(figure)
    return figure


def _disconnectivity(result: TreeResult) -> Figure:
    count = len(result.pictures)
    figure, axes = new_figure(1, count, 4.2)
    for ax, shown in zip(axes, result.pictures, strict=True):
        panels.plot_disconnectivity(ax, shown.layout.lines, shown.ground, _title(shown), shown.joined)
    for ax in axes[1:]:
        ax.set_ylabel("")
    return figure


def _title(shown: Picture) -> str:
    what = f"{shown.minima:,} minima"
    if shown.shown < shown.minima:
        what = f"the lowest {shown.shown} of {what}"
    return f"N = {shown.n}, landscape {shown.landscape}: {what}"


def _barriers(result: TreeResult) -> Figure:
    figure, axes = new_figure(2, 2, 5.8)
    panels.plot_height_by_energy(axes[0], result.known, "escape", result.edges)
    panels.plot_height_by_energy(axes[1], result.known, "lowest", result.edges)
    panels.plot_heights(axes[2], result.known, result.scaling, energy=False)
    panels.plot_heights(axes[3], result.known, result.scaling, energy=True)
    _shared_legend(figure)
    return figure


def _lifetimes(result: TreeResult) -> Figure:
    figure, axes = new_figure(1, 2, 3.3)
    cells = [cell for cell in result.known if cell.lifetimes.values.size]
    panels.plot_lifetimes(axes[0], [cell.n for cell in cells], [cell.lifetimes.values for cell in cells])
    panels.plot_classes(axes[1], cells)
    return figure
