"""What a topic of the report is, and what is done alike for all: files, anchors, headings, pictures."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from morsecensus.analysis.agreement.verdicts import CellTest
from morsecensus.analysis.page.markup import Part, heading, picture
from morsecensus.analysis.page.style import Figure, save, style
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult

F = TypeVar("F")


@dataclass(frozen=True)
class Picture:
    """The place of a figure in a section; nothing stands there if the figure wasn't drawn."""

    name: str
    alternative: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A section of the page: its title, and what follows in order, sections of its own among it."""

    title: str
    body: Sequence["Part | Picture | Section"]
    anchor: str = ""


class Topic(ABC, Generic[F]):
    """A question that the report answers. What `find` measures goes into the other functions, one by one.

    Attributes:
        anchor: of its section, and how the files of its figures begin.
        declared: its tables.
        numbered: whether it may have several sections, told apart by a number.
        whole: whether it needs points of all indices: it is not shown cells that have the lowest alone.
        last: whether it is about the verdicts, which are known when all other topics have given their tests.
    """

    anchor: str
    declared: tuple[Table, ...] = ()
    numbered: bool = False
    whole: bool = False
    last: bool = False

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

    @abstractmethod
    def section(self, found: F) -> Section | None:
        """The section; None where there are tables only."""


@dataclass(frozen=True)
class Chapter(Generic[F]):
    """A topic with what it found in a study."""

    topic: Topic[F]
    found: Sequence[F]

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
        return [(anchor, one, section) for anchor, one, section in made if section is not None]

    @property
    def tests(self) -> list[CellTest]:
        """All tests."""
        return [test for one in self.found for test in self.topic.tests(one)]

    def tables(self) -> dict[Table, list[Row]]:
        """Rows of each table, those of all that was found together."""
        rows: dict[Table, list[Row]] = {table: [] for table in self.topic.declared if table.always}
        for one in self.found:
            for table, own in self.topic.tables(one).items():
                rows.setdefault(table, []).extend(own)
        return rows

    def write(self, folder: Path) -> tuple[list[tuple[str, str]], list[Part]]:
        """Draw the figures into a folder and make the sections.

        Returns:
            entries of the table of contents, (anchor, title), and the parts of the page.
        """
        entries, parts = [], []
        for anchor, one, section in self.sections:
            entries.append((anchor, section.title))
            parts += lay_out(section, draw(self.topic, one, folder, anchor), anchor)
        return entries, parts


def chapter_of(topic: Topic[F], study: StudyResult) -> Chapter[F]:
    """What a topic finds in a study."""
    return Chapter(
        topic, [one for one in topic.find(study.whole if topic.whole else study) if one is not None]
    )


def draw(topic: Topic[F], found: F, folder: Path, anchor: str) -> dict[str, Path]:
    """Draw and save the figures of a section as SVG and PNG; where the SVGs are, by the figures' names."""
    with style():
        return {
            name: save(figure, folder, f"{anchor}-{name}" if name else anchor)[0]
            for name, figure in topic.figures(found).items()
        }


def lay_out(section: Section, drawn: Mapping[str, Path], anchor: str = "", level: int = 2) -> list[Part]:
    """The parts of a section: heading, pictures of the figures that were drawn, inner sections lower."""
    parts = [heading(section.title, level, anchor or section.anchor)]
    for piece in section.body:
        if isinstance(piece, Section):
            parts += lay_out(piece, drawn, level=level + 1)
        elif isinstance(piece, Part):
            parts.append(piece)
        elif piece.name in drawn:
            parts.append(picture(drawn[piece.name], piece.alternative, piece.caption))
    return parts
