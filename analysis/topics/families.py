"""The part of the page that goes family by family: what stands first of each, and the topics below it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from morsecensus.analysis.agreement.verdicts import CellTest
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import FamilyResult, StudyResult, cell_tests
from morsecensus.analysis.theory.base import Theory
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.findings import Finding
from morsecensus.analysis.topics.layout import Picture, Section, with_tables

ABC = "Auffinger, Ben Arous, Černý, arXiv:1003.1129"


class FamilyTopic(Topic[FamilyResult]):
    """A topic that shows one figure and some tables of each family.

    Attributes:
        title: of the section.
        text: what is measured, and against what.
        caption: of the figure, which is called as the topic's anchor is.
        data: tables with the numbers of the figure, where they aren't the topic's own.
    """

    title: str
    text: str
    caption: str
    data: tuple[Table, ...] = ()

    def find(self, study: StudyResult) -> Sequence[FamilyResult]:
        """Every family: its cells are measured already."""
        return study.families

    def figures(self, found: FamilyResult) -> Mapping[str, Figure]:
        """The one figure, where there is any."""
        figure = self.figure(found)
        return {} if figure is None else {self.anchor: figure}

    def figure(self, family: FamilyResult) -> Figure | None:
        """Draw it; None where the data allow none."""
        cells = with_points(family)
        return self.drawn(FamilyResult(family.family, cells)) if cells else None

    def drawn(self, family: FamilyResult) -> Figure | None:
        """The figure of a family all of whose cells have points."""
        return None

    def caption_of(self, family: FamilyResult) -> str:
        """The caption, with what is so of this family's figure alone."""
        return self.caption

    def shown(self, family: FamilyResult) -> bool:
        """Whether there is a section."""
        return bool(with_points(family))

    def more(self, family: FamilyResult) -> Iterable[Part | Section]:
        """What follows the figure: tables and notes."""
        return ()

    def section(self, found: FamilyResult) -> Section | None:
        """Text, figure, and what follows."""
        if not self.shown(found):
            return None
        figure = Picture(self.anchor, f"{self.title}: {found.title}", self.caption_of(found), self.data)
        return Section(self.title, [figure, *self.more(found)], introduction=self.text)


def with_points(family: FamilyResult) -> tuple[Any, ...]:
    """The cells in which a point was found."""
    return tuple(result for result in family.cells if result.cell.points)


def leading(families: Sequence[FamilyResult]) -> FamilyResult | None:
    """The family with points at the most N, the first of several: of which the first screen speaks."""
    known = [family for family in families if with_points(family)]
    return max(known, key=lambda family: len({result.n for result in with_points(family)}), default=None)


def named(family: FamilyResult, families: Sequence[FamilyResult]) -> str:
    """How a sentence of one family begins: with its name, where the study has several."""
    return f"{family.title}: " if len(families) > 1 else ""


@dataclass(frozen=True, eq=False)
class Found:
    """A family, whether it is the study's first, and what each of the topics below it found."""

    family: FamilyResult
    parts: tuple[tuple[Topic[Any], Any], ...]
    first: bool = True

    def of(self, topic: Topic[Any]) -> Any:
        """What one of them found; None if nothing."""
        return next((part for own, part in self.parts if own is topic), None)


class Families(Topic[Found]):
    """A section for each family, made of the sections of its topics."""

    anchor, numbered = "family", True

    def __init__(self, topics: tuple[Topic[Any], ...]):
        self.topics = topics
        self.declared = tuple(table for topic in topics for table in topic.declared)

    def find(self, study: StudyResult) -> Sequence[Found]:
        columns = [(topic, topic.find(study)) for topic in self.topics]
        return [
            Found(
                family,
                tuple((topic, column[k]) for topic, column in columns if column[k] is not None),
                k == 0,
            )
            for k, family in enumerate(study.families)
        ]

    def tables(self, found: Found) -> Mapping[Table, Sequence[Row]]:
        return {t: rows for topic, part in found.parts for t, rows in topic.tables(part).items()}

    def figures(self, found: Found) -> Mapping[str, Figure]:
        return {name: f for topic, part in found.parts for name, f in topic.figures(part).items()}

    def tests(self, found: Found) -> Iterable[CellTest]:
        yield from cell_tests(found.family.cells)
        for topic, part in found.parts:
            yield from topic.tests(part)

    def findings(self, found: Sequence[Found]) -> Iterable[Finding]:
        for topic in self.topics:
            own = [part for one in found if (part := one.of(topic)) is not None]
            if own:
                yield from topic.findings(own)

    def section(self, found: Found) -> Section:
        sections = [(topic, topic.section(part)) for topic, part in found.parts]
        below = [with_tables(own, topic.declared) for topic, own in sections if own is not None]
        fold = "open" if found.first else "closed"
        return Section(found.family.title, [*_opening(found.family), *below], fold=fold)


def _opening(family: FamilyResult) -> list[Part]:
    parts = (
        []
        if with_points(family)
        else [note("No critical point was found in any landscape of these cells.", "bad")]
    )
    left_out = left_out_text([result.cell for result in family.cells])
    return [*parts, *_limits(family), *_radii(family), *([note(left_out)] if left_out else [])]


def _radii(family: FamilyResult) -> list[Part]:
    if all(result.cell.radii_proven for result in family.cells):
        return []
    return [
        note(
            "How fast the Hessian of this model changes was sampled, not bounded: radii of existence and "
            "uniqueness, by which points are told apart, are estimates."
        )
    ]


def left_out_text(cells: Sequence[Cell]) -> str:
    """What must stand beside the means of these cells; empty if they leave no landscape out."""
    texts = [f"{cell.left_out:,} of {cell.held:,} in {cell.name}" for cell in cells if cell.left_out]
    if not texts:
        return ""
    return (
        f"Landscapes without a number of critical points are left out: {', '.join(texts)}. With them means "
        "could be higher or lower."
    )


def _limits(family: FamilyResult) -> list[Part]:
    found, parts = family.limits, _about_theory(family)
    if found is None:
        return parts
    if found["trivial"]:
        text = "In the limit N to infinity this landscape is trivial: no exponentially many critical points."
        return [*parts, paragraph(text)]
    known = (
        [f"threshold energy {r.number(found['threshold_energy'], 7)}"] if found["threshold_energy"] else []
    )
    if found["E_0"] is not None:
        known.append(f"ground state {r.number(-found['E_0'], 7)}")
    known.append(f"total complexity {r.number(found['complexity']['total'], 5)}")
    return [*parts, paragraph(f"Limits N to infinity: {', '.join(known)}.")]


def _about_theory(family: FamilyResult) -> list[Part]:
    means = [result.expected for result in family.cells]
    if not any(means):
        if type(family.cells[0].cell.theory) is not Theory:
            text = "No table of theory for this model here, or not at these sizes: measured numbers only."
            return [note(text + " What is known of it has a section of its own, or is in `predict`.")]
        return [note("No theory for this model: measured numbers only.")]
    if any(found is not None and found.sampled for found in means):
        text = (
            "Theory for this model is exact in law, but its numbers are sampled: they have errors, which "
            "enter every z-score and test."
        )
        return [paragraph(text)]
    return []
