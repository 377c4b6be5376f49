"""The report: its tables against values computed another way, its page, and runs with little in them."""

import csv
import re
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
import zarr
from scipy.stats import binomtest, norm
from scipy.stats import f as fisher

from morsecensus.analysis.agreement.residuals import uniformity_test
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.report import write_report
from morsecensus.analysis.theory.goe.sampler import sample_spectra
from morsecensus.analysis.topics.verdicts.measure import independent_p_values, verdict_rows
from morsecensus.storage.dataset import dataset_path
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.landscapes.spin import MixedSpin
from support.figures import unrendered


def read(folder, name):
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(census_store, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "made" / "here"
    page = write_report(census_store, out)
    assert page == out / "report.html"
    return out


@pytest.fixture(scope="module")
def raw(census_store):
    """Columns read with zarr alone: name of the cell -> name of the column -> values."""
    root = zarr.open_group(dataset_path(census_store), mode="r")
    return {cell: {name: array[:] for name, array in root[cell].arrays()} for cell in ("c0000", "c0001")}


def recounted(columns, n):
    table = np.zeros((len(columns["row_size"]), n))
    np.add.at(table, (columns["row_landscape"], columns["index"]), 1)
    return table


def test_counts_table(folder, raw):
    rows = read(folder, "counts")
    assert [(row["cell"], row["index"]) for row in rows] == [
        *[("c0000", k) for k in ("all", "0", "1", "2")],
        *[("c0001", k) for k in ("all", "0", "1", "2", "3")],
    ]
    # exact means: q^3 at N = 3 and 4, from published closed forms and tables
    exact = {("c0000", "all"): 10.552360, ("c0000", "0"): 3.138090, ("c0001", "all"): 18.790234}
    exact |= {("c0001", "0"): 3.579524, ("c0001", "1"): 5.815593}
    for row in rows:
        counts = recounted(raw[row["cell"]], int(row["n"]))
        values = counts.sum(axis=1) if row["index"] == "all" else counts[:, int(row["index"])]
        mean, se = values.mean(), values.std(ddof=1) / np.sqrt(150)
        assert float(row["mean"]) == pytest.approx(mean)
        assert float(row["se"]) == pytest.approx(se)
        wanted = exact.get((row["cell"], row["index"]))
        if wanted is not None:
            assert float(row["exact"]) == pytest.approx(wanted, abs=2e-6)
            assert float(row["z"]) == pytest.approx((mean - wanted) / se, abs=1e-4)
        assert float(row["missing_bound"]) == 0


def test_joint_test_of_counts_by_hand(folder, raw):
    rows = {row["cell"]: row for row in read(folder, "tests") if row["test"] == "counts by index"}
    counts = recounted(raw["c0001"], 4)[:, :2]
    away = counts.mean(axis=0) - [3.579524, 5.815593]
    statistic = 150 * away @ np.linalg.solve(np.cov(counts.T), away)
    assert float(rows["c0001"]["statistic"]) == pytest.approx(statistic, rel=1e-3, abs=1e-4)
    p_value = fisher.sf(statistic * 148 / (2 * 149), 2, 148)
    # resampling may only make it larger, and these counts are nearly Gaussian
    assert p_value - 1e-4 <= float(rows["c0001"]["p_value"]) <= p_value + 0.05
    # N = 3: the Morse sum leaves one dimension, a t-test on minima
    minima = recounted(raw["c0000"], 3)[:, 0]
    score = (minima.mean() - 3.138090) / (minima.std(ddof=1) / np.sqrt(150))
    assert float(rows["c0000"]["statistic"]) == pytest.approx(score**2, abs=1e-4)


def test_all_tests_agree_on_data_of_the_exact_law(folder):
    rows = read(folder, "tests")
    assert {row["verdict"] for row in rows} == {"agrees"}
    assert len(rows) == 7 + 9
    p_values = sorted(float(row["p_value"]) for row in rows)
    corrected = sorted(float(row["p_value_holm"]) for row in rows)
    assert corrected[0] == pytest.approx(min(1, 16 * p_values[0]))


def test_energies_and_histogram_tables(folder, raw):
    row = next(r for r in read(folder, "energies") if (r["cell"], r["index"]) == ("c0001", "0"))
    columns = raw["c0001"]
    minima = columns["energy"][columns["index"] == 0]
    assert float(row["mean"]) == pytest.approx(minima.mean())
    assert int(row["points"]) == len(minima)
    assert float(row["exact_mean"]) == pytest.approx(-0.9422066, abs=1e-6)
    assert float(row["exact_sd"]) == pytest.approx(0.37776, abs=1e-5)
    bins = [r for r in read(folder, "energy_histogram") if r["cell"] == "c0001"]
    edges = np.array([float(b["low"]) for b in bins] + [float(bins[-1]["high"])])
    found = np.array([float(b["all"]) for b in bins])
    np.testing.assert_allclose(found, np.histogram(columns["energy"], edges)[0] / 150)
    assert found.sum() == pytest.approx(len(columns["energy"]) / 150)
    # exact bins by another route: E = sqrt(4/3) lambda_k weighted, over all eigenvalues of N x N matrices
    drawn = sample_spectra(4, 1 / 3, 40000, np.random.default_rng(3))
    weight = np.exp(drawn.log_weight[:, None] - drawn.eigenvalues**2 / 6)
    energy = drawn.eigenvalues * np.sqrt(4 / 3 / 4)
    share = np.histogram(energy, edges, weights=weight)[0] / weight.sum()
    exact = np.array([float(b["all_exact"]) for b in bins])
    np.testing.assert_allclose(exact, 18.790234 * share, atol=0.02)


def test_complexity_and_lowest_tables(folder, raw):
    rows = {(r["cell"], r["points"]): r for r in read(folder, "complexity")}
    total = recounted(raw["c0001"], 4).sum(axis=1)
    row = rows["c0001", "all"]
    assert float(row["annealed"]) == pytest.approx(np.log(total.mean()) / 4)
    assert float(row["quenched"]) == pytest.approx(np.log(total).mean() / 4)
    assert float(row["exact"]) == pytest.approx(np.log(18.790234) / 4, abs=1e-7)
    assert float(row["limit"]) == pytest.approx(np.log(2) / 2)
    lowest = {r["cell"]: r for r in read(folder, "lowest")}["c0001"]
    columns = raw["c0001"]
    values = [columns["energy"][columns["row_landscape"] == i].min() for i in range(150)]
    assert float(lowest["mean"]) == pytest.approx(np.mean(values))


def test_spectra_table(folder, raw):
    rows = [r for r in read(folder, "spectra") if (r["cell"], r["index"]) == ("c0001", "1")]
    edges = np.array([float(r["low"]) for r in rows] + [float(rows[-1]["high"])])
    columns = raw["c0001"]
    values = columns["spectrum"][columns["index"] == 1]
    wanted = np.histogram(values, edges, density=True)[0]
    np.testing.assert_allclose([float(r["density"]) for r in rows], wanted, atol=1e-12)
    for name in ("density", "exact"):
        area = np.sum(np.diff(edges) * [float(r[name]) for r in rows])
        assert area == pytest.approx(1)
    # the semicircle may reach beyond the points, but not by much
    assert np.sum(np.diff(edges) * [float(r["semicircle"]) for r in rows]) == pytest.approx(1, abs=0.02)
    deviation = np.array([float(r["density"]) - float(r["exact"]) for r in rows])
    errors = np.array([float(r["se"]) for r in rows])
    seen = errors > 0
    assert np.mean((deviation[seen] / errors[seen]) ** 2) < 3


def test_ledger_table(folder):
    rows = {row["cell"]: row for row in read(folder, "ledger")}
    assert (rows["c0001"]["morse_pass"], rows["c0001"]["morse_uninformative"]) == ("0", "150")
    assert (rows["c0000"]["morse_pass"], rows["c0000"]["morse_uninformative"]) == ("150", "0")
    assert rows["c0000"]["complete"] == rows["c0000"]["reason_closed"] == "150"


class Page(HTMLParser):
    """Tags, attributes and visible text of a page; unclosed tags are noticed."""

    VOID = ("meta", "img", "br", "link", "input")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_is_whole_and_fetches_nothing(folder):
    source = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(source)
    assert page.open == []
    names = [tag for tag, _ in page.tags]
    assert "link" not in names
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [{}]
    assert all(attrs["src"].startswith("data:image/svg+xml,") for _, attrs in page.tags if "src" in attrs)
    anchors = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    for _, attrs in page.tags:
        link = attrs.get("href", "#agreement")
        at_home = link[1:] in anchors if link.startswith("#") else (folder / link).is_file()
        assert at_home or link.startswith("https://arxiv.org/abs/"), link
    assert set(re.findall(r"url\(...", source)) <= {"url(%23"}  # within one drawing
    # names from the study are text, not markup
    assert "test <b>&" in page.text
    assert "<test> & co" in page.text
    assert "b" not in names


def canonical(drawing):
    """Elements of an SVG with their attributes, in order: whatever quotes and spaces it is written with."""
    found = ElementTree.fromstring(drawing).iter()
    return str([(one.tag, {k: " ".join(v.split()) for k, v in one.attrib.items()}) for one in found])


def test_figures_of_the_page_are_those_of_the_folder(folder):
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert all(attrs["alt"] for attrs in images)
    vectors = {path.read_bytes() for path in (folder / "figures").glob("*.svg")}
    shown = {unquote(attrs["src"].split(",", 1)[1]) for attrs in images}
    assert {canonical(one) for one in shown} == {canonical(one.decode()) for one in vectors}
    assert len(vectors) == len(images) == 13
    for path in (folder / "figures").glob("*.svg"):
        assert path.with_suffix(".png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert b"<image" not in path.read_bytes()


def test_printed_numbers_are_those_of_the_tables(folder):
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    row = next(r for r in read(folder, "counts") if (r["cell"], r["index"]) == ("c0001", "all"))
    printed = re.search(r"(\d\d\.\d+) ± (0\.\d+?)18\.[78]", page.text)
    assert printed is not None
    value, error = map(float, printed.groups())
    assert abs(value - float(row["mean"])) <= 0.5 * 10 ** -len(printed[1].partition(".")[2])
    assert error == pytest.approx(float(row["se"]), rel=0.3)


def test_written_twice_is_the_same(census_store, folder, tmp_path):
    write_report(census_store, tmp_path)
    for path in (p for p in folder.rglob("*") if p.is_file()):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name


def test_a_mean_that_is_zero_by_symmetry_has_no_score(folder):
    """Points of the middle index of an odd landscape come in pairs of opposite energies."""
    found = {(row["n"], row["index"]): row for row in read(folder, "energies")}
    middle = found.pop(("3", "1"))
    assert 0 < float(middle["mean_se"]) < 1e-12, "rounding"
    assert middle["z"] == ""
    assert all(abs(float(row["z"])) < 5 for row in found.values())


@pytest.fixture(scope="module")
def sparse(tmp_path_factory, synthetic):
    """Cells of one landscape, no points, open ones, a missing block, no spectra, no theory, nothing."""
    make = synthetic.layout
    cells = [
        (make(0, 4, 1), {}, ()),
        (make(1, 4, 20, field=0.5), {"empty": True, "status": 2}, ()),
        (make(2, 4, 60, field=0.25), {"status": 1, "keep": 0.6}, ()),
        (make(3, 4, 60, block_size=30, field=0.125), {}, {1}),
        (make(4, 4, 30, spectra=False, field=0.0625), {}, ()),
        (make(5, 4, 20, model="other", xi="none"), {}, ()),
        (make(6, 4, 20, field=1.0), {}, {0}),
    ]
    folder = tmp_path_factory.mktemp("sparse")
    store = synthetic.store(folder / "run", cells)
    with unrendered():
        write_report(store, folder / "out")
    return folder / "out"


def test_little_is_said_to_be_little(sparse):
    counts = {row["cell"]: row for row in read(sparse, "counts") if row["index"] == "all"}
    assert counts["c0000"]["se"] == counts["c0000"]["z"] == ""
    assert float(counts["c0001"]["mean"]) == 0
    assert float(counts["c0001"]["missing_bound"]) == 30
    assert counts["c0001"]["missing_plausible"] == ""
    assert counts["c0005"]["exact"] == ""
    assert float(counts["c0003"]["open_fraction"]) == 0.5
    assert float(counts["c0006"]["mean"]) == 0
    page = Page((sparse / "report.html").read_text(encoding="utf-8"))
    assert "No spectra in c0004: put spectra = true" in page.text
    assert "c0003: 30 of 60 landscapes were not computed" in page.text
    assert "No theory for this model" in page.text
    assert "No critical point was found" in page.text


def test_no_verdict_against_theory_where_missed_points_may_explain_it(sparse):
    """Open cells lost four points in ten: their tests reject, but the ledger says what may be missing."""
    rows = [row for row in read(sparse, "tests") if row["cell"] == "c0002"]
    count = next(row for row in rows if row["test"] == "counts by index")
    assert float(count["p_value"]) < 1e-6
    assert float(count["p_value_if_missing"]) > 0.05
    assert count["verdict"] == "undecided"
    others = [row for row in read(sparse, "tests") if row["cell"] in ("c0000", "c0001", "c0006")]
    assert {row["verdict"] for row in others} <= {"not testable", "undecided"}


def test_a_model_without_theory_gets_figures_and_no_tests(sparse):
    assert not [row for row in read(sparse, "tests") if row["cell"] == "c0005"]
    assert verdict_rows([]) == []
    names = {path.name for path in (sparse / "figures").glob("*.svg")}
    assert {"family-6-counts.svg", "family-6-spectra.svg"} <= names
    assert "family-5-spectra.svg" not in names
    assert "family-2-counts.svg" not in names
    # twelve points fill no bin with ten: no empty panel
    assert "family-1-index-energy.svg" not in names


def test_cells_of_one_draw_have_one_p_value():
    """A field sweep whose p-values move together: 6 N, 8 fields, correlation 0.7."""
    rng = np.random.default_rng(12)
    cells = [SimpleNamespace(name=f"c{c:04d}", draw=(str(c // 8),)) for c in range(48)]
    one = every = 0
    repeats = 400
    for _ in range(repeats):
        shared, own = rng.standard_normal(6).repeat(8), rng.standard_normal(48)
        p_values = norm.sf(np.sqrt(0.7) * shared + np.sqrt(0.3) * own)
        tests = [(cell.name, p) for cell, p in zip(cells, p_values, strict=True)]
        rows = [{"cell": name, "test": "counts by index", "p_value": p} for name, p in tests]
        rows += [{"cell": name, "test": "another", "p_value": 0.0} for name, _ in tests]
        rows[0]["p_value"] = None  # the next cell of that N stands in
        kept = independent_p_values(rows, cells)
        assert kept == [p_values[1], *p_values[8::8]]
        one += uniformity_test(kept).p_value < 0.05
        every += uniformity_test(p_values).p_value < 0.05
    assert binomtest(one, repeats, 0.05).pvalue > 1e-3
    assert every > 0.2 * repeats


def test_which_models_share_their_normal_numbers():
    found = {"xi": "q^3"}
    signal = {"signal": "1.5*q^3"}
    tensor = {"p": 3, "delta2": 1.0, "deltap": 1.0}
    models = {"pspin": found | {"field": 3.0}, "spiked": found | signal, "matrix-tensor": tensor}
    models["entries"] = found | {"law": "gaussian"}
    assert set(models) == {name for name, model in MODELS.items() if model.draws == "spherical"}
    wanted = MixedSpin(Covariance.pure(3), 5).entries(7, 2, 3)
    for model, parameters in models.items():
        landscape = build(model, parameters, 5)
        assert isinstance(landscape, MixedSpin)
        np.testing.assert_array_equal(landscape.entries(7, 2, 3), wanted)


def test_the_draw_of_a_cell():
    def draw(model, n=4, seed=1, **parameters):
        attrs = {"model": model, "n": n, "seed": seed} | parameters
        return Cell("c0000", xr.Dataset(attrs=attrs), 1).draw

    assert (
        draw("pspin", xi="q^3", field=1.0) == draw("pspin", xi="q^3", field=7.0) == draw("entries", law="x")
    )
    assert len({draw("pspin"), draw("pspin", n=5), draw("pspin", seed=2), draw("partite")}) == 4
    assert draw("partite", sizes="1,1,2") != draw("partite", sizes="1,1,1")
