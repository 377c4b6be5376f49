"""A small cell and a body for it: deterministic arrays; some landscapes and one block have no rows."""

import shutil

import numpy as np
import pytest

from morsecensus.storage.blocks import write_block
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import CellLayout, Generation, Manifest
from morsecensus.storage.store import open_run, write_manifest
from morsecensus.storage.tables import read_tables
from morsecensus.tasks.measurables.base import active
from morsecensus.tasks.measurables.census import CENSUS

SIZES = {"morse_index": 5, "outcome": 4, "component": 5, "eigenvalue": 4}
GENERATION = Generation("f0", {"cpu": "test"})


def tables_for(*options):
    return read_tables([table.record() for table in active(CENSUS, options)])


def cell_layout(number=0, **changes):
    values = {
        "id": f"c{number:04d}",
        "hash": f"hash{number}",
        "body": "somewhere:body",
        "spec": {"n": 5},
        "landscapes": 10,
        "block_size": 4,
        "chunk_rows": 16,
        "rows_bound": 100,
        "sizes": SIZES,
        "tables": tables_for("positions", "spectra", "topology"),
        "attrs": {"model": "pspin", "n": 5},
    }
    return CellLayout(**(values | changes))


def block_tables(cell, block):
    random = np.random.default_rng([block, int(cell.id[1:])])
    counts = random.integers(0, 20, cell.size_of(block))
    counts[0] = 0
    if block == 1:
        counts[:] = 0
    out = {}
    for table in cell.tables:
        rows = int(counts.sum()) if table.ragged else cell.size_of(block)
        out[table.name] = {}
        for column in table.columns:
            shape = (rows, *column.shape(cell.sizes))
            real = column.dtype == "f8"
            out[table.name][column.name] = random.normal(size=shape) if real else random.integers(0, 2, shape)
    out["landscape"]["n_points"] = counts
    for table in cell.ragged:
        out[table.name]["slot"] = np.repeat(np.arange(cell.size_of(block)), counts)
    return out


def write(run, cell, block, generation=0, unknown=()):
    """Write a block; of the columns in ``unknown`` nothing is known."""
    fingerprint = run.manifest.generations[generation].fingerprint
    tables = block_tables(cell, block)
    for table in cell.tables:
        for column in table.columns:
            if column.name in unknown:
                tables[table.name][column.name] = np.full_like(
                    tables[table.name][column.name], column.unknown
                )
    return write_block(
        run.files,
        cell,
        block,
        tables,
        generation=generation,
        fingerprint=fingerprint,
        provenance={"host": "h"},
    )


def new_run(url, *cells):
    manifest = Manifest("test", {"name": "test"}, cells or (cell_layout(),), (GENERATION,), {})
    return write_manifest(open_files(str(url)), manifest)


@pytest.fixture
def toolbox():
    """The helpers above, for tests cannot import each other."""

    class Toolbox:
        layout = staticmethod(cell_layout)
        tables_for = staticmethod(tables_for)
        tables = staticmethod(block_tables)
        write = staticmethod(write)
        new_run = staticmethod(new_run)
        generation = GENERATION

    return Toolbox


@pytest.fixture(scope="session")
def _full_run(tmp_path_factory):
    run = new_run(tmp_path_factory.mktemp("full") / "run")
    for block in range(3):
        write(run, run.manifest.cells[0], block)
    return run.files.root


@pytest.fixture
def full_run(tmp_path, _full_run):
    """A run of one cell with all three blocks committed; every test has its own copy."""
    shutil.copytree(_full_run, tmp_path / "run")
    return open_run(str(tmp_path / "run"))
