"""One reading of a cell's points feeds every reduction; what comes out is what each gives by itself."""

import shutil
from collections import Counter
from types import SimpleNamespace

import cloudpickle
import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.agreement.exact import exact_sampler, judge_cell
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.dataset.columns import CheckedArray
from morsecensus.analysis.dataset.scan import Reduction, moments, scan, settled, together, vectors
from morsecensus.analysis.estimates.counts import estimate_energies, estimate_histogram
from morsecensus.analysis.estimates.spectra import _compare, compare_spectra
from morsecensus.analysis.results import family_edges, measure_cell
from morsecensus.analysis.theory.base import Theory
from morsecensus.storage.errors import StoreError

ENERGY = Reduction(("energy",), lambda batch: batch.columns["energy"].sum(), sum)
POINTS = Reduction(("index",), lambda batch: len(batch.owner), sum)


@pytest.fixture
def reads(monkeypatch):
    """How often each column along the rows was read."""
    counted = Counter()
    read = CheckedArray._read

    def counting(self, key):
        if self.inner.dims[0] == "row":
            counted[self.column.name] += 1
        return read(self, key)

    monkeypatch.setattr(CheckedArray, "_read", counting)
    return counted


@pytest.mark.parametrize("number", [0, 1])
def test_a_cell_is_measured_in_two_readings_of_its_points(census_store, reads, number):
    """One for the extent, that bins are laid in, one for all estimates and tests together; 17 before."""
    cell = open_study(census_store).cells[number]
    edges = family_edges([cell])
    assert reads == {name: 1 for name in ("energy", "index", "lambda_min", "lambda_max")}
    result = measure_cell(cell, edges)
    assert len(result.judged) >= 7
    assert len(result.spectra) >= 2
    assert reads == {name: 2 for name in ("energy", "index", "lambda_min", "lambda_max")} | {"spectrum": 1}


def test_together_is_each_alone(census_store):
    cell = open_study(census_store).cells[1]
    edges, sample = family_edges([cell]), exact_sampler(cell)
    asked = [
        estimate_energies(cell),
        estimate_histogram(edges),
        compare_spectra(cell, sample),
        judge_cell(cell, sample),
    ]
    whole = scan(cell.dataset, together(asked))
    energies, histogram, spectra, judged = (scan(cell.dataset, one) for one in asked)
    assert whole[0].identical(energies)
    assert whole[1].identical(histogram)
    assert whole[3] == judged
    for one, other in zip(whole[2], spectra, strict=True):
        np.testing.assert_array_equal(one.density, other.density)
        np.testing.assert_array_equal(one.se, other.se)


def test_reductions_nest_and_go_on(census_store, reads):
    data = open_study(census_store).cells[0].dataset
    inner = together([ENERGY, settled("known")]).then(tuple)
    (energy, word), points = scan(data, together([inner, POINTS]), batch_bytes=2000)
    assert energy == pytest.approx(data["energy"].values.sum(), abs=1e-9)
    assert (word, points) == ("known", data.sizes["row"])


def test_what_is_settled_reads_nothing(census_store, reads):
    data = open_study(census_store).cells[0].dataset
    assert scan(data, together([settled(1), settled(2)])) == [1, 2]
    assert scan(data, together([])) == []
    assert not reads


def test_no_cell_travels_to_a_worker(census_store):
    cell = open_study(census_store).cells[1]
    one = judge_cell(cell, exact_sampler(cell))
    held = cell.dataset.load().nbytes
    assert len(cloudpickle.dumps(one.per_batch)) < min(40_000, held / 4)


def test_vectors_and_moments_are_of_all_landscapes(census_store):
    data = open_study(census_store).cells[0].dataset

    def count(batch):
        return batch.per_landscape(batch.columns["index"].astype(int), 3)

    rows, found = scan(
        data, together([vectors(["index"], count, np.asarray), moments(["index"], count, lambda m: m)])
    )
    np.testing.assert_array_equal(rows, data["points_by_index"].values)
    np.testing.assert_allclose(found.mean, rows.mean(axis=0))


@pytest.mark.parametrize("extent", [(2.3, 2.3), (2.3, 2.3 * (1 + 4e-16)), (0.0, 0.0)])
def test_a_spectrum_of_one_eigenvalue_has_bins(extent):
    """At N = 2 a Hessian has one, and an even landscape has each minimum twice."""
    points = xr.Dataset(
        {
            "row_size": ("landscape", [2]),
            "index": ("row", [0, 0]),
            "spectrum": (("row", "mode"), np.array([[extent[0]], [extent[1]]])),
        }
    )
    cell = SimpleNamespace(theory=Theory())
    found = scan(points, _compare(cell, 0, 2, np.array(extent), None))
    width = found.edges[1] - found.edges[0]
    assert (found.density * width).sum() == pytest.approx(1)


def test_a_chunk_that_is_damaged_is_named_with_its_remedy(census_store, tmp_path):
    store = tmp_path / "store"
    shutil.copytree(census_store, store)
    shard = next(path for path in store.glob("dataset-*.zarr/c0000/energy/c/*") if path.is_file())
    data = bytearray(shard.read_bytes())
    data[20] ^= 1
    shard.write_bytes(bytes(data))
    cell = open_study(str(store)).cells[0]
    with pytest.raises(StoreError, match=r"checksum.*`morsecensus verify`.*repair"):
        scan(cell.stored, ENERGY)
