"""The first screen of a report: what was learnt, a sentence or two an answer, and the panels beside it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from morsecensus.analysis.page.markup import Drawn, Part, answers, pictures
from morsecensus.analysis.page.style import new_panel, style
from morsecensus.analysis.topics.base import save_drawn
from morsecensus.analysis.topics.findings import Finding

NAME = "summary"
_CAPTION = "Points: measured, with one standard error. Each is explained, with its table, in a section below."


def first_screen(findings: Sequence[Finding], folder: Path) -> list[Part]:
    """The parts of the page for some findings; their panels are saved in a folder as SVG and PNG."""
    if not findings:
        return []
    parts = [answers([(one.question.value, one.text, one.kind) for one in findings])]
    drawn = _draw(findings, folder)
    return [*parts, pictures(drawn, _CAPTION)] if drawn else parts


def _draw(findings: Sequence[Finding], folder: Path) -> list[Drawn]:
    panels = [one.panel for one in findings if one.panel is not None]
    drawn = []
    with style():
        for number, panel in enumerate(panels, 1):
            figure, ax = new_panel()
            panel.plot(ax)
            one = save_drawn(figure, folder, f"{NAME}-{number}")
            files = {f"{kind} {number}": address for kind, address in one.files.items()}
            drawn.append(replace(one, alternative=f"{panel.about}. {one.alternative}", files=files))
    return drawn
