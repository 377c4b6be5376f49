"""Counts by index and energy of 10^7 points, against the time of reading the two columns."""

import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

from analysis.reductions import count_by_index_and_energy
from benchmarks.harness import Row, interleaved, seconds

ROWS = 10_000_000
LANDSCAPES = 10_000
LEVELS = 20


def make_dataset(path: Path) -> None:
    """Points as compaction lays them out: chunks of 65,536 rows in shards of 2^20."""
    rng = np.random.default_rng(0)
    root = zarr.create_group(path)
    sizes = np.full(LANDSCAPES, ROWS // LANDSCAPES)
    for name, values in (
        ("energy", rng.normal(0, 0.6, ROWS)),
        ("index", rng.integers(0, LEVELS, ROWS).astype("i2")),
    ):
        array = root.create_array(
            name,
            shape=(ROWS,),
            dtype=values.dtype,
            chunks=(65536,),
            shards=(1 << 20,),
            dimension_names=["row"],
        )
        array[:] = values
    for name, values, dimension in (
        ("row_size", sizes, "landscape"),
        ("morse_index", np.arange(LEVELS), "morse_index"),
    ):
        array = root.create_array(name, shape=values.shape, dtype=values.dtype, dimension_names=[dimension])
        array[:] = values


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.zarr"
        make_dataset(path)
        dataset = xr.open_zarr(path, consolidated=False, chunks=None)

        def read() -> None:
            for name in ("energy", "index"):
                dataset[name].copy(deep=False).variable.load().values.sum()

        def reopen_and(action) -> float:
            nonlocal dataset
            dataset = xr.open_zarr(path, consolidated=False, chunks=None)
            return seconds(action)

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        time.sleep(0.1)
        spent = interleaved(
            {
                "count": lambda: reopen_and(lambda: count_by_index_and_energy(dataset, -2.0, 2.0, 200)),
                "read": lambda: reopen_and(read),
            },
            repeats=7,
        )
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return [
        Row(
            "counts by index and energy of 10^7 points over reading the columns, time",
            spent["count"] / spent["read"],
            "<= 3",
            f"{spent['count']:.2f} s against {spent['read']:.2f} s; peak memory grew by {grown:.0f} MiB",
        )
    ]
