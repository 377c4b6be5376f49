"""What a topic of the report is, and what is done alike for all: tables, figures, tests, findings."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from morsecensus.analysis.agreement.verdicts import CellTest
from morsecensus.analysis.page.alternative import describe
from morsecensus.analysis.page.markup import Drawn, Part
from morsecensus.analysis.page.style import Figure, save, style
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.absent import absent_notes
from morsecensus.analysis.topics.findings import Finding
from morsecensus.analysis.topics.layout import Layout, Section, lay_out, with_tables

F = TypeVar("F")


class Topic(ABC, Generic[F]):
    """A question that the report answers. What `find` measures goes into the other functions, one by one.

    Attributes:
        anchor: of its section, and how the files of its figures begin.
        declared: its tables.
        numbered: whether it may have several sections, told apart by a number.
        whole: whether it needs points of all indices: it is not shown cells that have the lowest alone.
        bodies: of cells that are no census, of which it speaks first or alone: what they lack is noted.
        last: whether it is about the verdicts, which are known when all other topics have given their tests.
    """

    anchor: str
    declared: tuple[Table, ...] = ()
    numbered: bool = False
    whole: bool = False
    last: bool = False
    bodies: tuple[str, ...] = ()

    @abstractmethod
    def find(self, study: StudyResult) -> Sequence[F | None]:
        """Measure; empty for a study that has nothing to show here.

        A topic that goes below the families finds one thing for each, None where there is none.
        """

    def tables(self, found: F) -> Mapping[Table, Sequence[Row]]:
        """Rows of the CSV tables, full precision."""
        return {}

    def figures(self, found: F) -> Mapping[str, Figure]:
        """Figures, drawn and not saved, by a name of their own within the section ("" where it is alone)."""
        return {}

    def tests(self, found: F) -> Iterable[CellTest]:
        """Calibrated tests against exact theory, each p-value once: they are corrected together."""
        return ()

    def findings(self, found: Sequence[F]) -> Iterable[Finding]:
        """Answers for the first screen, made of all that was found."""
        return ()

    @abstractmethod
    def section(self, found: F) -> Section | None:
        """The section; None where there are tables only."""


@dataclass(frozen=True)
class Chapter(Generic[F]):
    """A topic with what it found in a study.

    Attributes:
        absent: notes on what could not be measured, which stand first in its first section.
    """

    topic: Topic[F]
    found: Sequence[F]
    absent: Sequence[Part] = ()

    @property
    def anchors(self) -> list[str]:
        """Of its sections."""
        name = self.topic.anchor
        numbers = range(1, len(self.found) + 1)
        return [f"{name}-{number}" for number in numbers] if self.topic.numbered else [name for _ in numbers]

    @property
    def sections(self) -> list[tuple[str, F, Section]]:
        """Anchor, what was found and the section, of those that have one."""
        made = (
            (anchor, one, self.topic.section(one))
            for anchor, one in zip(self.anchors, self.found, strict=True)
        )
        there = [(anchor, one, section) for anchor, one, section in made if section is not None]
        if there and self.absent:
            anchor, one, section = there[0]
            there[0] = anchor, one, replace(section, body=[*self.absent, *section.body])
        return there

    @property
    def tests(self) -> list[CellTest]:
        """All tests."""
        return [test for one in self.found for test in self.topic.tests(one)]

    @property
    def findings(self) -> list[Finding]:
        """Answers for the first screen."""
        return list(self.topic.findings(self.found)) if self.found else []

    def tables(self) -> dict[Table, list[Row]]:
        """Rows of each table, those of all that was found together."""
        rows: dict[Table, list[Row]] = {}
        for one in self.found:
            for table, own in self.topic.tables(one).items():
                rows.setdefault(table, []).extend(own)
        return rows

    def write(self, folder: Path, page: Layout | None = None) -> tuple[list[tuple[str, str]], list[Part]]:
        """Draw the figures into a folder and make the sections.

        Returns:
            entries of the table of contents, (anchor, title), and the parts of the page.
        """
        page = Layout() if page is None else page
        entries, parts = [], []
        for wanted, one, section in self.sections:
            anchor = page.anchor(wanted)
            entries.append((anchor, section.title))
            drawn = draw(self.topic, one, folder, anchor)
            parts += lay_out(with_tables(section, self.topic.declared), drawn, anchor, page=page)
        return entries, parts


def chapter_of(topic: Topic[F], study: StudyResult) -> Chapter[F]:
    """What a topic finds in a study."""
    found = [one for one in topic.find(study.whole if topic.whole else study) if one is not None]
    absent = [cell for cell in study.study.others if cell.body in topic.bodies] if topic.bodies else []
    return Chapter(topic, found, absent_notes(absent))


def draw(topic: Topic[F], found: F, folder: Path, anchor: str) -> dict[str, Drawn]:
    """Draw and save the figures of a section as SVG and PNG; by the figures' names."""
    with style():
        return {
            name: save_drawn(figure, folder, f"{anchor}-{name}" if name else anchor)
            for name, figure in topic.figures(found).items()
        }


def save_drawn(figure: Figure, folder: Path, name: str) -> Drawn:
    """Save a figure; with what there is to see, and links from a page beside the folder."""
    vector, raster = save(figure, folder, name)
    files = {"SVG": f"{folder.name}/{vector.name}", "PNG": f"{folder.name}/{raster.name}"}
    return Drawn(vector, describe(figure), files)
