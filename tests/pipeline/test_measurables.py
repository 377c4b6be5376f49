"""Measurables of a body of its own: declared in one entry each, and found in the store and its dataset with
their units and meaning, checked as they are read. Storage and analysis know nothing of them."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.dataset.cells import open_study
from morsecensus.pipeline.errors import UsageError
from morsecensus.storage.dataset import dataset_path
from morsecensus.storage.errors import StoreError
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import verify

BODY = "walk_body:run_block"


@pytest.fixture
def walk_body():
    return importlib.import_module("walk_body")


@pytest.fixture
def store(tmp_path, toolbox):
    toolbox.run(toolbox.content(n="4", landscapes=8), tmp_path / "run", body=BODY)
    return str(tmp_path / "run")


def test_out_of_the_dataset_with_unit_and_meaning(store, walk_body):
    assert verify(open_run(store)).problems == []
    data = xr.open_zarr(dataset_path(store), group="c0000")
    assert {
        name: (data[name].attrs["units"], data[name].attrs["long_name"]) for name in ("reach", "place")
    } == {
        "reach": ("nm", "largest distance from the start"),
        "place": ("nm", "where the walk is"),
    }
    spec = open_run(store).manifest.cells[0].spec
    walks = [walk_body.walk(spec, landscape) for landscape in range(8)]
    np.testing.assert_array_equal(data["step_size"], [len(walk) for walk in walks])
    np.testing.assert_array_equal(data["n_steps"], data["step_size"])
    np.testing.assert_array_equal(data["place"], np.concatenate(walks))
    np.testing.assert_array_equal(data["reach"], [abs(walk).max() for walk in walks])


def test_read_as_the_store_itself_says(store):
    """Unknown is allowed where the declaration says so, though no census has such columns."""
    cell = open_study(store).cells[0].stored
    assert np.isnan(cell["rest"].values).all()
    assert not np.isnan(cell["place"].values).any()


def test_what_is_unknown_elsewhere_is_refused(tmp_path, toolbox, monkeypatch, walk_body):
    known = [
        replace(table, measurables=tuple(replace(m, optional=False) for m in table.measurables))
        for table in walk_body.TABLES
    ]
    monkeypatch.setattr(walk_body, "TABLES", known)
    toolbox.run(toolbox.content(n="4", landscapes=8), tmp_path / "run", body=BODY)
    cell = open_study(str(tmp_path / "run")).cells[0].stored
    with pytest.raises(StoreError, match="rest: nan at time 0"):
        _ = cell["rest"].values


def test_a_body_without_tables_is_refused(tmp_path, toolbox, monkeypatch, walk_body):
    monkeypatch.setattr(walk_body, "TABLES", ())
    with pytest.raises(UsageError, match="tables: the first one is called 'landscape'"):
        toolbox.run(toolbox.content(n="4", landscapes=8), tmp_path / "run", body=BODY)
