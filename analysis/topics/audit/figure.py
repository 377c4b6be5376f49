"""The audit's two figures, put together."""

from morsecensus.analysis.page.style import Figure, legend_below, new_figure
from morsecensus.analysis.topics.audit.measure import Audit
from morsecensus.analysis.topics.audit.panels import (
    budget_colors,
    plot_chao,
    plot_coverage,
    plot_naive,
    plot_profile,
    plot_recall,
)

FEATURES = ("energy", "index", "log_det")


def draw_hits(audit: Audit) -> Figure:
    """Recall by index, and relative hits against each feature."""
    present = {p.feature for size in audit.sizes if size.hits for p in size.hits.profiles}
    features = [name for name in FEATURES if name in present]
    figure, axes = new_figure(2, 2, 5.6)
    plot_recall(axes[0], audit)
    for ax, feature in zip(axes[1:], features, strict=False):
        plot_profile(ax, audit.sizes, feature)
        ax.legend(loc="upper left" if feature == "log_det" else "upper right")
    for ax in axes[1 + len(features) :]:
        ax.set_visible(False)
    legend_below(figure, list(budget_colors(audit).items()))
    return figure


def draw_estimates(audit: Audit) -> Figure:
    """Naive averages, and the ledger's estimates against the truth."""
    figure, axes = new_figure(2, 2, 5.6)
    plot_naive(axes[0], audit, "energy", "mean energy − truth")
    plot_naive(axes[1], audit, "minima", "share of minima − truth")
    plot_coverage(axes[2], audit)
    plot_chao(axes[3], audit)
    if not _any_coverage(audit):
        axes[2].set_visible(False)
    legend_below(figure, list(budget_colors(audit).items()))
    return figure


def _any_coverage(audit: Audit) -> bool:
    found = [cell.calibration for size in audit.sizes for cell in size.cells]
    return any(one is not None and one.coverage is not None for one in found)
