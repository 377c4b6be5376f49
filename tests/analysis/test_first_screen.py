"""The first screen against numbers recounted from the arrays, and the page as a reader's programs see it.

One small run: q^3 at N = 3 and 4, complete, and a second family without theory, with open landscapes and a
block that was not computed; and one that isn't finished.
"""

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
import zarr
from scipy.stats import norm
from typer.testing import CliRunner

from morsecensus.analysis.dataset.cells import Cell, open_study
from morsecensus.analysis.dataset.committed import open_committed
from morsecensus.analysis.page.style import log_scale, new_figure, style
from morsecensus.analysis.report import find, write_into, write_measured, write_report
from morsecensus.analysis.results import StudyResult, measure_cell, measure_study
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.complexity.figure import draw_complexity
from morsecensus.analysis.topics.counts.figure import draw_counts
from morsecensus.analysis.topics.counts.section import Counts, count_rows
from morsecensus.analysis.topics.energies.figure import draw_bands, draw_index_against_energy
from morsecensus.analysis.topics.energies.learnt import _departure
from morsecensus.analysis.topics.energies.section import energy_rows
from morsecensus.analysis.topics.families import Families
from morsecensus.analysis.topics.findings import Finding, Question, first_of_each
from morsecensus.analysis.topics.layout import Section
from morsecensus.analysis.topics.ledger.figure import draw_ledger
from morsecensus.analysis.topics.registry import TOPICS
from morsecensus.analysis.topics.rows import freedom, in_words, not_drawn, score
from morsecensus.analysis.topics.study.section import Cells
from morsecensus.analysis.topics.verdicts.figure import draw_p_values
from morsecensus.pipeline.cli.app import app
from morsecensus.storage.dataset import dataset_path
from morsecensus.storage.errors import StoreError
from support.figures import unrendered

MADE = {"date": "2020-01-02 03:04 UTC", "command": "morsecensus report x", "git commit": "abc"}
VOID = ("meta", "img", "input", "br")


class Node(HTMLParser):
    """A page as a tree: ``find`` gives elements in order, ``words`` the text of one."""

    def __init__(self, text):
        super().__init__()
        self.root = ElementTree.Element("page")
        self.path = [self.root]
        self.feed(text)
        assert self.path == [self.root]

    def handle_starttag(self, tag, attrs):
        made = ElementTree.SubElement(self.path[-1], tag, {k: v or "" for k, v in attrs})
        if tag not in VOID:
            self.path.append(made)

    def handle_endtag(self, tag):
        assert self.path.pop().tag == tag

    def handle_data(self, data):
        last = self.path[-1]
        if len(last):
            last[-1].tail = (last[-1].tail or "") + data
        else:
            last.text = (last.text or "") + data

    def find(self, *tags):
        return [one for one in self.root.iter() if one.tag in tags]


def words(element):
    return "".join(element.itertext())


@pytest.fixture(scope="module")
def store(synthetic, tmp_path_factory):
    def make(*place, **more):
        return synthetic.layout(*place, spectra=False, **more)

    cells = [
        (make(0, 3, 60), {}, ()),
        (make(1, 4, 60), {}, ()),
        (make(2, 4, 60, block_size=20, model="other", xi="none"), {"status": 1, "keep": 0.6}, {1}),
    ]
    return synthetic.store(tmp_path_factory.mktemp("first") / "run", cells)


@pytest.fixture(scope="module")
def unfinished(synthetic, tmp_path_factory):
    cells = [
        (synthetic.layout(0, 3, 20, spectra=False, model="other", xi="none"), {}, ()),
        (synthetic.layout(1, 4, 60, spectra=False, block_size=20, model="other", xi="none"), {}, {1}),
    ]
    return synthetic.store(tmp_path_factory.mktemp("unfinished") / "run", cells)


@pytest.fixture(scope="module")
def measured(store):
    study = open_study(store)
    study = replace(study, provenance={**study.provenance, "report": MADE})
    return StudyResult(study, tuple(measure_study(study)))


