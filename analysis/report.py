"""The report of a run: one self-contained page, figures as SVG and PNG, tables as CSV."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from morsecensus.analysis.agreement.verdicts import judge
from morsecensus.analysis.dataset.cells import Study, open_study
from morsecensus.analysis.dataset.committed import open_committed
from morsecensus.analysis.dataset.others import OtherCell
from morsecensus.analysis.estimates.counts import summarise_ledger
from morsecensus.analysis.page.markup import Part, heading, link, note, paragraph, render
from morsecensus.analysis.results import StudyResult, Tell, measure_study, untold
from morsecensus.analysis.topics.absent import TRAINING, absent_notes, unit_of
from morsecensus.analysis.topics.base import Chapter, Topic, chapter_of
from morsecensus.analysis.topics.findings import first_of_each
from morsecensus.analysis.topics.first_screen import first_screen
from morsecensus.analysis.topics.layout import Layout
from morsecensus.analysis.topics.registry import TOPICS
from morsecensus.storage.fresh_folder import fresh_folder

PAGE = "report.html"
EXPLORER = "explorer.html"
"""Linked where it is beside the folder of the report, as `morsecensus explore STORE` writes it."""
MOST_SHORT = 12
"""Unfinished cells that a page names."""
_LIMITS = (
    "These numbers stand beside their limits for N to infinity where those are known, and are tested against "
    "them where N is so large that nothing else is left. "
)


def write_report(
    store: str,
    out: str | Path,
    check: str = "sizes",
    partial: bool = False,
    made: Mapping[str, str] | None = None,
    tell: Tell = untold,
) -> Path:
    """Write the report of a run and return the path of its page.

    Args:
        store: path or URL of the run; its current dataset is read.
        out: folder, made if needed: ``report.html``, ``figures/`` (SVG and PNG), ``tables/`` (CSV). Files of
            an earlier report are gone when this one is whole, and stay if it fails; other files stay.
        check: of the dataset before anything is written, "sizes" or "crc".
        partial: read what is committed so far, in place of the dataset, and mark the page as such if that
            isn't all.
        made: when, how and by which version the report is made, for its provenance.
        tell: hears what is being done, by cell and by topic.

    Raises:
        StoreError: there is no run, no dataset yet (if partial, no committed block), or one with a missing
            or damaged object, or a file of the user's is in the way.
        OSError: the folder can't be written.
    """
    study = None if partial else open_study(store, check)
    with fresh_folder(Path(out)) as folder:
        held = folder / "held"
        study = open_committed(store, held) if study is None else study
        write_into(folder, _made(study, made or {}, Path(out).parent / EXPLORER), TOPICS, tell)
        shutil.rmtree(held, ignore_errors=True)
    return Path(out) / PAGE


def _made(study: Study, made: Mapping[str, str], explorer: Path) -> Study:
    beside = {"explorer": f"../{explorer.name}"} if explorer.is_file() else {}
    return replace(study, provenance={**study.provenance, "report": dict(made), **beside})


def write_into(folder: Path, study: Study, topics: Sequence[Topic[Any]], tell: Tell = untold) -> None:
    """Write the page, the figures and the tables of some topics, in this order, into a folder."""
    write_measured(folder, StudyResult(study, tuple(measure_study(study, tell))), topics, tell)


def write_measured(
    folder: Path, measured: StudyResult, topics: Sequence[Topic[Any]], tell: Tell = untold
) -> None:
    """The same of a study whose families are measured already."""
    for part in ("figures", "tables"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    result, chapters = find(measured, topics, tell)
    tables = {table: rows for chapter in chapters for table, rows in chapter.tables().items()}
    filled = {table: rows for table, rows in tables.items() if rows}
    for table, rows in filled.items():
        table.write(folder / "tables", rows)
    page = Layout(frozenset(table.name for table in filled))
    entries, parts = [], []
    for number, chapter in enumerate(chapters):
        tell("drawing", f"{number} of {len(chapters)} topics, {chapter.topic.anchor}")
        more_entries, more_parts = chapter.write(folder / "figures", page)
        entries += more_entries
        parts += more_parts
    learnt = first_of_each(finding for chapter in chapters for finding in chapter.findings)
    opening = [*_opening(result), *first_screen(learnt, folder / "figures")]
    text = render(_title(result.study), parts, opening, entries)
    (folder / PAGE).write_text(text, encoding="utf-8")


def find(
    study: StudyResult, topics: Sequence[Topic[Any]], tell: Tell = untold
) -> tuple[StudyResult, list[Chapter[Any]]]:
    """What each topic finds in a study, and the study with the verdicts on all of their tests."""
    found: dict[Topic[Any], Chapter[Any]] = {}

    def ask(topic: Topic[Any], study: StudyResult) -> None:
        tell("comparing", f"{len(found)} of {len(topics)} topics, {topic.anchor}")
        found[topic] = chapter_of(topic, study)

    for topic in topics:
        if not topic.last:
            ask(topic, study)
    judged = replace(study, verdicts=tuple(judge(t for chapter in found.values() for t in chapter.tests)))
    for topic in topics:
        if topic.last:
            ask(topic, judged)
    return judged, [found[topic] for topic in topics]


def _title(study: Study) -> str:
    kind = "Census report" if study.cells or not study.others else "Report"
    return f"{kind}{' of an unfinished run' * bool(study.unfinished)}: {study.name}"


def _unfinished(study: Study) -> Part:
    held, planned = (sum(numbers) for numbers in zip(*study.unfinished.values(), strict=True))
    training = not study.cells and all(cell.body in TRAINING for cell in study.others)
    unit = "training runs" if training else "landscapes"
    short = [f"{name} {a:,} of {b:,}" for name, (a, b) in study.unfinished.items() if a < b]
    shown = ", ".join(short[:MOST_SHORT]) + (
        f" and {len(short) - MOST_SHORT} more" * (len(short) > MOST_SHORT)
    )
    return note(
        f"Unfinished: {held:,} of {planned:,} {unit} are committed, and all numbers here are of these "
        f"({shown}). Blocks that take long end last, so means may be off by which landscapes are there.",
        "bad",
    )


def _of_others(study: Study) -> str:
    """What cells that are no census hold, body by body."""
    texts = []
    for body in dict.fromkeys(cell.body for cell in study.others):
        cells = [cell for cell in study.others if cell.body == body]
        failed = sum(cell.failed for cell in cells)
        without = f" ({failed:,} more were not computed)" if failed else ""
        texts.append(f"{body}: {_computed(body, cells)}{without}, {_cells(cells)}")
    beside = "Beside the census" if study.cells else "No census, but"
    limits = "" if all(cell.body in TRAINING for cell in study.others) else _LIMITS
    return f"{beside} {'; '.join(texts)}. {limits}All of their numbers are in tables/ in full."


def _computed(body: str, cells: Sequence[OtherCell]) -> str:
    """How many landscapes, with how many starts or runs on them."""
    many = f"{sum(cell.held - cell.failed for cell in cells):,} {unit_of(body)}"
    if body in TRAINING:
        return many
    for dimension, word in (("start", "starts"), ("run", "runs")):
        sizes = [cell.computed.sizes for cell in cells if dimension in cell.data.sizes]
        if sizes:
            return f"{sum(size['landscape'] * size[dimension] for size in sizes):,} {word} on {many}"
    return many


def _cells(cells: Sequence[Any]) -> str:
    return f"{len(cells):,} cell{'s' * (len(cells) != 1)}"


def _opening(result: StudyResult) -> list[Part]:
    study, cells = result.study, result.cells
    parts = [heading(_title(study), 1), *([_unfinished(study)] if study.unfinished else [])]
    if cells or not study.others:
        points = sum(int(summarise_ledger(cell)["points"]) for cell in cells)
        landscapes = sum(cell.held for cell in cells)
        text = (
            f"{points:,} critical points in {landscapes:,} landscapes, {_cells(cells)}. Every number "
            "here stands beside the exact mean of the Kac-Rice formula at the same N where one is known, and "
            "every mean beside what incomplete landscapes may have hidden. All numbers of the page are in "
            "tables/ in full."
        )
        parts.append(paragraph(text))
    if study.others:
        parts.append(paragraph(_of_others(study)))
        parts += absent_notes(cell for cell in study.others if cell.empty)
    if "explorer" in study.provenance:
        parts.append(link(study.provenance["explorer"], "Look around in these landscapes: the explorer"))
    absent = study.provenance["cells_without_data"]
    if absent and not study.unfinished:
        parts.append(note(f"No data yet for {', '.join(absent)}: run the study again.", "bad"))
    return parts
