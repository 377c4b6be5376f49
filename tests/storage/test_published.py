"""A dataset as somebody has it who has nothing of ours: opened, understood and verified by zarr, xarray and
the standard library alone."""

import hashlib
import json
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.dataset.groups import open_group
from morsecensus.storage.compact import compact
from morsecensus.storage.dataset import dataset_path
from morsecensus.storage.verify import verify_dataset


@pytest.fixture
def run(tmp_path, toolbox):
    """Two censuses of which some columns are unknown, and between them a cell whose blocks all failed."""
    cells = [
        toolbox.layout(number, spec={"n": 5 + number, "model": "pspin", "parameters": {"xi": "q^3"}})
        for number in range(3)
    ]
    run = toolbox.new_run(tmp_path / "run", *cells)
    for cell in (cells[0], cells[2]):
        for block in range(3):
            toolbox.write(run, cell, block, unknown={"recall", "n_paths", "certified_radius", "sample_hits"})
    compact(run)
    return run


def test_the_root_says_what_the_cells_are(run):
    table = xr.open_zarr(dataset_path(run.url)).to_dataframe()
    assert table["group"].tolist() == ["c0000", "c0001", "c0002"]
    assert table["model"].tolist() == ["pspin"] * 3
    assert [json.loads(text) for text in table["parameters"]] == [{"xi": "q^3"}] * 3
    assert table["n"].tolist() == [5, 6, 7]
    assert table["landscapes"].tolist() == [12] * 3
    for line in table.itertuples():
        cell = xr.open_zarr(dataset_path(run.url), group=line.group)
        words = cell["status"].attrs["flag_meanings"].split()
        assert line.closed == (cell["status"] == words.index("complete")).sum()
        assert line.rows == cell.sizes["row"]
    assert 0 < table["closed"][0] < 12
    assert table["closed"][1] == 0


def test_groups_are_in_order_and_inherit_nothing(run):
    tree = xr.open_datatree(dataset_path(run.url), engine="zarr")
    assert list(tree.children) == ["c0000", "c0001", "c0002"]
    assert set(tree["c0000"].to_dataset().coords) <= {"landscape", "morse_index", "energy"} | {
        f"{name}_landscape" for name in ("row", "arc", "pair")
    }


def _unknown(variable):
    values = variable.values
    return np.isnan(values) if values.dtype.kind == "f" else values == -1


def test_no_column_is_nothing_but_missing(run):
    cell = xr.open_zarr(dataset_path(run.url), group="c0000")
    assert not {"recall", "n_paths", "certified_radius", "sample_hits"} & set(cell.variables)
    assert {"coverage", "recall_lower", "n_distinct", "energy"} <= set(cell.variables)
    empty = [name for name, one in cell.variables.items() if one.size and _unknown(one).all()]
    assert empty == []


def test_one_value_keeps_a_column(tmp_path, toolbox):
    run = toolbox.new_run(tmp_path / "one")
    cell = run.manifest.cells[0]
    for block in range(3):
        toolbox.write(run, cell, block, unknown={"recall"} if block < 2 else set())
    compact(run)
    found = xr.open_zarr(dataset_path(run.url), group="c0000")["recall"]
    np.testing.assert_array_equal(found.isnull(), np.arange(12) < 8)


def test_our_readers_find_them_unknown(run):
    layout = run.manifest.cells[0]
    data = open_group(dataset_path(run.url), "c0000", layout.tables, layout.sizes)
    assert {table.array_name(column) for table in layout.tables for column in table.columns} <= set(data)
    for name in ("recall", "n_paths", "certified_radius", "sample_hits"):
        assert _unknown(data[name]).all()
        assert data[name].isel({data[name].dims[0]: slice(2, 5)}).shape == (3,)
    assert data["n_paths"].dtype == data["n_points"].dtype
    assert data["n_paths"].attrs["long_name"]


def test_points_of_a_landscape_are_a_profile_in_the_words_of_the_conventions(run):
    """CF 1.11, chapter 9: contiguous ragged array representation of profiles."""
    tree = xr.open_datatree(dataset_path(run.url), engine="zarr", decode_cf=False)
    assert "CF-1.11" in tree.attrs["Conventions"]
    for cell in tree.children.values():
        assert cell.attrs["featureType"] == "profile"
        roles = [name for name, one in cell.variables.items() if one.attrs.get("cf_role") == "profile_id"]
        assert roles == ["landscape"]
        counts = {
            one.attrs["sample_dimension"]: name
            for name, one in cell.variables.items()
            if "sample_dimension" in one.attrs
        }
        assert counts == {"row": "row_size", "arc": "arc_size", "pair": "pair_size"}
        for dimension, name in counts.items():
            assert cell[name].dims == ("landscape",)
            assert int(cell[name].sum()) == cell.sizes.get(dimension, 0)
        vertical = [name for name, one in cell.variables.items() if one.attrs.get("axis") == "Z"]
        assert vertical == ["energy"]
        assert cell["energy"].attrs["positive"] == "up"
        for name, one in cell.variables.items():
            if one.dims[0] == "row" and name not in ("row_landscape", "energy"):
                assert one.attrs["coordinates"] == "row_landscape energy"


def _verified(dataset):
    """The recipe of docs/dataset.md."""
    inventory = json.loads((dataset / "inventory/zarr.json").read_text())["attributes"]["objects"]
    return {
        name
        for name, (size, _, sha256) in inventory.items()
        if (data := (dataset / name).read_bytes()) is None
        or len(data) != size
        or hashlib.sha256(data).hexdigest() != sha256
    }


def test_a_copy_is_verified_without_us(run, tmp_path):
    copy = shutil.copytree(dataset_path(run.url), tmp_path / "copy.zarr")
    assert _verified(copy) == set()
    path = copy / "c0000/energy/c/0"
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    assert _verified(copy) == {"c0000/energy/c/0"}
    assert [problem.key for problem in verify_dataset(str(copy)).problems] == ["c0000/energy/c/0"]


def test_sha256_sees_what_crc_was_made_to_agree_with(run, tmp_path):
    copy = shutil.copytree(dataset_path(run.url), tmp_path / "copy.zarr")
    path = copy / "c0000/index/c/0"
    path.write_bytes(_with_same_crc(path.read_bytes()))
    problems = verify_dataset(str(copy)).problems
    assert [problem.key for problem in problems] == ["c0000/index/c/0"]
    assert "SHA-256" in problems[0].text


def _with_same_crc(data):
    """Flip bits by a multiple of the CRC's polynomial: CRC-32 is linear, so it stays."""
    changed = bytearray(data)
    polynomial = 0x104C11DB7  # bit 32 first, as a message of 33 bits
    for place in range(33):
        if polynomial >> (32 - place) & 1:
            changed[place // 8] ^= 1 << (place % 8)  # CRC-32 takes the lowest bit of a byte first
    return bytes(changed)


@pytest.fixture
def http(run):
    """The dataset on a plain web server that lists nothing."""

    class Handler(SimpleHTTPRequestHandler):
        def list_directory(self, path):
            self.send_error(403)

        def log_message(self, *arguments):
            pass

    folder = dataset_path(run.url)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_opens_over_plain_http(run, http):
    cells = xr.open_zarr(http)
    assert cells["group"].values.tolist() == ["c0000", "c0001", "c0002"]
    here = xr.open_zarr(dataset_path(run.url), group="c0002").load()
    xr.testing.assert_identical(xr.open_zarr(http, group="c0002").load(), here)
    tree = xr.open_datatree(http, engine="zarr")
    assert list(tree.children) == ["c0000", "c0001", "c0002"]
