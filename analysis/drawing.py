"""Which figures a family of cells gets: panels put together and saved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from morsecensus.analysis.page.style import COLORS, Figure, join, legend_below, new_figure, save, style
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.topics.complexity.figure import plot_complexity, plot_complexity_of_energy, plot_gap
from morsecensus.analysis.topics.counts.figure import plot_counts, plot_departures
from morsecensus.analysis.topics.energies.figure import (
    plot_band_widths,
    plot_bands,
    plot_histogram,
    plot_index_against_energy,
    plot_lowest,
    well_filled,
)
from morsecensus.analysis.topics.spectra.figure import plot_spectrum
from morsecensus.analysis.topics.verdicts.figure import legend_entries, plot_check, plot_p_values, plot_states

MOST_HISTOGRAMS = 6


@dataclass(frozen=True)
class Drawn:
    """A saved figure: its topic, and where its SVG is."""

    topic: str
    vector: Path


def draw_family(family: FamilyResult, folder: Path, prefix: str) -> list[Drawn]:
    """Draw and save every figure that the family's data allow."""
    with style():
        return [
            Drawn(topic, save(figure, folder, f"{prefix}-{topic}")[0]) for topic, figure in _figures(family)
        ]


def _figures(family: FamilyResult) -> Iterator[tuple[str, Figure]]:
    cells = family.cells
    found = [cell for cell in cells if cell.cell.points]
    if found:
        yield "counts", _counts(cells)
        yield "histograms", _histograms(family, found)
        yield "bands", _bands(FamilyResult(family.family, tuple(found)))
        if any(well_filled(cell).any() for cell in found):
            figure, axes = new_figure(1, 1, 3.4)
            plot_index_against_energy(axes[0], FamilyResult(family.family, tuple(found)))
            yield "index-energy", figure
        with_spectra = [cell for cell in found if cell.spectra]
        if with_spectra:
            yield "spectra", _spectra(with_spectra[-1])
        yield "complexity", _complexity(FamilyResult(family.family, tuple(found)))
        figure, axes = new_figure(1, 1, 3.4)
        plot_lowest(axes[0], FamilyResult(family.family, tuple(found)))
        yield "lowest", figure
    yield "ledger", _ledger(cells)


def _counts(cells: Sequence[CellResult]) -> Figure:
    known = any(cell.total is not None for cell in cells)
    figure, axes = new_figure(1, 2 if known else 1, 3.2)
    plot_counts(axes[0], cells)
    if known:
        plot_departures(axes[1], cells)
    return figure


def _histograms(family: FamilyResult, cells: Sequence[CellResult]) -> Figure:
    shown = list(cells)
    if len(shown) > MOST_HISTOGRAMS:
        shown = [shown[round(i)] for i in np.linspace(0, len(shown) - 1, MOST_HISTOGRAMS)]
    columns = 2 if len(shown) == 4 else min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = new_figure(rows, columns, 0.7 + 2.3 * rows, share=True)
    for ax, cell in zip(axes, shown, strict=False):
        plot_histogram(ax, cell, family.floor, family.floor_label)
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    for ax in axes[len(shown) - columns : len(shown)]:
        ax.tick_params(labelbottom=True)  # also where the panel below is not there
    bottoms = [ax.get_ylim()[0] for ax in axes[: len(shown)]]
    tops = [
        1.2 * float(np.max(c.histogram["all"] / (c.histogram["high"] - c.histogram["low"]))) for c in shown
    ]
    axes[0].set_ylim(min(bottoms), max(2 * max(tops), 1e-3))
    figure.supxlabel("energy per spin", fontsize=8.5)
    figure.supylabel("density per landscape", fontsize=8.5)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _bands(family: FamilyResult) -> Figure:
    figure, axes = new_figure(1, 2, 3.2)
    plot_bands(axes[0], family)
    plot_band_widths(axes[1], family)
    return figure


def _spectra(cell: CellResult) -> Figure:
    figure, axes = new_figure(1, len(cell.spectra), 2.7)
    for ax, found in zip(axes, cell.spectra, strict=True):
        plot_spectrum(ax, found, cell.n)
    axes[0].set_ylabel("density per eigenvalue")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _complexity(family: FamilyResult) -> Figure:
    resolved = any(well_filled(cell).any() for cell in family.cells)
    figure, axes = new_figure(2, 2, 5.8) if resolved else new_figure(1, 2, 3.2)
    plot_complexity(axes[0], family)
    plot_gap(axes[1], family)
    if resolved:
        plot_complexity_of_energy(join(figure, axes[2], axes[3]), family)
    return figure


def _ledger(cells: Sequence[CellResult]) -> Figure:
    checks = [str(name) for name in cells[0].ledger["check"].values]
    figure, axes = new_figure(1, 1 + len(checks), max(1.5, 1.0 + 0.22 * len(cells)))
    plot_states(axes[0], cells)
    for ax, check in zip(axes[1:], checks, strict=True):
        plot_check(ax, cells, check)
        ax.set_yticklabels([])
    legend_below(figure, legend_entries())
    return figure


def draw_p_values(counts: Sequence[float], others: Sequence[float], folder: Path) -> Path | None:
    """Draw the p-values of the count tests, and of all other tests; None if there are none."""
    if not counts and not others:
        return None
    with style():
        figure, axes = new_figure(1, 2, 3.3)
        for ax, values, label, color in (
            (axes[0], counts, "counts by index, one per cell", COLORS[0]),
            (axes[1], others, "all other tests (not independent)", COLORS[2]),
        ):
            if values:
                plot_p_values(ax, values, label, color)
            else:
                ax.set_visible(False)
        return save(figure, folder, "p-values")[0]
