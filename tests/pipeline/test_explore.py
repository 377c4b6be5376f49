"""``morsecensus explore``: pages of landscapes and of a study, from the command line, and mistakes."""

import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import morsecensus as mc
from morsecensus.analysis import report
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.explorer.study import landscape_views
from morsecensus.analysis.results import StudyResult
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.errors import UsageError
from support.browser import browser, complaints, resize, until

STUDY = """
name = "explored"
seed = 5

[[cells]]
xi = "q^3"
n = "3:4"
landscapes = 4
block = 4
finder = "homotopy"
topology = true

[[cells]]
xi = "q^4"
n = 4
landscapes = 4
block = 4
"""


def call(*arguments):
    return CliRunner().invoke(app, ["explore", *map(str, arguments)])


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text())[1])


def test_a_landscape_becomes_a_page(tmp_path):
    page = tmp_path / "new" / "page.html"
    result = call("--xi", "q^3", "--n", 4, "--seed", 2, "--landscape", 1, "--out", page, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"page": str(page), "bytes": page.stat().st_size}
    (view,) = data_of(page)["landscapes"]
    assert view["title"] == "pspin, xi = q^3, N = 4, seed 2, landscape 1"
    assert view["degrees"] == [0, 1, 2, 3]
    assert sum((-1) ** k for k in view["index"]) == 0
    assert len(view["tree"]["row"]) == 2 * view["index"].count(0) - 1
    assert "mesh" not in view


def test_from_python_it_is_the_same_page(tmp_path):
    page = tmp_path / "command.html"
    assert call("--xi", "q^3", "--n", 4, "--seed", 2, "--out", page).exit_code == 0
    mine = mc.explore(xi="q^3", n=4, seed=2, out=tmp_path / "python.html", quiet=True)
    assert mine.read_bytes() == page.read_bytes()
    with pytest.raises(UsageError, match="xi: given with a store, allowed: a store or a landscape"):
        mc.explore(tmp_path, xi="q^3")
    with pytest.raises(UsageError, match="n: got None"):
        mc.explore(xi="q^3")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--xi", "q^3"], "--n: got nothing and no STORE"),
        (["--xi", "q^3", "--n", 1], "--n: got 1"),
        (["--n", 3], "--xi"),
        (["--model", "partite", "--n", 3], "allowed for topology: one sphere"),
        (["--model", "nonsense", "--n", 3], "--model: got 'nonsense'"),
        (["--xi", "q^3", "--n", 3, "--seed", -1], "--seed: got -1"),
        (["nowhere", "--n", 3], "--n: given with a STORE"),
        (["nowhere", "--xi", "q^4", "--seed", 7, "--max-paths", 9], "--seed, --max-paths, --xi: given with"),
        (["--xi", "q^3", "--n", 3, "--landscapes", 2], "--landscapes: given without a STORE"),
        (["nowhere"], "nowhere"),
        (["nowhere", "--landscapes", -1], "--landscapes: got -1"),
    ],
)
def test_mistakes_are_one_line(arguments, said, tmp_path):
    result = call(*arguments, "--out", tmp_path / "page.html")
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert sum("error" in line for line in result.stderr.splitlines()) <= 1
    assert said in result.stderr.strip().splitlines()[-1]
    assert not (tmp_path / "page.html").exists()


def test_without_the_library_nothing_long_is_begun(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "plotly", None)
    result = call("--xi", "q^3", "--n", 3, "--out", tmp_path / "page.html")
    assert result.exit_code == 1
    assert 'pip install "morsecensus[explore]"' in result.stderr
    assert "starting a worker" not in result.stderr


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explored")
    (folder / "study.toml").write_text(STUDY)
    mc.run(str(folder / "study.toml"), str(folder / "store"))
    result = call(folder / "store", "--landscapes", 2)
    assert result.exit_code == 0, result.output
    return folder / "store"


@pytest.fixture(scope="module")
def data(store):
    return data_of(store / "explorer.html")


@pytest.fixture(scope="module")
def cells(store):
    return {cell.name: cell.dataset for cell in mc.open(str(store)).cells}


def families(data):
    return {cell["name"]: cell for family in data["study"]["families"] for cell in family["cells"]}


def test_landscapes_are_named_by_number(store):
    """As in a dataset that begins elsewhere; with topology stored and without."""
    study = open_study(str(store))
    later = [
        replace(cell, stored=cell.stored.assign_coords(landscape=100 + 2 * np.arange(cell.held)))
        for cell in study.cells
    ]
    first = list(landscape_views(study, 2, {}))
    moved = list(landscape_views(replace(study, cells=later), 2, {}))
    assert {view["number"] for view in first} == {0, 1}
    assert [view["number"] for view in moved] == [100 + 2 * view["number"] for view in first]
    for view, other in zip(first, moved, strict=True):
        assert view["title"].endswith(f", landscape {view['number']}")
        assert other["title"].endswith(f", landscape {other['number']}")
        assert other["energy"] == view["energy"]


