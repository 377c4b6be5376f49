"""A report over columns of many batches: what is read at once, what comes back, what travels to a worker."""

import csv
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cloudpickle
import dask.config
import numpy as np
import pytest
from dask.local import get_sync
from rich.console import Console
from xarray.backends.zarr import ZarrArrayWrapper

from morsecensus.analysis.dataset import batches as reductions
from morsecensus.analysis.dataset import complexes as read
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.report import write_report
from morsecensus.analysis.topics.audit import measure as audit_measure
from morsecensus.analysis.topics.audit.matching import read_points
from morsecensus.analysis.topics.audit.measure import audit_cells
from morsecensus.analysis.topics.slices import measure as slices
from morsecensus.analysis.topics.topology.homology import sublevels
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.errors import StoreError
from support.figures import unrendered

pytestmark = pytest.mark.soak

BATCH_BYTES, BATCH_ROWS, NUMBERS = 2000, 250, 10_000
"""Of a batch of points, of topology, of its curves: the columns below are longer by far."""
SPECTRA = BATCH_BYTES // (8 * 3)
"""Points whose spectra of three eigenvalues are a batch: slices look at no more than so many of a cell."""
MOST_TO_A_WORKER = 32_000
"""Bytes of a task, which carries what all estimates and tests of a cell ask of a batch (27,000 here: edges of
bins and exact laws on grids); a task for each of them carried up to 16,000."""
RAGGED = {"row", "arc", "pair"}
STUDY = {
    "name": "small",
    "seed": 4,
    "cells": [
        {
            "xi": "q^3",
            "n": 4,
            "finder": "homotopy",
            "landscapes": 60,
            "block": 60,
            "topology": True,
            "spectra": True,
        },
        {
            "xi": "q^3",
            "n": 4,
            "landscapes": 60,
            "block": 60,
            "options": {"starts_per_round": 64, "max_rounds": 1},
        },
    ],
}


class TooMuch(Exception):
    """More than a batch was read or made at once."""


class Guard:
    """Raises where a read of a ragged column, or the result of a task, is larger than a batch."""

    def __init__(self, monkeypatch):
        self.reads, self.tasks, self.largest = {}, 0, 0
        self._read = ZarrArrayWrapper.__getitem__
        guard = self

        def getitem(wrapper, key):
            return guard.read(wrapper, key)

        monkeypatch.setattr(ZarrArrayWrapper, "__getitem__", getitem)

    def read(self, wrapper, key):
        values = self._read(wrapper, key)
        dims = wrapper._array.metadata.dimension_names
        if dims and dims[0] in RAGGED:
            name = wrapper._array.basename
            if values.nbytes > max(BATCH_BYTES, 8 * BATCH_ROWS):
                raise TooMuch(f"{name}: {values.shape} of {wrapper.shape} read at once")
            self.reads.setdefault(name, []).append((len(values), wrapper.shape[0]))
        return values

    def get(self, graph, keys, **options):
        tasks = dict(graph.__dask_graph__())
        self.tasks += len(tasks)
        self.largest = max(self.largest, *(len(cloudpickle.dumps(task)) for task in tasks.values()))
        found = get_sync(tasks, keys, **options)
        for result in found:
            size = len(cloudpickle.dumps(result))
            if size > max(BATCH_BYTES, 8 * NUMBERS):
                raise TooMuch(f"a task gave {size} bytes")
        return found


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Enumerated landscapes with topology and spectra, and a multistart census of the same ones."""
    path = str(tmp_path_factory.mktemp("size") / "run")
    assert run_study(parse_study(STUDY), path, Settings("serial"), Console(quiet=True)).failed == {}
    return path


@contextmanager
def guarded():
    """Small batches, and a guard over what is read and made while they are."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(reductions, "BATCH_BYTES", BATCH_BYTES)
        monkeypatch.setattr(read, "BATCH_ROWS", BATCH_ROWS)
        monkeypatch.setattr(sublevels, "_AT_ONCE", NUMBERS)
        monkeypatch.setattr(slices, "MOST_POINTS", SPECTRA)
        found = Guard(monkeypatch)
        with dask.config.set(scheduler=found.get):
            yield found


@pytest.fixture
def guard():
    with guarded() as found:
        yield found


@dataclass(frozen=True)
class Report:
    """A report of small batches: its folder, and the guard that watched it."""

    folder: Path
    guard: Guard