@pytest.fixture(scope="module")
def folder(measured, tmp_path_factory):
    out = tmp_path_factory.mktemp("page")
    write_measured(out, measured, TOPICS)
    return out


@pytest.fixture(scope="module")
def page(folder):
    return Node((folder / "report.html").read_text(encoding="utf-8"))


def columns_of(store):
    root = zarr.open_group(dataset_path(store), mode="r")
    return {cell: {name: array[:] for name, array in root[cell].arrays()} for cell, _ in root.groups()}


@pytest.fixture(scope="module")
def raw(store):
    return columns_of(store)


@pytest.fixture(scope="module")
def families(measured):
    return measured.families


def answers(page):
    (listed,) = [one for one in page.find("ul") if one.get("class") == "answers"]
    return {one.find("strong").text.rstrip("."): words(one) for one in listed}


def rows(folder, name):
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_questions_stand_in_their_order_before_the_sections(page):
    of_a_census = list(Question)[: list(Question).index(Question.OPEN) + 1]
    assert list(answers(page)) == [question.value for question in of_a_census]
    tags = [one.tag for one in page.root.iter()]
    assert tags.index("ul") < tags.index("nav") < tags.index("main")
    header = next(iter(page.find("header")))
    assert len(header.findall(".//img")) == 3


def test_numbers_of_the_answers_are_those_of_the_arrays(page, raw):
    said, columns = answers(page), raw["c0001"]
    minima = columns["index"] == 0
    assert f"at N = 4 minima lie at an energy per spin of −{abs(columns['energy'][minima].mean()):.2f}" in (
        said["Where minima lie"].replace("At N", "at N")
    )
    spread = re.search(
        r"spread of (\d\.\d+) ± (\d\.\d+) \(theory −(\d\.\d+), (\d\.\d+)\)", said["Where minima lie"]
    )
    value, error, mean, exact = map(float, spread.groups())
    assert value == pytest.approx(columns["energy"][minima].std(), abs=error / 2)
    assert (mean, exact) == (pytest.approx(0.9422, abs=1e-3), pytest.approx(0.37776, abs=1e-3))
    shares = [float(x) for x in re.findall(r"(\d+\.\d+) ± \d\.?\d*%", said["How rare minima are"])]
    for share, cell in zip(shares, ("c0001", "c0000"), strict=True):
        assert share == pytest.approx(100 * (raw[cell]["index"] == 0).mean(), abs=0.06)
    assert "would leave 12.5%" in said["How rare minima are"]
    # an odd landscape: the index passes half of the dimension at energy zero
    half = re.search(
        r"50% of the dimension at energy (−?\d\.\d\d) \(theory −?(0\.00)\)", said["Index against energy"]
    )
    assert abs(float(half[1].replace("−", "-"))) < 0.1


def test_large_scores_of_the_study_are_weighed(page, folder):
    scores = [
        abs(float(row["z"])) for name in ("counts", "energies") for row in rows(folder, name) if row["z"]
    ]
    (text,) = [words(one) for one in page.find("p") if words(one).startswith("counts.csv and energies.csv")]
    assert f"Of {len(scores)} z-scores {sum(score >= 2 for score in scores)} " in text
    assert f"the largest is {max(scores):.1f}" in text


def test_agreement_is_counted(page, folder):
    known = [row for row in rows(folder, "tests") if row["p_value"]]
    said = answers(page)["Agreement"]
    assert said.startswith(f"Agreement. {len(known)} tests against exact theory")
    assert f"{sum(row['verdict'] == 'undecided' for row in known)} undecided" in said


def test_what_is_open_and_what_it_could_change(page, raw):
    said = answers(page)["What is open"]
    assert "60 of 180 landscapes aren't complete" in said
    assert "in c0002 (N = 4)" in said
    columns = raw["c0002"]
    bias = (30 - columns["n_points"].clip(0)).mean()
    assert float(re.search(r"at most (\d+\.?\d*)", said)[1]) == pytest.approx(bias, abs=0.06)


