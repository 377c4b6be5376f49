"""What a report computes from the energies and indices of 10^7 points, against the time of reading the two
columns: `measure_cell` calls these reductions for every cell."""

import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

from benchmarks.harness import Row, interleaved, seconds
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.extent import ENERGY_RANGE
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.counts import estimate_energies, estimate_histogram
from morsecensus.storage.inventory import INVENTORY_KEY, Entry, inventory_bytes
from morsecensus.tasks.runtime.memory import peak_bytes

ROWS = 10_000_000
LANDSCAPES = 10_000
LEVELS = 20
EDGES = np.linspace(-2.0, 2.0, 49)
"""As many bins as a report's histograms have."""


def make_dataset(path: Path, rows: int = ROWS, landscapes: int = LANDSCAPES) -> None:
    """Points as compaction lays them out: by energy in a landscape, chunks of 65,536 rows, shards of 2^20."""
    rng = np.random.default_rng(0)
    root = zarr.create_group(path)
    sizes = np.full(landscapes, rows // landscapes)
    for name, values in (
        ("energy", np.sort(rng.normal(0, 0.6, (landscapes, rows // landscapes)), axis=1).ravel()),
        ("index", rng.integers(0, LEVELS, rows).astype("i2")),
    ):
        array = root.create_array(
            name,
            shape=(rows,),
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
    add_inventory(path)


def add_inventory(path: Path) -> None:
    """What lies there is what should: a scan reads nothing else."""
    objects = {
        str(file.relative_to(path)): Entry.of(file.read_bytes()) for file in path.rglob("*") if file.is_file()
    }
    inventory = path / INVENTORY_KEY
    inventory.parent.mkdir()
    inventory.write_bytes(inventory_bytes(objects))


def opened(path: Path, landscapes: int = LANDSCAPES) -> Cell:
    """A cell of which nothing is loaded."""
    return Cell("c0000", xr.open_zarr(path, consolidated=False, chunks=None), landscapes)


def read(cell: Cell) -> None:
    for name in ("energy", "index"):
        cell.dataset[name].values.sum()


def run() -> list[Row]:
    actions = {
        "numbers of points and of minima by energy, mean index": lambda cell: scan(
            cell.dataset, estimate_histogram(EDGES)
        ),
        "mean and spread of the energies of each index": lambda cell: scan(
            cell.dataset, estimate_energies(cell)
        ),
        "range of energies": lambda cell: scan(cell.dataset, ENERGY_RANGE),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.zarr"
        make_dataset(path)
        before = peak_bytes()
        time.sleep(0.1)
        timed = {
            name: lambda action=action: seconds(lambda: action(opened(path)))
            for name, action in {**actions, "read": read}.items()
        }
        spent = interleaved(timed, repeats=7)
        grown = (peak_bytes() - before) / 2**20
    return [
        Row(
            f"{name}, of 10^7 points, over reading the columns, time",
            spent[name] / spent["read"],
            "<= 3",
            f"{spent[name]:.2f} s against {spent['read']:.2f} s; peak memory grew by {grown:.0f} MiB in all",
        )
        for name in actions
    ]