@pytest.fixture(scope="module")
def small_report(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    with guarded() as guard, unrendered(laid_out=False):
        write_report(store, folder)
    return Report(folder, guard)


def test_no_section_of_the_report_takes_a_column_at_once(small_report):
    for name in ("audit_slopes", "betti", "tests", "spectra"):
        assert list(small_report.folder.glob(f"tables/{name}*.csv")), name
    wanted = {"energy", "index", "hits", "spectrum", "arc_lower", "pair_birth"}
    reads = small_report.guard.reads
    assert wanted <= set(reads)
    for name in wanted:
        # every column is several batches long
        assert max(length for _, length in reads[name]) > 3 * max(n for n, _ in reads[name]), name
    assert small_report.guard.tasks > 100


def test_little_travels_to_a_worker(small_report):
    assert 1000 < small_report.guard.largest < MOST_TO_A_WORKER


@pytest.mark.parametrize("take", [lambda data: data["energy"].values, lambda data: data["pair_birth"].load()])
def test_the_guard_sees_a_column_that_is_read_at_once(store, guard, take):
    data = open_study(store).cells[0].dataset
    with pytest.raises(TooMuch, match="read at once"):
        take(data)


def test_the_guard_sees_a_result_as_large_as_a_column(store, guard):
    data = open_study(store).cells[0].dataset
    with pytest.raises(TooMuch, match="a task gave"):
        list(
            reductions.reduce_points(data, ["energy"], lambda batch: np.repeat(batch.columns["energy"], 200))
        )


def test_a_report_of_small_batches_says_the_same(store, small_report, tmp_path, monkeypatch):
    """Sums in another order: numbers agree to rounding, texts exactly."""
    monkeypatch.setattr(sublevels, "_AT_ONCE", NUMBERS)  # it orders what a bootstrap draws
    monkeypatch.setattr(slices, "MOST_POINTS", SPECTRA)
    with unrendered(laid_out=False):
        write_report(store, tmp_path / "large")
    for path in (tmp_path / "large/tables").iterdir():
        with path.open() as one, (small_report.folder / "tables" / path.name).open() as other:
            for row, again in zip(csv.reader(one), csv.reader(other), strict=True):
                for value, same in zip(row, again, strict=True):
                    try:
                        number = float(value)
                    except ValueError:
                        assert value == same, path.name
                    else:
                        assert float(same) == pytest.approx(number, rel=1e-6, abs=1e-9), path.name


def test_points_are_read_as_from_the_whole_columns(store, guard):
    cell = open_study(store).cells[0]
    kept = np.zeros(60, bool)
    kept[[3, 4, 40]] = True
    found = read_points(cell, kept)
    whole = open_study(store).cells[0].dataset
    guard.read = guard._read  # from here on anything may be read
    rows = np.isin(whole["row_landscape"].values, [3, 4, 40])
    np.testing.assert_array_equal(found.energy, whole["energy"].values[rows])
    np.testing.assert_array_equal(found.hits, whole["hits"].values[rows])
    np.testing.assert_array_equal(found.ids[found.owner], whole["row_landscape"].values[rows])
    np.testing.assert_allclose(found.log_det, np.log(np.abs(whole["spectrum"].values[rows])).sum(axis=1))


def test_an_audit_takes_as_many_landscapes_as_fit(store, tmp_path, monkeypatch):
    cells = open_study(store).cells
    sizes = cells[0].dataset["row_size"].values
    monkeypatch.setattr(audit_measure, "MOST_POINTS", int(sizes[:20].sum()))
    (audit,) = audit_cells(cells)
    (size,) = audit.sizes
    assert (size.enumerated, size.audited, size.points) == (60, 20, sizes[:20].sum())
    assert size.cells[0].landscapes == 20
    with unrendered(laid_out=False):
        page = write_report(store, tmp_path).read_text()
    assert "the first 20 of them are audited" in page


def test_a_worker_without_the_store_says_so(synthetic, tmp_path):
    """Zarr would read fill values."""
    path = synthetic.store(tmp_path / "run", [(synthetic.layout(0, 3, 4), {}, ())])
    cell = synthetic.cell(path)
    assert cell.dataset["row_size"].values.sum() > 0
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    reductions._require.cache_clear()
    with pytest.raises(StoreError, match="workers need the store at the same path"):
        list(reductions.reduce_points(cell.dataset, ["energy"], len))
    with pytest.raises(StoreError, match="at row 0, which no census writes there"):
        cell.dataset["energy"].load()
