"""Topics: one of a stranger's in the page, all tests under one correction, tables that are declared whole."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from morsecensus.analysis.agreement.residuals import TestResult
from morsecensus.analysis.agreement.verdicts import check, judge, plain_test
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import new_figure
from morsecensus.analysis.page.table import Column, Table
from morsecensus.analysis.report import write_into
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Chapter, Topic
from morsecensus.analysis.topics.document import document
from morsecensus.analysis.topics.families import Families
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.registry import TOPICS
from morsecensus.analysis.topics.verdicts.section import Agreement

REPOSITORY = Path(__file__).parents[2]
PARITIES = Table(
    "parities",
    "Odd numbers of points: one row for each cell.",
    (
        Column("cell", "name of the cell", title="cell", left=True),
        Column("odd", "landscapes with an odd number of points", "landscapes", "odd", "{:,}".format),
    ),
)


class Parities(Topic):
    """A stranger's topic: points come in pairs x, -x, so no landscape has an odd number of them."""

    anchor, declared = "parities", (PARITIES,)

    def __init__(self, p_value=1.0):
        self.p_value = p_value

    def find(self, study):
        odd = {cell: int(np.sum(cell.dataset["n_points"].values % 2)) for cell in study.cells}
        return [odd] if odd else []

    def tables(self, found):
        return {PARITIES: [{"cell": cell.name, "odd": number} for cell, number in found.items()]}

    def figures(self, found):
        figure, (ax,) = new_figure(1, 1, 2.0)
        ax.bar(range(len(found)), list(found.values()))
        return {"bars": figure}

    def tests(self, found):
        result = TestResult("parity", 0.0, 1, self.p_value, self.p_value, 300)
        return [plain_test([cell], result, self.anchor) for cell in found]

    def section(self, found):
        table = PARITIES.part(self.tables(found)[PARITIES])
        return Section("Parities <&>", [paragraph("Odd."), Picture("bars", "bars", "Bars."), table])


def rows_of(folder, name):
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def pages(census_store, tmp_path_factory):
    """Reports with the stranger's topic whose test holds, and whose test rejects."""
    folders = {}
    for p_value in (1.0, 1e-6):
        folders[p_value] = tmp_path_factory.mktemp("stranger")
        write_into(folders[p_value], open_study(census_store), (Agreement(), Families(()), Parities(p_value)))
    return folders


def test_a_strangers_topic_is_in_the_page_by_one_entry_of_a_list(pages):
    folder = pages[1.0]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<a href="#parities">Parities &lt;&amp;&gt;</a>' in page
    assert re.search(
        r'<h2 id="parities">Parities &lt;&amp;&gt;<a [^>]*></a></h2>\n<p>Odd.</p>\n<figure>', page
    )
    assert rows_of(folder, "parities") == [{"cell": name, "odd": "0"} for name in ("c0000", "c0001")]
    assert {"parities-bars.svg", "parities-bars.png"} <= {
        path.name for path in (folder / "figures").iterdir()
    }


def test_the_tests_of_a_section_are_corrected_with_all_others(pages):
    right, wrong = (rows_of(folder, "tests") for folder in pages.values())
    assert len(right) == len(wrong) == 7 + 9 + 2
    assert [row["section"] for row in right] == [""] * 16 + ["parities"] * 2
    # 17 others and itself, and the one of the same p-value after it
    assert [float(row["p_value_holm"]) for row in wrong[-2:]] == pytest.approx([18e-6, 18e-6])
    assert {row["verdict"] for row in right} == {"agrees"}
    assert [row["verdict"] for row in wrong] == ["agrees"] * 16 + ["disagrees"] * 2
    for row, other in zip(right[:16], wrong[:16], strict=True):
        assert row["p_value"] == other["p_value"]
    good, bad = ((folder / "report.html").read_text(encoding="utf-8") for folder in pages.values())
    assert "18 tests against exact theory at a joint level of 0.01 (Holm): 0 disagree" in good
    assert "18 tests against exact theory at a joint level of 0.01 (Holm): 2 disagree" in bad
    assert "The tests of the sections below" in good


def test_missed_points_leave_a_section_undecided():
    lenient = TestResult("a", 0.0, 1, 1e-6, 1.0, 300)
    sure = TestResult("b", 0.0, 1, 1e-6, 1e-6, 300)
    nothing = TestResult("c", 0.0, 0, None, None, 300)
    verdicts = judge(plain_test((), result, "") for result in (lenient, sure, nothing))
    assert [verdict.word for verdict in verdicts] == ["undecided", "disagrees", "not testable"]
    assert [verdict.adjusted for verdict in verdicts] == [pytest.approx(2e-6), pytest.approx(2e-6), None]


def test_the_tables_of_the_report_are_documented():
    """Written by python -m morsecensus.analysis.topics.document docs/report.md."""
    assert (REPOSITORY / "docs" / "report.md").read_text(encoding="utf-8") == document()


def test_every_column_has_one_name_and_a_meaning():
    tables = [table for topic in TOPICS for table in topic.declared]
    assert len({table.name for table in tables}) == len(tables) > 40
    for table in tables:
        names = [column.name for column in table.stored]
        assert len(set(names)) == len(names), table.name
        assert all(column.meaning for column in table.stored), table.name
        assert all(column.title and column.shown for column in table.columns if not column.name), table.name


def test_anchors_are_of_one_topic_each():
    anchors = [topic.anchor for topic in TOPICS]
    assert len(set(anchors)) == len(anchors)
    below = [topic.anchor for topic in next(t for t in TOPICS if isinstance(t, Families)).topics]
    assert len(set(below)) == len(below)


def test_a_row_that_lacks_a_column_is_an_error(tmp_path):
    with pytest.raises(KeyError, match="odd"):
        PARITIES.write(tmp_path, [{"cell": "c0000"}])


def test_a_study_without_anything_has_no_tables_and_no_findings():
    for topic in TOPICS:
        nothing = Chapter(topic, [])
        assert (nothing.tables(), nothing.findings) == ({}, [])
    assert StudyResult(None, ()).verdicts == ()  # type: ignore[arg-type]


def test_what_must_hold_in_every_landscape_takes_no_correction():
    drawn = plain_test((), TestResult("a", 0.0, 1, 0.004, 0.004, 300), "")
    checks = [check((), "holds", *numbers, 10, "") for numbers in ((0, 0), (3, 2), (3, 3))]
    right, wrong, excused = (judge([drawn, one]) for one in checks)
    assert [verdict.word for verdict in right] == ["disagrees", "agrees"]
    assert [verdict.word for verdict in wrong] == ["disagrees", "disagrees"]
    assert [verdict.word for verdict in excused] == ["disagrees", "undecided"]
    # 0.004 stays what it is beside any number of certainties; beside a test it is doubled
    assert [verdicts[0].adjusted for verdicts in (right, wrong, excused)] == [0.004] * 3
    assert judge([drawn, drawn])[0].adjusted == 0.008
