"""Hessian spectra at critical points of one index."""

import numpy as np

from morsecensus.analysis.estimates.spectra import SpectrumComparison
from morsecensus.analysis.page.style import COLORS, GREY, INK, PALE, Axes, Figure, Mark, new_figure
from morsecensus.analysis.results import CellResult


def draw_spectra(cell: CellResult) -> Figure:
    """A panel for each index."""
    figure, axes = new_figure(1, len(cell.spectra), 2.7)
    for ax, found in zip(axes, cell.spectra, strict=True):
        plot_spectrum(ax, found, cell.n)
    axes[0].set_ylabel("density per eigenvalue")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def plot_spectrum(ax: Axes, found: SpectrumComparison, n: int) -> list[Mark]:
    """Draw the density of eigenvalues: measured, exact samples at this N, and the shifted semicircle."""
    edges = found.edges
    middle = (edges[1:] + edges[:-1]) / 2
    artists: list[Mark] = [ax.stairs(found.density, edges, fill=True, color=PALE, label="measured")]
    artists.append(ax.errorbar(middle, found.density, np.nan_to_num(found.se), fmt="none", lw=0.7, color=INK))
    if found.exact is not None:
        artists.append(ax.stairs(found.exact, edges, color=COLORS[0], lw=1.1, label="exact, this N"))
    if found.semicircle is not None:
        artists += ax.plot(
            middle, found.semicircle, color=COLORS[1], ls=(0, (4, 2)), label="shifted semicircle"
        )
    ax.axvline(0, color=GREY, lw=0.8, ls=":", zorder=0)
    kind = "minima" if found.index == 0 else f"index {found.index}"
    ax.set_title(f"N = {n}, {kind}: {found.points:,} points")
    ax.set_xlabel("eigenvalue of the Hessian")
    ax.set_ylim(bottom=0)
    return artists
