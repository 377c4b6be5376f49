"""A tiny store of each released format, as the version that wrote it left it: three blocks of the cell that
conftest.py makes, rolled up and compacted. A change that can't read them needs a new format number, a
migration or a refusal, and a store of its own here; the old ones stay.
"""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from morsecensus.storage.blocks import read_column
from morsecensus.storage.compact import compact
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.storage.errors import StoreError
from morsecensus.storage.format_1 import tables_of
from morsecensus.storage.layout import RUN
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import check_same, open_run, write_manifest
from morsecensus.storage.tables import FORMAT, read_tables
from morsecensus.storage.verify import verify
from morsecensus.tasks.measurables.base import active
from morsecensus.tasks.measurables.census import CENSUS

STORES = Path(__file__).parent / "stores"
FORMATS = sorted(int(path.stem.partition("-")[2]) for path in STORES.glob("format-*.zip"))


@pytest.fixture(params=FORMATS)
def old_store(request, tmp_path):
    """A store of some format, with the hash that its dataset had when it was written."""
    stem = STORES / f"format-{request.param}"
    with zipfile.ZipFile(stem.with_suffix(".zip")) as packed:
        packed.extractall(tmp_path / "run")
    return tmp_path / "run", stem.with_suffix(".sha256").read_text().strip()


def test_there_is_a_store_of_the_present_format():
    assert FORMAT in FORMATS


def test_an_old_store_verifies_and_reads(old_store):
    path, expected = old_store
    run = open_run(str(path))
    report = verify(run)
    assert (report.done, report.problems, report.leftovers) == (3, [], [])
    assert dataset_hash(str(path)) == expected
    cell = run.manifest.cells[0]
    markers = run.committed(cell).markers
    assert list(run.summaries(cell).blocks) == list(markers) == [0, 1, 2]
    dataset = xr.open_zarr(dataset_path(str(path)), group="c0000")
    for table in cell.tables:
        for column in table.columns:
            if table.name not in ("landscape", "point"):
                continue
            parts = [read_column(run.files, cell, marker, table, column) for marker in markers.values()]
            np.testing.assert_array_equal(dataset[column.name], np.concatenate(parts))


@pytest.mark.parametrize("number", [0, FORMAT + 1, "1", None])
def test_other_formats_are_refused(old_store, number):
    path, _ = old_store
    record = unseal((path / RUN).read_bytes()) | {"format": number}
    (path / RUN).write_bytes(seal(record))
    with pytest.raises(
        StoreError, match=f"format is {number!r}, this version reads {FORMAT}: use the version"
    ):
        open_run(str(path))


def _census(*options):
    return read_tables([table.record() for table in active(CENSUS, options)])


@pytest.mark.parametrize(
    ("options", "since"),
    [
        ((), ()),
        (("sets",), ()),
        (("sets", "positions", "spectra"), ()),
        (("sets", "homotopy"), ()),
        (("topology", "sets"), ()),
        (("orbits",), ("singular-values",)),
    ],
)
def test_what_stores_without_tables_hold_is_what_a_census_still_has(options, since):
    """Once a column of a census changes, such stores extend no more: give its body a new version, and leave
    the frozen list as it is.

    Args:
        since: what such a store's census is told beside its options, now that models with orbits differ.
    """
    assert _unsaid(tables_of(options)) == _unsaid(_census(*options, *since))


def _unsaid(tables):
    """Without what is said of axes since then, of which no byte of a block depends."""
    return [
        replace(table, columns=tuple(replace(one, attrs=_other(one.attrs)) for one in table.columns))
        for table in tables
    ]


def _other(attrs):
    return {name: value for name, value in attrs.items() if name not in ("axis", "positive")}


def test_a_store_without_tables_extends(old_store, toolbox):
    path, _ = old_store
    assert "tables" not in unseal((path / RUN).read_bytes())["cells"][0]
    run = open_run(str(path))
    old = run.manifest.cells[0]
    wanted = toolbox.layout(landscapes=16, tables=_census("positions", "spectra", "topology"))
    check_same(old, wanted)
    grown = write_manifest(run.files, replace(run.manifest, cells=(replace(old, landscapes=16),)))
    assert unseal((path / RUN).read_bytes())["tables"]
    toolbox.write(grown, grown.manifest.cells[0], 3)
    compact(grown)
    again = open_run(str(path))
    assert again.manifest == grown.manifest
    report = verify(again)
    assert (report.done, report.problems) == (4, [])
    assert xr.open_zarr(dataset_path(str(path)), group="c0000").sizes["landscape"] == 16


def test_cells_name_their_tables_which_stand_once(tmp_path, toolbox):
    plain = toolbox.layout(1, tables=toolbox.tables_for())
    run = toolbox.new_run(tmp_path, toolbox.layout(), plain, toolbox.layout(2))
    record = unseal((tmp_path / RUN).read_bytes())
    first, second, third = (cell["tables"] for cell in record["cells"])
    assert first == third != second
    assert set(record["tables"]) == {first, second}
    assert open_run(str(tmp_path)).manifest == run.manifest


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": "../../victim"}, "is no name"),
        ({"name": "energy\n"}, "is no name"),
        ({"name": 3}, "is no name"),
        ({"dtype": "O"}, "type of"),
        ({"dtype": ["f8"]}, "type of"),
        ({"dims": ["../x"]}, "is no name"),
        ({"fill": "x"}, "no number"),
        ({"name": "reason"}, "two arrays have one name"),
        ({"name": "slot"}, "two arrays have one name"),
        ({"more": 1}, "not of this format"),
    ],
)
def test_tables_of_a_stranger_are_refused(full_run, change, text):
    """A column's name becomes that of a folder, and its type says how bytes are read."""
    path = full_run.files.root / RUN
    record = unseal(path.read_bytes())
    for tables in record["tables"].values():
        tables[1 if change == {"name": "slot"} else 0]["columns"][0].update(change)
    path.write_bytes(seal(record))
    with pytest.raises(StoreError, match=text):
        open_run(full_run.url)


def test_other_columns_are_told_by_name(toolbox):
    with pytest.raises(
        StoreError, match=r"columns point\.spectrum are in the store or in this version alone"
    ):
        check_same(toolbox.layout(), toolbox.layout(tables=toolbox.tables_for("positions", "topology")))
