"""Tables of cells in which a block failed, or a column is filled nowhere: what nobody computed is nan."""

import numpy as np
import pytest
import xarray as xr
from xarray.core import indexing

import morsecensus as mc
from morsecensus.analysis.dataset.unknown import UnknownArray
from morsecensus.storage.tables import Column


def test_counts_of_a_failed_block_are_nan(tmp_path, toolbox):
    study = toolbox.content(n="4", landscapes=12)
    toolbox.run(study, tmp_path / "run", script={"raise": ["4:1"]})
    (cell,) = mc.open(tmp_path / "run").cells
    found = cell.landscapes
    failed = np.isin(found["landscape"], range(4, 8))
    assert (found["status"] == "failed").values[failed].all()
    for name in ("morse_sum", "n_singletons"):
        stored = cell.stored[name].values
        np.testing.assert_array_equal(found[name], np.where(failed, np.nan, stored))
        assert (stored[failed] == -1).all()
        assert np.isnan(found[name].isel(landscape=5))
        assert found[name].isel(landscape=slice(3, 5)).isnull().values.tolist() == [False, True]
    assert (found["n_points"].values[failed] == 0).all()
    assert np.isnan(cell.by_index["chao1_by_index"].values[failed]).all()
    assert found["morse_sum"].dtype == np.float64
    toolbox.run(study, tmp_path / "run")
    (cell,) = mc.open(tmp_path / "run").cells
    assert cell.landscapes["morse_sum"].dtype == cell.stored["morse_sum"].dtype


@pytest.mark.parametrize("dtype", ["i4", "f8"])
def test_a_column_that_nobody_filled_is_read_at_one_landscape(dtype):
    column = Column("n_paths", dtype, "", ("k",), fill=None if dtype == "f8" else -1)
    data = xr.DataArray(indexing.LazilyIndexedArray(UnknownArray(column, (5, 3))), dims=("landscape", "k"))
    for key in ({"landscape": 0}, {"k": -1}, {"landscape": 0, "k": 1}, {"landscape": np.int64(2)}):
        found = data.isel(key).values
        assert found.shape == data.isel(key).shape
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, column.unknown)
    assert data.isel(landscape=[0, 2], k=slice(1, None)).values.shape == (2, 2)
