"""A study whose cells differ in their columns as tables of Parquet, read as the datasheet says."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest
import xarray as xr

import morsecensus as mc
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.export import arrays
from morsecensus.pipeline.export.write import export_store


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Multistart without positions before a homotopy with them at another n, and gradient flow."""
    folder = tmp_path_factory.mktemp("mixed")
    cell = {"xi": "q^3", "landscapes": 2, "block": 2}
    cells = [
        cell | {"n": 3, "finder": "multistart"},
        cell | {"n": 4, "finder": "homotopy", "positions": True},
        cell | {"n": 5, "finder": "homotopy", "positions": True, "options": {"certify": "none"}},
        {"body": "flow", "xi": "q^3", "n": 8, "landscapes": 2, "until": 1.0},
    ]
    mc.run({"name": "mixed", "seed": 1, "cells": cells}, folder / "run", quiet=True)
    export_store(str(folder / "run"), "parquet", folder / "tables")
    return folder


def test_no_column_is_lost_where_cells_differ(made):
    study = mc.open(made / "run")
    points = pd.read_parquet(made / "tables/points")
    landscapes = pd.read_parquet(made / "tables/landscapes")
    for name in ("c0000", "c0001", "c0002"):
        mine, cell = points[points["cell"] == name], study[name]
        np.testing.assert_array_equal(mine["energy"], cell.points["energy"])
        if name == "c0000":
            assert mine["position"].isna().all()
        else:
            np.testing.assert_array_equal(
                np.stack(mine["position"]), cell.table("row", "component")["position"]
            )
    for name in ("c0000", "c0001", "c0002", "c0003"):
        lines, cell = landscapes[landscapes["cell"] == name], study[name]
        for column in set(map(str, cell.landscapes.variables)):
            np.testing.assert_array_equal(lines[column], cell.landscapes[column], err_msg=column)
    assert {"n_paths", "n_certified", "coverage"} <= set(landscapes)
    assert landscapes[landscapes["cell"] == "c0003"]["coverage"].isna().all()


def test_every_file_has_the_columns_of_all(made):
    for table in ("points", "landscapes"):
        files = sorted((made / "tables" / table).rglob("*.parquet"))
        schemas = [pq.read_schema(path) for path in files]
        assert len(files) >= 3
        assert all(schema.equals(schemas[0]) for schema in schemas)
        assert pads.dataset(made / "tables" / table, partitioning="hive").to_table().num_rows > 0


def test_one_name_with_two_numbers_of_dimensions_is_two_columns():
    cells = {
        "c0000": {"energy": xr.Variable(("landscape",), [1.0])},
        "c0001": {"energy": xr.Variable(("landscape", "look"), [[1.0, 2.0]])},
    }
    schema = arrays._schema_of_all("landscape", arrays._distinct(cells))
    assert schema.names == ["energy", "energy_by_look"]
    assert schema.types == [pa.float64(), pa.list_(pa.float64())]


def test_words_and_numbers_under_one_name_are_refused():
    cells = {
        "c0000": {"kind": xr.Variable(("landscape",), [1.0])},
        "c0001": {"kind": xr.Variable(("landscape",), np.array(["a"]))},
    }
    with pytest.raises(UsageError, match="table landscape, and c0001 has another than the cells before it"):
        arrays._schema_of_all("landscape", cells)