def said_of(store):
    study = open_study(store)
    _, chapters = find(StudyResult(study, tuple(measure_study(study))), TOPICS)
    found = first_of_each(one for chapter in chapters for one in chapter.findings)
    return {one.question.value: one.text for one in found}


def test_a_study_that_cannot_say_is_silent(synthetic, tmp_path):
    """No points, or a model without theory: nothing is said of what is not known."""
    cells = [(synthetic.layout(0, 3, 20, spectra=False), {"empty": True, "status": 2}, ())]
    assert list(said_of(synthetic.store(tmp_path / "empty", cells))) == ["Agreement", "What is open"]
    cells = [(synthetic.layout(0, 4, 20, spectra=False, model="other", xi="none"), {}, ())]
    said = said_of(synthetic.store(tmp_path / "other", cells))
    assert "No test against exact theory" in said["Agreement"]
    assert "are minima at N = 4" in said["How rare minima are"]
    assert not any("theory" in text for question, text in said.items() if question != "Agreement")
    assert not any("nan" in text for text in said.values())


def test_a_topic_of_a_stranger_brings_its_own_answer(measured, tmp_path):
    class Odd(Topic):
        anchor = "odd"

        def find(self, study):
            return [len(study.cells)]

        def findings(self, found):
            return [Finding(Question.BAND, f"{found[0]} <cells>.")]

        def section(self, found):
            return Section("Odd", [])

    write_measured(tmp_path, measured, (Odd(),))
    assert answers(Node((tmp_path / "report.html").read_text())) == {
        "Where minima lie": "Where minima lie. 3 <cells>."
    }


def test_one_answer_a_question_the_first():
    asked = [Finding(question, str(k)) for k, question in enumerate([*reversed(Question), *Question])]
    assert [(one.question, one.text) for one in first_of_each(asked)] == [
        (question, str(len(Question) - 1 - k)) for k, question in enumerate(Question)
    ]


