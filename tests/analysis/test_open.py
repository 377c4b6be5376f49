"""Opening a run, and reductions in batches against whole columns."""

import numpy as np
import pytest

from morsecensus.analysis.dataset.batches import (
    Moments,
    reduce_points,
)
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.dataset.extent import ENERGY_RANGE, LOWEST
from morsecensus.analysis.dataset.scan import moments, scan
from morsecensus.storage.errors import StoreError


def test_a_study_knows_its_cells(census_store):
    study = open_study(census_store)
    assert [(cell.name, cell.n, cell.landscapes, cell.planned) for cell in study.cells] == [
        ("c0000", 3, 150, 150),
        ("c0001", 4, 150, 150),
    ]
    assert study.cells[0].family == study.cells[1].family
    assert study.cells[1].most_points == 30
    assert study.provenance["seed"] == "5"
    assert study.provenance["environments"][0]["fingerprint"] == "f0"


def test_nothing_to_open_is_said(tmp_path):
    with pytest.raises(StoreError, match="no run here"):
        open_study(str(tmp_path))


@pytest.mark.parametrize("batch_bytes", [1, 2000, 2**26])
def test_batches_see_every_row_of_whole_landscapes(census_store, batch_bytes):
    data = open_study(census_store).cells[1].dataset
    batches = list(reduce_points(data, ["energy"], lambda batch: batch, batch_bytes))
    assert sum(batch.landscapes for batch in batches) == 150
    np.testing.assert_array_equal(
        np.concatenate([batch.columns["energy"] for batch in batches]), data["energy"].values
    )
    sizes = np.concatenate([np.bincount(b.owner, minlength=b.landscapes) for b in batches])
    np.testing.assert_array_equal(sizes, data["row_size"].values)
    assert len(batches) == {1: 150, 2**26: 1}.get(batch_bytes, len(batches))
    if batch_bytes == 2000:
        assert 5 < len(batches) < 100


def test_lowest_energies_and_range(census_store):
    data = open_study(census_store).cells[0].dataset
    owner, energy = data["row_landscape"].values, data["energy"].values
    wanted = [energy[owner == landscape].min() for landscape in range(150)]
    np.testing.assert_array_equal(scan(data, LOWEST), wanted)
    assert scan(data, ENERGY_RANGE) == (energy.min(), energy.max())


def test_moments_of_landscapes(census_store):
    data = open_study(census_store).cells[0].dataset
    owner, index = data["row_landscape"].values, data["index"].values
    table = np.zeros((150, 3))
    np.add.at(table, (owner, index), data["energy"].values)
    asked = moments(
        ["index", "energy"],
        lambda batch: batch.per_landscape(batch.columns["index"], 3, batch.columns["energy"]),
        lambda moments: moments,
    )
    found = scan(data, asked)
    np.testing.assert_allclose(found.mean, table.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(table.T), atol=1e-10)
    both = Moments.of(table[:70]) + Moments.of(table[70:])
    np.testing.assert_allclose(both.covariance, np.cov(table.T), atol=1e-10)
