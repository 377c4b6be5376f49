"""One self-contained HTML page: escaped text, formulas, tables, figures as data, nothing fetched."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from urllib.parse import quote

from morsecensus.analysis.page.formulas import plain, rich
from morsecensus.analysis.page.sheet import SCRIPT, STYLE_SHEET, policy

PHONE = 44
"""Characters that a table may be wide on a phone; of a wider one each row becomes a block there."""
LONG = 48
"""Characters of a text in a table that may be broken."""


@dataclass(frozen=True)
class Part:
    """A piece of the page: finished HTML. Made by the functions below only, which escape all text."""

    html: str


@dataclass(frozen=True)
class Drawn:
    """A figure as it was saved.

    Attributes:
        vector: the SVG.
        alternative: what there is to see, for who doesn't see it.
        files: what to link to, by name: addresses relative to the page.
    """

    vector: Path
    alternative: str
    files: Mapping[str, str] = field(default_factory=dict)


def paragraph(text: str) -> Part:
    """A paragraph."""
    return Part(f"<p>{rich(text)}</p>")


def link(address: str, text: str) -> Part:
    """A paragraph that is a link, to an address relative to the page."""
    return Part(f'<p><a href="{escape(address)}">{rich(text)}</a></p>')


def note(text: str, kind: str = "") -> Part:
    """A highlighted paragraph; ``kind`` is "", "good" or "bad"."""
    return Part(f'<p class="note {kind}">{rich(text)}</p>')


def heading(text: str, level: int, anchor: str = "") -> Part:
    """A heading, with an anchor and a link to itself."""
    if not anchor:
        return Part(f"<h{level}>{rich(text)}</h{level}>")
    link = f'<a class="here" href="#{escape(anchor)}" aria-label="Link to: {escape(plain(text))}"></a>'
    return Part(f'<h{level} id="{escape(anchor)}">{rich(text)}{link}</h{level}>')


def folded(head: Part, parts: Sequence[Part], is_open: bool) -> Part:
    """Parts that a click on their heading shows and hides."""
    body = "\n".join(part.html for part in parts)
    return Part(f"<details{' open' * is_open}><summary>{head.html}</summary>\n{body}\n</details>")


def contents(entries: Sequence[tuple[str, str]]) -> Part:
    """Links to headings, as (anchor, text)."""
    items = "".join(f'<li><a href="#{escape(a)}">{rich(text)}</a></li>' for a, text in entries)
    opener = '<input type="checkbox" id="contents"><label for="contents">Contents<span class="place"></span>'
    return Part(f'<nav aria-label="Contents">{opener}</label><ul>{items}</ul></nav>')


def picture(drawn: Drawn, caption: str) -> Part:
    """A figure with its caption and its files; the SVG is part of the page."""
    box = f'<div class="drawn" tabindex="0" role="group" aria-label="Figure">{_image(drawn)}</div>'
    return _figure(box, rich(caption), [drawn])


def pictures(drawn: Sequence[Drawn], caption: str) -> Part:
    """Small figures with one caption, side by side, or below one another where there is no room."""
    return _figure(f'<div class="panels">{"".join(map(_image, drawn))}</div>', rich(caption), drawn)


def _image(drawn: Drawn) -> str:
    return f'<img src="{_data(drawn.vector)}" alt="{escape(plain(drawn.alternative))}">'


def _data(vector: Path) -> str:
    """An SVG as an address, percent signs where it needs them: a quarter shorter than base64."""
    drawing = re.sub(r"<!--.*?-->", "", vector.read_text(encoding="utf-8"), flags=re.DOTALL)
    drawing = " ".join(drawing.split()).replace("> <", "><").replace('"', "'")
    return "data:image/svg+xml," + quote(drawing, safe=" <>/=:;,.()!?'{}[]@$*+-_~|^")


def _figure(box: str, caption: str, drawn: Sequence[Drawn]) -> Part:
    files = [file for one in drawn for file in one.files.items()]
    links = " ".join(f'<a href="{escape(address)}">{escape(name)}</a>' for name, address in files)
    beside = f' <span class="files">{links}</span>' if links else ""
    return Part(f"<figure>{box}<figcaption>{caption}{beside}</figcaption></figure>")


def answers(entries: Sequence[tuple[str, str, str]]) -> Part:
    """A list of answers: (question, answer, kind), the kind as of `note`."""
    items = "".join(
        f'<li class="{escape(kind)}"><strong>{escape(question)}.</strong> {rich(text)}</li>'
        for question, text, kind in entries
    )
    return Part(f'<ul class="answers">{items}</ul>')


@dataclass(frozen=True)
class HtmlTable:
    """Rows of texts under titles; ``text_columns`` are aligned left, ``kinds`` colour rows."""

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    text_columns: Sequence[int] = (0,)
    kinds: Sequence[str] = field(default_factory=tuple)

    def part(self) -> Part:
        """The table as HTML, its caption outside the box that scrolls sideways if it must.

        On a phone each row of a wide one is a block.
        """
        head = "".join(self._title(i, title) for i, title in enumerate(self.titles))
        body = "".join(self._row(number, row) for number, row in enumerate(self.rows))
        kind = ' class="wide"' if self._is_wide else ""
        table = f"<table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        caption = f"<figcaption>{rich(self.caption)}</figcaption>" if self.caption else ""
        return Part(f'<figure class="table">{caption}<div class="scroll">{table}</div></figure>')

    @cached_property
    def _is_wide(self) -> bool:
        """Whether it is too wide for a phone, by its characters and two between columns."""
        columns = zip(self.titles, *self.rows, strict=True)
        return sum(2 + max(map(len, (*title.split(), *texts))) for title, *texts in columns) > PHONE

    def _row(self, number: int, row: Sequence[str]) -> str:
        kind = self.kinds[number] if self.kinds else ""
        cells = "".join(self._cell(i, text) for i, text in enumerate(row))
        return f'<tr class="{escape(kind)}">{cells}</tr>' if kind else f"<tr>{cells}</tr>"

    def _title(self, column: int, text: str) -> str:
        kind = ' class="text"' if column in self.text_columns else ""
        return f'<th scope="col"{kind}>{rich(text)}</th>'

    def _cell(self, column: int, text: str) -> str:
        words = ["text"] * (column in self.text_columns) + ["long"] * (len(text) > LONG)
        kind = f' class="{" ".join(words)}"' if words else ""
        name = f' data-name="{escape(plain(self.titles[column]))}"' if self._is_wide else ""
        tag, scope = ("td", "") if column else ("th", ' scope="row"')
        return f"<{tag}{scope}{kind}{name}>{rich(text)}</{tag}>"


def render(
    title: str, parts: Sequence[Part], opening: Sequence[Part] = (), entries: Sequence[tuple[str, str]] = ()
) -> str:
    """The whole page: its opening, the contents, as (anchor, text), and what they lead to."""
    head, body = ("\n".join(part.html for part in some) for some in (opening, parts))
    listed = contents(entries)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
        f"<title>{escape(plain(title))}</title>\n<style>{STYLE_SHEET}</style>\n</head>\n<body>\n"
        f"<header>\n{head}\n</header>\n{listed.html}\n<main>\n{body}\n</main>\n"
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