def test_what_programs_for_readers_need(page):
    """Headings in order and each with a link, ids once, scopes, alternatives that say what is there."""
    ids = [one.get("id") for one in page.root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    levels = [int(one.tag[1]) for one in page.find("h1", "h2", "h3", "h4", "h5")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for head in page.find("h2", "h3", "h4", "h5"):
        link = head.find("a[@class='here']")
        assert link.get("href") == f"#{head.get('id')}"
        assert link.get("aria-label")
    assert all(one.get("scope") in ("col", "row") for one in page.find("th"))
    for table in page.find("table"):
        assert all(row[0].get("scope") == "row" for row in table.find("tbody"))
    texts = [one.get("alt") for one in page.find("img")]
    assert len(set(texts)) == len(texts)
    assert all(len(text) > 60 and " against " in text for text in texts)
    (nav,) = page.find("nav")
    assert [one.get("href")[1:] for one in nav.iter("a")] == [one.get("id") for one in page.find("h2")]
    assert nav.get("aria-label")


def test_a_phone_has_the_name_of_each_number(page):
    wide = [one for one in page.find("table") if one.get("class") == "wide"]
    assert wide
    for table in wide:
        titles = [words(one) for one in table.iter("th") if one.get("scope") == "col"]
        for row in table.find("tbody"):
            assert [one.get("data-name") for one in row] == titles


def test_families_fold_but_the_first_and_are_introduced_once(page):
    folds = page.find("details")
    assert ["open" in one.attrib for one in folds] == [True, False]
    assert all(one[0].tag == "summary" and one[0][0].tag == "h2" for one in folds)
    texts = [words(one) for one in page.find("p")]
    assert (
        sum(text.startswith("Mean numbers of critical points on the whole manifold") for text in texts) == 1
    )
    for fold in folds:
        assert {"Numbers of critical points", "Bands of minima"} <= {words(one) for one in fold.iter("h3")}


def test_files_of_a_figure_are_linked(page, folder):
    for figure in (one for one in page.find("figure") if one.find(".//img") is not None):
        links = [
            one.get("href") for one in figure.find("figcaption").iter("a") if "arxiv" not in one.get("href")
        ]
        assert all((folder / link).stat().st_size for link in links)
        assert {link.rpartition(".")[2] for link in links} >= {"svg", "png"}
    (bands,) = [
        one
        for one in page.find("details")[0].iter("figure")
        if "-bands.svg" in str(ElementTree.tostring(one))
    ]
    assert "tables/energies.csv" in [one.get("href") for one in bands.iter("a")]


def test_no_formula_is_program_text(page):
    shown = " ".join(words(one) for one in page.find("header", "nav", "main"))
    assert not re.search(r"q\^\d|E_inf|\d[eE][-−]\d|\bxi = [\dq]", shown)
    assert len(page.find("math")) > 10
    assert "https://arxiv.org/abs/1003.1129" in [one.get("href") for one in page.find("a")]


def test_where_the_numbers_come_from(page):
    (head,) = [one for one in page.find("h2") if one.get("id") == "provenance"]
    table = page.find("table")[-1]
    told = {words(row[0]): words(row[1]) for row in table.find("tbody")}
    assert told.items() >= {f"this report: {name}": value for name, value in MADE.items()}.items()
    assert not any("{" in text for text in told.values())
    assert "Provenance" in words(head)


def test_tables_without_rows_are_not_written(folder):
    written = list((folder / "tables").glob("*.csv"))
    assert len(written) > 8
    assert all(path.stat().st_size for path in written)
    assert not (folder / "tables/paths.csv").exists()


def test_a_partial_report_is_of_what_is_committed_and_says_so(unfinished, tmp_path):
    study = open_committed(unfinished, tmp_path / "held")
    with unrendered():
        write_into(tmp_path / "part", study, (Cells(), Families((Counts(),))))
    page = Node((tmp_path / "part/report.html").read_text(encoding="utf-8"))
    assert "unfinished" in words(page.find("h1")[0])
    assert "60 of 80 landscapes are committed" in words(page.find("header")[0])
    assert "c0001 40 of 60" in words(page.find("header")[0])
    counts = columns_of(unfinished)["c0001"]["points_by_index"].sum(axis=1)
    (row,) = [one for one in rows(tmp_path / "part", "counts") if (one["n"], one["index"]) == ("4", "all")]
    assert float(row["mean"]) == pytest.approx(counts[np.r_[0:20, 40:60]].mean())


def test_committed_rows_stay_with_their_landscapes(unfinished, tmp_path):
    study = open_committed(unfinished, tmp_path)
    assert study.unfinished == {"c0000": (20, 20), "c0001": (40, 60)}
    data, columns = study.cells[1].stored, columns_of(unfinished)["c0001"]
    np.testing.assert_array_equal(data["landscape"], [*range(20), *range(40, 60)])
    numbers = data["landscape"].values[data["row_landscape"].values]
    np.testing.assert_array_equal(numbers, columns["row_landscape"])
    np.testing.assert_array_equal(data["energy"], columns["energy"])
    np.testing.assert_array_equal(data["row_size"], columns["row_size"][data["landscape"].values])


def test_the_command_writes_a_partial_report_and_leaves_nothing_else(synthetic, tmp_path):
    layout = synthetic.layout(0, 3, 40, spectra=False, block_size=20)
    store = synthetic.store(tmp_path / "run", [(layout, {"empty": True}, {0})])
    (tmp_path / "run/latest.json").unlink()
    refused = CliRunner().invoke(app, ["report", store])
    assert refused.exit_code == 1
    assert "--partial" in refused.stderr
    ended = CliRunner().invoke(app, ["report", store, "--partial"])
    assert ended.exit_code == 0, ended.output
    page = Node((tmp_path / "run/report/report.html").read_text(encoding="utf-8"))
    assert "20 of 40 landscapes are committed" in words(page.find("header")[0])
    files = {path.name for path in (tmp_path / "run/report").iterdir()}
    assert {name for name in files if name[0] != "."} == {"report.html", "figures", "tables"}


def test_a_finished_run_is_not_marked_and_an_empty_one_refused(census_store, synthetic, tmp_path):
    assert open_committed(census_store, tmp_path / "whole").unfinished == {}
    nothing = synthetic.store(tmp_path / "run", [(synthetic.layout(0, 3, 20), {}, {0})])
    with pytest.raises(StoreError, match="nothing is committed yet"):
        write_report(nothing, tmp_path / "out", partial=True)
    assert not (tmp_path / "out").exists()


DRAWN = {
    "counts": lambda family: draw_counts(family.cells),
    "bands": draw_bands,
    "index": draw_index_against_energy,
    "complexity": draw_complexity,
}


def points_of(ax):
    """Numbers of different x of each series with symbols."""
    drawn = [
        np.asarray(line.get_xdata(), dtype=float)
        for line in ax.lines
        if line.get_marker() not in ("None", "")
    ]
    return [len(set(x[np.isfinite(x)])) for x in drawn]


@pytest.mark.parametrize("name", DRAWN)
def test_one_size_draws_no_panel_of_one_point(name, families):
    one = SimpleNamespace(
        cells=families[0].cells[1:], **{k: getattr(families[0], k) for k in ("floor", "limits")}
    )
    one.floor_label, one.limiting_index = families[0].floor_label, families[0].limiting_index
    with style():
        figure = DRAWN[name](one)
    for ax in figure.axes:
        assert max(points_of(ax)) > 2, ax.get_ylabel()


@pytest.mark.parametrize("name", DRAWN)
def test_no_legend_lies_on_a_curve_or_names_what_is_not_there(name, families):
    with style():
        figure = DRAWN[name](families[0])
        figure.draw_without_rendering()
    legends = [(ax, ax.get_legend()) for ax in figure.axes if ax.get_legend() is not None]
    assert legends
    for ax, legend in legends:
        assert not legend.get_window_extent().overlaps(ax.get_window_extent().padded(-1))
        handles, labels = ax.get_legend_handles_labels()
        assert len(labels) == len(set(labels))
        assert len(handles) == len(legend.get_texts())


def test_symbols_stand_at_their_size(families):
    with style():
        figures = [DRAWN[name](families[0]) for name in ("counts", "bands", "complexity")]
    for ax in (ax for figure in figures for ax in figure.axes if ax.get_xlabel() == "N"):
        places = [x for line in ax.lines if line.get_marker() in ("o", "s", "D") for x in line.get_xdata()]
        assert places
        assert all(x == round(x) for x in places)


def test_every_size_is_drawn_or_named():
    cells = [SimpleNamespace(n=n) for n in range(4, 16)]
    assert not_drawn(cells[:8], 8) == ""
    named = re.findall(r"\d+", not_drawn(cells, 8))
    assert len(named) == 4
    assert {"4", "15"}.isdisjoint(named)


def test_a_ledger_is_drawn_where_it_says_something(families):
    with style():
        assert draw_ledger(families[0].cells) is None
        figure = draw_ledger(families[1].cells)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[0] == "status of landscapes"


def test_ticks_of_a_logarithmic_axis_are_numbers():
    with style():
        figure, (wide, narrow) = new_figure(1, 2, 3.0)
        for ax, limits in ((wide, (1.5, 3e5)), (narrow, (0.06, 0.3))):
            ax.plot([1, 2], limits)
            log_scale(ax)
            ax.set_ylim(*limits)
        figure.draw_without_rendering()
        shown = [
            [
                tick.get_text()
                for tick in (*ax.get_yticklabels(), *ax.get_yticklabels(minor=True))
                if tick.get_text()
            ]
            for ax in (wide, narrow)
        ]
    assert {"10", "100", "1000"} <= set(shown[0])
    assert {"0.1", "0.2"} <= set(shown[1])
    assert not any("times" in text for text in shown[1])


def test_how_many_large_scores_are_expected():
    rng = np.random.default_rng(8)
    scores = rng.standard_normal(400)
    text = in_words([{"z": float(z)} for z in scores] + [{"z": None}])
    found = re.match(
        r"Of 400 z-scores (\d+) are beyond 2, where chance alone makes (\d+\.\d); the largest is", text
    )
    assert int(found[1]) == np.sum(np.abs(scores) >= 2)
    assert float(found[2]) == pytest.approx(400 * 2 * norm.sf(2), abs=0.05)
    beyond = float(re.search(r"and (\S+) that large are expected", text)[1])
    assert beyond == pytest.approx(400 * 2 * norm.sf(np.abs(scores).max()), rel=0.06)
    assert in_words([{"z": 2.8}]) == ""


def test_large_scores_of_few_landscapes_are_expected():
    """Three landscapes, right theory: |t| of two degrees of freedom is beyond 2 in 18%, not in 4.6%."""
    rng = np.random.default_rng(9)
    values = rng.standard_normal((4000, 3))
    scores = values.mean(axis=1) / (values.std(axis=1, ddof=1) / 3**0.5)
    text = in_words([{"z": float(z), "freedom": freedom(3, 1.0)} for z in scores])
    found = re.match(r"Of 4000 z-scores (\d+) are beyond 2, where chance alone makes (\d+\.\d);", text)
    assert float(found[2]) == pytest.approx(4000 * 0.1835, abs=0.2)  # 1 - 2/sqrt(6) of it
    assert abs(int(found[1]) - float(found[2])) < 3.5 * (4000 * 0.1835 * 0.8165) ** 0.5
    assert freedom(3, 1.0, 1e9) > 1e30
    assert freedom(11, 1.0, 1.0) == pytest.approx(40)


def test_departures_of_few_landscapes_are_as_large_as_chance_makes_them():
    """A right theory and four landscapes: one standard error, where Student's scores have 1.7 on average."""
    draws = np.random.default_rng(10).standard_normal((3000, 4))
    error = draws.std(axis=1, ddof=1) / 2
    columns = {"index": 1 + 0.01 * draws.mean(axis=1), "index_se": 0.01 * error, "all": np.full(3000, 50.0)}
    made = SimpleNamespace(
        cell=SimpleNamespace(landscapes=4),
        histogram=xr.Dataset({name: ("bin", values) for name, values in columns.items()}),
        binned=np.ones((3, 3000)),
        expected=SimpleNamespace(complete=True),
    )
    text = _departure(made, np.arange(3000))
    assert re.search(r"by (0\.9\d|1\.0\d?|1) standard errors", text), text


def test_rows_of_scores_say_how_many_landscapes_they_are_from(census_store):
    cell = open_study(census_store).cells[1]
    data = cell.dataset.load()
    rows = slice(0, int(data["row_size"].values[:3].sum()))
    three = Cell(cell.name, data.isel(landscape=slice(0, 3), row=rows), 3)
    few = measure_cell(three, np.linspace(-3, 3, 25))
    rows = [*count_rows([few]), *energy_rows([few])]
    known = [row for row in rows if row["z"] is not None]
    assert known
    assert {row["freedom"] for row in known} <= {1, 2}
    assert {row["freedom"] for row in count_rows([few])} == {2}


def test_rounding_is_no_standard_error():
    """A mean that is 0 by symmetry, and numbers that are the same in every landscape."""
    assert score(1.02, 0.01, 1.0) == pytest.approx(2.0)
    assert score(-4.6e-19, 4.2e-19, 3.2e-18, scale=0.3) is None
    assert score(6.0 + 1e-15, 1e-15, 6.0) is None
    assert score(1.0, 0.0, 1.0) is None
    assert score(1e-6, 1e-7, 0.0, scale=1.0) == pytest.approx(10.0), "small, but no rounding"


@pytest.mark.parametrize(
    "values", [np.linspace(0.86, 0.95, 8), np.geomspace(1e-6, 0.3, 40), np.linspace(0.03, 0.97, 30)]
)
def test_no_p_value_lies_under_the_legend(values):
    with style():
        figure = draw_p_values([], values)
        figure.draw_without_rendering()
    (ax,) = (ax for ax in figure.axes if ax.get_visible())
    points = ax.transData.transform(ax.lines[-1].get_xydata())
    box = ax.get_legend().get_window_extent()
    assert not any(box.contains(x, y) for x, y in points)
