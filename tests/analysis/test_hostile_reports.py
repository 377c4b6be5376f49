"""Stores whose names and arrays mean harm to whoever reads them: markup in names, arrays that are pickles."""

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numcodecs
import pytest

from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.dataset.groups import open_group
from morsecensus.analysis.page.sheet import SCRIPT
from morsecensus.analysis.page.style import legend_below, new_figure, save, style
from morsecensus.analysis.page.table import write_csv
from morsecensus.analysis.report import write_report
from morsecensus.storage.dataset import dataset_path
from morsecensus.storage.errors import StoreError
from morsecensus.storage.seals import seal, unseal

PAYLOAD = '"><script>alert(1)</script><img src=x onerror=alert(1)>--><!--]]>$\\input{x}$'


class Attributes(HTMLParser):
    """The names of all attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found |= {name for name, _ in attrs}


@pytest.fixture(scope="module")
def page(synthetic, tmp_path_factory):
    """The report of a store with a payload wherever a name can stand, and its figures."""
    folder = tmp_path_factory.mktemp("payload")
    layouts = [synthetic.layout(i, n, 20, model=PAYLOAD, p=PAYLOAD) for i, n in enumerate((3, 4))]
    store = synthetic.store(folder / "run", [(layout, {}, ()) for layout in layouts])
    path = folder / "run/run.json"
    record = unseal(path.read_bytes())
    record |= {"name": PAYLOAD, "software": {PAYLOAD: PAYLOAD}}
    record["generations"][0]["environment"] = {PAYLOAD: {PAYLOAD: [PAYLOAD]}}
    for cell in record["cells"]:
        cell["spec"] |= {
            "seed": PAYLOAD,
            "finder": PAYLOAD,
            "finder_options": {PAYLOAD: PAYLOAD},
        }
    path.write_bytes(seal(record))
    written = write_report(store, folder / "out")
    figures = [figure.read_text(encoding="utf-8") for figure in (folder / "out/figures").glob("*.svg")]
    return written.read_text(encoding="utf-8"), figures


@pytest.mark.parametrize("name", ["", "a finder", "a {b", 'a {"b": 1', "=a {} {", PAYLOAD])
def test_the_name_of_a_finder_may_be_anything(name, census_store):
    options = {"key": "} {", "deep": {"a": [1]}}
    cell = open_study(census_store).cells[0]
    cell = replace(cell, finder=f"{name} {json.dumps(options)}")
    assert (cell.finder_name, cell.finder_options) == (name, options)
    assert replace(cell, finder=f"{name} {{}}").finder_options == {}


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-0.5", "-0.5"),
        (-0.5, "-0.5"),
        ("q^3", "q^3"),
    ],
)
def test_no_field_of_a_table_is_a_formula(value, field, tmp_path):
    write_csv(tmp_path / "table.csv", [{"name": value}])
    with (tmp_path / "table.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["name"] == field


def test_payloads_are_text(page):
    text, _ = page
    assert "&lt;script&gt;alert(1)" in text
    (script,) = re.findall(r"<script.*?</script>", text, re.DOTALL)
    assert script == f"<script>{SCRIPT}</script>"
    assert text.count("<script") == 1
    assert "<!--" not in text
    assert text.count("<img") == len(re.findall(r'<img src="data:image/svg\+xml,', text))
    found = Attributes(text).found
    plain = {"lang", "charset", "name", "content", "http-equiv", "id", "class", "href", "src", "alt", "open"}
    assert found == plain | {"scope", "for", "type", "tabindex", "role", "aria-label", "data-name"}


def test_legends_are_neither_formulas_nor_markup(tmp_path):
    """The audit's legends name finders with their options, as the store has them."""
    with style():
        figure, _ = new_figure(1, 1, 2.0)
        legend_below(figure, [(PAYLOAD, "#000000"), ("$\\frac{$", "#000000")])
        vector, _ = save(figure, tmp_path, "legend")
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(vector).iter()}
    assert not tags & {"script", "img", "a", "image", "foreignObject"}


def test_figures_hold_no_payload(page):
    _, figures = page
    assert figures
    for figure in figures:
        assert "<script" not in figure
        assert "<img" not in figure
        assert "alert(1)" not in figure


class Bomb:
    """Whoever unpickles it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("allowed", [False, True])
def test_arrays_are_never_unpickled(synthetic, tmp_path, monkeypatch, allowed):
    """Zarr's format 2 has a codec for it. That numcodecs refuses it by default is not what we rest on."""
    import pickle
    import shutil
    from pathlib import Path

    monkeypatch.setattr(numcodecs.pickles, "ALLOW_UNSAFE_PICKLE_DECODE", allowed, raising=False)
    store = synthetic.store(tmp_path / "run", [(synthetic.layout(0, 3, 4), {}, ())])
    path = dataset_path(store)
    shutil.rmtree(path)
    array = Path(path) / "c0000/landscape"
    array.mkdir(parents=True)
    for group in (Path(path), array.parent):
        (group / ".zgroup").write_text('{"zarr_format": 2}')
    metadata = {"zarr_format": 2, "shape": [4], "chunks": [4], "dtype": "<i8", "fill_value": 0, "order": "C"}
    metadata |= {"compressor": {"id": "pickle", "protocol": 5}, "filters": None}
    (array / ".zarray").write_text(json.dumps(metadata))
    (array / ".zattrs").write_text('{"_ARRAY_DIMENSIONS": ["landscape"]}')
    (array / "0").write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    with pytest.raises(StoreError, match="is missing"):
        open_study(store)
    with pytest.raises((FileNotFoundError, KeyError, ValueError)):
        open_group(path, "c0000").load()
    assert not (tmp_path / "exploded").exists()


def test_consolidated_metadata_of_another_format_is_refused(tmp_path, monkeypatch):
    """The folder says format 3; what its first file says of the array is format 2 and a pickle."""
    import pickle

    monkeypatch.setattr(numcodecs.pickles, "ALLOW_UNSAFE_PICKLE_DECODE", True, raising=False)
    array = {"zarr_format": 2, "node_type": "array", "shape": [4], "chunks": [4], "dtype": "|O", "order": "C"}
    array |= {"fill_value": "", "compressor": None, "filters": [{"id": "vlen-utf8"}, {"id": "pickle"}]}
    array |= {"attributes": {"_ARRAY_DIMENSIONS": ["landscape"]}}
    group = {"zarr_format": 3, "node_type": "group", "attributes": {}}
    nodes = {"c0000": group, "c0000/landscape": array}
    inline = {"kind": "inline", "must_understand": False, "metadata": nodes}
    folder = tmp_path / "c0000/landscape"
    folder.mkdir(parents=True)
    (tmp_path / "zarr.json").write_text(json.dumps(group | {"consolidated_metadata": inline}))
    (tmp_path / "c0000/zarr.json").write_text(json.dumps(group))
    (folder / "0").write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    with pytest.raises(StoreError, match="another Zarr format"):
        open_group(str(tmp_path), "c0000")
    assert not (tmp_path / "exploded").exists()
