"""How sections become parts of a page: anchors, an introduction once a kind, links to files of figures."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from morsecensus.analysis.page.formulas import plain
from morsecensus.analysis.page.markup import Drawn, Part, folded, heading, paragraph, picture
from morsecensus.analysis.page.table import Table


@dataclass(frozen=True)
class Picture:
    """The place of a figure in a section; nothing stands there if the figure wasn't drawn.

    Attributes:
        tables: that have its numbers; those of the topic if none is named.
    """

    name: str
    alternative: str
    caption: str
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Section:
    """A section of the page: its title, and what follows in order, sections of its own among it.

    Attributes:
        introduction: what holds for every section of its kind: printed in the first one on a page.
        fold: whether a click on its heading shows and hides it: "open", "closed", or "" for one that stays.
    """

    title: str
    body: Sequence["Part | Picture | Section"]
    anchor: str = ""
    introduction: str = ""
    fold: str = ""


@dataclass(frozen=True, eq=False)
class Layout:
    """A page in the making.

    Attributes:
        files: names of the tables that are written, for links.
    """

    files: frozenset[str] = frozenset()
    _anchors: set[str] = field(default_factory=lambda: {"contents"})
    _told: set[str] = field(default_factory=set)

    def anchor(self, wanted: str) -> str:
        """The anchor itself, or with a number if the page has it already."""
        numbered = (f"{wanted}-{number}" for number in range(2, len(self._anchors) + 3))
        free = wanted if wanted not in self._anchors else next(a for a in numbered if a not in self._anchors)
        self._anchors.add(free)
        return free

    def untold(self, text: str) -> bool:
        """Whether a text is new to the page, which it isn't from now on."""
        new = bool(text) and text not in self._told
        self._told.add(text)
        return new


def with_tables(section: Section, tables: Sequence[Table]) -> Section:
    """A section whose pictures that name no tables have these."""

    def filled(piece: "Part | Picture | Section") -> "Part | Picture | Section":
        if isinstance(piece, Section):
            return with_tables(piece, tables)
        return (
            replace(piece, tables=tuple(tables)) if isinstance(piece, Picture) and not piece.tables else piece
        )

    return replace(section, body=[filled(piece) for piece in section.body])


def lay_out(
    section: Section,
    drawn: Mapping[str, Drawn],
    anchor: str = "",
    level: int = 2,
    page: Layout | None = None,
) -> list[Part]:
    """The parts of a section: heading, pictures of the figures that were drawn, inner sections lower."""
    page = Layout() if page is None else page
    anchor = anchor or page.anchor(section.anchor or _slug(section.title))
    head = heading(section.title, level, anchor)
    told = [paragraph(section.introduction)] if page.untold(section.introduction) else []
    below = [*told, *_pieces(section.body, drawn, anchor, level, page)]
    return [folded(head, below, section.fold == "open")] if section.fold else [head, *below]


def _pieces(
    body: Iterable[Part | Picture | Section],
    drawn: Mapping[str, Drawn],
    anchor: str,
    level: int,
    page: Layout,
) -> Iterable[Part]:
    for piece in body:
        if isinstance(piece, Section):
            own = page.anchor(piece.anchor or f"{anchor}-{_slug(piece.title)}")
            yield from lay_out(piece, drawn, own, level + 1, page)
        elif isinstance(piece, Part):
            yield piece
        elif piece.name in drawn:
            yield picture(_complete(drawn[piece.name], piece, page), piece.caption)


def _complete(drawn: Drawn, piece: Picture, page: Layout) -> Drawn:
    """A figure with the words of its place before what is to see, and links to tables that are written."""
    tables = {f"{t.name}.csv": f"tables/{t.name}.csv" for t in piece.tables if t.name in page.files}
    words = f"{piece.alternative.rstrip('.')}. {drawn.alternative}"
    return replace(drawn, alternative=words, files={**drawn.files, **tables})


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", plain(title).lower()).strip("-")