def test_bins_hold_every_point(data, cells):
    shown = families(data)
    assert shown.keys() == cells.keys()
    for name, cell in shown.items():
        binned, held = cell["histogram"], cells[name]
        width = np.subtract(binned["high"], binned["low"])
        assert cell["points"] == held.sizes["row"]
        assert binned["all"] @ width * cell["landscapes"] == pytest.approx(held.sizes["row"], rel=1e-5)
        minima = int((held["index"].values == 0).sum())
        assert binned["minima"] @ width * cell["landscapes"] == pytest.approx(minima, rel=1e-5)
        by_index = np.bincount(held["index"].values.astype(int)) / cell["landscapes"]
        assert np.allclose(cell["counts"]["mean"], by_index)


def test_what_is_exact_is_what_predict_says(data):
    for family, xi in zip(data["study"]["families"], ("q^3", "q^4"), strict=True):
        for cell in family["cells"]:
            (row,) = mc.predict(xi, cell["n"])
            assert cell["counts"]["exact_total"] == pytest.approx(row["total"], rel=1e-5)
            assert np.allclose(cell["counts"]["exact"], row["by_index"], rtol=1e-5)
            exact = cell["histogram"]["exact"]
            inside = np.trapezoid(exact["all"], exact["grid"])
            assert inside == pytest.approx(row["total"], rel=0.02)


def test_landscapes_are_those_of_the_store(data, cells):
    assert [(view["cell"], view["number"]) for view in data["landscapes"]] == [
        (name, number) for name in cells for number in (0, 1)
    ]
    for view in data["landscapes"]:
        held = cells[view["cell"]]
        first = int(held["n_points"].values[: view["number"]].sum())
        rows = slice(first, first + int(held["n_points"].values[view["number"]]))
        assert np.allclose(view["energy"], held["energy"].values[rows], atol=1e-9)
        assert view["index"] == held["index"].values[rows].tolist()
    assert {view["cell"] for view in data["landscapes"] if "mesh" in view} == {"c0000"}
    assert [len(view["pairs"]) > 0 for view in data["landscapes"]] == [True] * 4 + [False] * 2


def test_pairs_are_those_of_the_store(data, cells):
    for view in data["landscapes"][:4]:
        held = cells[view["cell"]]
        rows = np.append(0, np.cumsum(held["pair_size"].values))[view["number"] :][:2]
        stored = [held[name].values[slice(*rows)] for name in ("pair_dim", "pair_birth", "pair_death")]
        energy = np.append(view["energy"], np.nan)
        dim, birth, death = np.transpose(view["pairs"])
        shown = np.stack([dim, energy[birth], energy[death]])
        for one, other in zip(shown, stored, strict=True):
            assert np.allclose(np.sort(one), np.sort(other), equal_nan=True)


def test_a_report_links_to_the_page_beside_it(store, tmp_path):
    study = open_study(str(store))
    for explorer, linked in ((store / "explorer.html", ["../explorer.html"]), (tmp_path / "none.html", [])):
        folder = tmp_path / explorer.stem
        report.write_measured(folder, StudyResult(report._made(study, {}, explorer), ()), ())
        page = (folder / report.PAGE).read_text()
        assert re.findall(r'<a href="([^"]*explorer[^"]*)"', page) == linked


def test_a_page_has_bins_and_no_points_of_a_study(data):
    def longest(value):
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return max([len(value) if isinstance(value, list) else 0, *map(longest, children)])

    assert longest(data["study"]) < 1000


def test_a_study_in_a_browser(store, data):
    with browser() as driver:
        resize(driver, 1280)
        driver.get((store / "explorer.html").as_uri())
        until(driver, "return document.body.dataset.ready")
        assert driver.execute_script("return byId('opened').options.length") == 2
        assert driver.execute_script("return byId('globe-panel').hidden") is False
        choose = "const s = byId('{}'); s.value = '{}'; s.dispatchEvent(new Event('change'))"
        driver.execute_script(choose.format("opened", 1))
        until(driver, "return byId('landscape-title').textContent.endsWith('landscape 1')")
        # Another N: by the list, and by its point among the counts.
        driver.execute_script(choose.format("cell", 1))
        until(driver, "return byId('landscape-title').textContent.endsWith('N = 4, landscape 0')")
        until(driver, "return byId('globe-panel').hidden && !byId('plane-panel').hidden")
        measured = driver.execute_script("return byId('histogram').data[0].y.map(v => v ?? 0)")
        assert np.allclose(measured, families(data)["c0001"]["histogram"]["all"])
        driver.execute_script("explorer.choose(1)")
        rings = driver.execute_script("return explorer.views.map(v => v.box.data.at(-1).y)")
        assert np.allclose(rings[0], data["landscapes"][2]["energy"][1])
        assert len(rings) == 3
        driver.execute_script(choose.format("family", 1))
        until(driver, "return byId('tree-panel').hidden && byId('barcode-panel').hidden")
        assert "no topology" in driver.execute_script("return byId('verdict').textContent")
        resize(driver, 390)
        until(driver, "return byId('counts').clientWidth === byId('counts')._fullLayout.width")
        assert driver.execute_script("return document.documentElement.scrollWidth") == 390
        assert complaints(driver) == []
