"""A tiny store of each released format, as the version that wrote it left it: three blocks of the cell that
conftest.py makes, rolled up and compacted. A change that can't read them needs a new format number, a
migration or a refusal, and a store of its own here; the old ones stay.
"""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from morsecensus.storage.blocks import read_column
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.storage.errors import StoreError
from morsecensus.storage.layout import RUN
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import open_run
from morsecensus.storage.tables import FORMAT, TABLES
from morsecensus.storage.verify import verify

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
    for table in TABLES:
        for column in table.active(cell.options):
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
