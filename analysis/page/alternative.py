"""What there is to see in a figure, in words: read off what was drawn, so that it can't say anything else."""

import re

from morsecensus.analysis.page.style import Axes, Figure

_SIGNS = {r"\infty": "∞", r"\to": "→"}


def describe(figure: Figure) -> str:
    """Axes, ranges and series of each panel."""
    panels = [text for ax in figure.axes if ax.get_visible() and (text := _panel(figure, ax))]
    names = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    texts = [f"{len(panels)} panels."] * (len(panels) > 1) + [f"{panel}." for panel in panels]
    return _words(" ".join([*texts, *([f"Legend: {', '.join(names)}."] if names else [])]))


def _panel(figure: Figure, ax: Axes) -> str:
    across, up = ax.get_xlabel() or _shared(figure, "x"), ax.get_ylabel() or _shared(figure, "y")
    parts = [f"{ax.get_title()}:"] * bool(ax.get_title())
    parts += [f"{up}{_scale(ax.get_yscale(), ax.get_ylim())}"] * bool(up)
    parts += [f"against {across}{_scale(ax.get_xscale(), ax.get_xlim())}"] * bool(across)
    names = list(dict.fromkeys(ax.get_legend_handles_labels()[1]))
    parts += [f"showing {', '.join(names)}"] * bool(names)
    return " ".join(parts)


def _shared(figure: Figure, axis: str) -> str:
    """The label that all panels have together."""
    return figure.get_supxlabel() if axis == "x" else figure.get_supylabel()


def _scale(name: str, limits: tuple[float, float]) -> str:
    low, high = sorted(limits)
    return f" ({'logarithmic, ' * (name == 'log')}{low:.3g} to {high:.3g})"


def _words(text: str) -> str:
    """Without the marks of mathtext."""
    for sign, letter in _SIGNS.items():
        text = text.replace(sign, letter)
    text = re.sub(r"_\\?([∞\w])", r"\1", text.replace("$", ""))
    return re.sub(r"[{}\\]", "", " ".join(text.split()))
