"""One self-contained HTML page: escaped text, tables, figures as data, no script, nothing fetched."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

STYLE_SHEET = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 1.2rem; color: #1c1f23; background: #fff;
  font: 16px/1.55 Georgia, "Times New Roman", serif; overflow-wrap: break-word; }
h1, h2, h3, h4, nav, table, figcaption, .note {
  font-family: -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .4rem 0; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .6rem; padding-top: .6rem; border-top: 2px solid #1c1f23; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; } h4 { font-size: .92rem; margin: 1.4rem 0 .3rem; }
p { margin: .5rem 0; max-width: 46rem; }
a { color: #00548a; }
nav { font-size: .9rem; margin: 1rem 0; } nav ul { margin: 0; padding-left: 1.1rem; }
figure { margin: 1rem 0 1.4rem; } figure img { display: block; width: 100%; height: auto; }
figcaption { font-size: .82rem; color: #4a5058; margin-top: .3rem; max-width: 46rem; }
.scroll { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #4a5058; padding-bottom: .3rem; }
th, td { padding: .22rem .7rem; text-align: right; white-space: nowrap; }
th { border-bottom: 1.5px solid #1c1f23; border-top: 1.5px solid #1c1f23; font-weight: 600;
  white-space: normal; vertical-align: bottom; max-width: 6.6rem; }
tbody tr:last-child td { border-bottom: 1.5px solid #1c1f23; }
td.text, th.text { text-align: left; }
tr.bad td { background: #fbe3d6; } tr.doubt td { background: #fdf3d4; }
.note { font-size: .88rem; background: #f3f5f7; border-left: 4px solid #8a8a8a; padding: .5rem .8rem; }
.note.bad { border-color: #d55e00; background: #fbe9df; }
.note.good { border-color: #009e73; background: #e6f4ef; }
@media (max-width: 640px) { body { padding: .8rem; font-size: 15px; } th, td { padding: .2rem .45rem; } }
@media print { h2 { break-before: page; } figure, table { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Part:
    """A piece of the page: finished HTML. Made by the functions below only, which escape all text."""

    html: str


def paragraph(text: str) -> Part:
    """A paragraph."""
    return Part(f"<p>{escape(text)}</p>")


def note(text: str, kind: str = "") -> Part:
    """A highlighted paragraph; ``kind`` is "", "good" or "bad"."""
    return Part(f'<p class="note {kind}">{escape(text)}</p>')


def heading(text: str, level: int, anchor: str = "") -> Part:
    """A heading, with an anchor to link to."""
    name = f' id="{escape(anchor)}"' if anchor else ""
    return Part(f"<h{level}{name}>{escape(text)}</h{level}>")


def contents(entries: Sequence[tuple[str, str]]) -> Part:
    """Links to headings, as (anchor, text)."""
    items = "".join(f'<li><a href="#{escape(a)}">{escape(text)}</a></li>' for a, text in entries)
    return Part(f"<nav><ul>{items}</ul></nav>")


def picture(vector: Path, alternative: str, caption: str) -> Part:
    """A figure with its caption; the SVG is part of the page."""
    data = base64.b64encode(vector.read_bytes()).decode()
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alternative)}">'
    return Part(f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>")


@dataclass(frozen=True)
class HtmlTable:
    """Rows of texts under titles; ``text_columns`` are aligned left, ``kinds`` colour rows."""

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    text_columns: Sequence[int] = (0,)
    kinds: Sequence[str] = field(default_factory=tuple)

    def part(self) -> Part:
        """The table as HTML, in a box that scrolls sideways on a narrow screen."""
        head = "".join(self._cell("th", i, title) for i, title in enumerate(self.titles))
        body = ""
        for number, row in enumerate(self.rows):
            kind = self.kinds[number] if self.kinds else ""
            cells = "".join(self._cell("td", i, text) for i, text in enumerate(row))
            body += f'<tr class="{escape(kind)}">{cells}</tr>' if kind else f"<tr>{cells}</tr>"
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return Part(f'<div class="scroll">{table}</div>')

    def _cell(self, tag: str, column: int, text: str) -> str:
        kind = ' class="text"' if column in self.text_columns else ""
        return f"<{tag}{kind}>{escape(text)}</{tag}>"


def render(title: str, parts: Sequence[Part]) -> str:
    """The whole page."""
    body = "\n".join(part.html for part in parts)
    # no resource of any kind may be fetched: data: images only
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE_SHEET}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
