"""Synthetic runs of a known law: points drawn from the exact sampler, counts with the exact means.

q^3 at N = 3 and 4: index 0 comes 1 + Poisson times, the others follow by symmetry and the Morse sum.
"""

from functools import lru_cache

import numpy as np
import pytest

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.groups import open_group
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.sampler import sample_critical_points
from morsecensus.storage.blocks import write_block
from morsecensus.storage.compact import compact
from morsecensus.storage.dataset import dataset_path
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import CellLayout, Generation, Manifest
from morsecensus.storage.store import open_run, write_manifest
from morsecensus.storage.tables import read_tables
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.measurables.base import active
from morsecensus.tasks.measurables.census import CENSUS

GENERATION = Generation("f0", {"cpu": "<test> & co"})
BOUND = {3: 14, 4: 30}


@lru_cache
def pool(n, index):
    """Many equally weighted exact points of one index."""
    sample = sample_critical_points(FiniteN(Covariance.pure(3), n), index, 60000, seed=10 * n + index)
    return sample.resample(60000, seed=index)


@lru_cache
def exact_by_index(n):
    return FiniteN(Covariance.pure(3), n).by_index()


def half_counts(n, rng):
    """Numbers of the points of index 0 and 1, of which the others are mirror images."""
    exact = exact_by_index(n)
    first = 1 + rng.poisson(exact[0] - 1)
    return (first, 2 * first - 2) if n == 3 else (first, rng.poisson(exact[1]))


def landscape_points(n, rng, keep=1.0):
    """Rows (energy, index, radial, spectrum...) of one landscape, sorted by energy; mirror images included.

    ``keep`` < 1 loses pairs at random.
    """
    rows = []
    for index, number in zip((0, 1), half_counts(n, rng), strict=True):
        own = n == 3 and index == 1  # the middle index is its own mirror image
        drawn = rng.integers(0, 60000, number // 2 if own else number)
        law = pool(n, index)
        for i in drawn[rng.random(len(drawn)) < keep]:
            spectrum = np.sort(law.hessian[i])
            rows.append([law.energy[i], index, law.radial[i], *spectrum])
            rows.append([-law.energy[i], n - 1 - index, -law.radial[i], *-spectrum[::-1]])
    table = np.array(rows).reshape(-1, 3 + n - 1)
    return table[np.argsort(table[:, 0])]


def block_tables(cell, rng, keep=1.0, status=0, empty=False):
    n, size = cell.spec["n"], cell.block_size
    points = [landscape_points(n, rng, keep) for _ in range(size)]
    if empty:
        points = [rows[:0] for rows in points]
    rows = np.concatenate(points)
    counts = np.array([len(p) for p in points])
    by_index = np.array([np.bincount(p[:, 1].astype(int), minlength=n) for p in points])
    landscape = {}
    for column in cell.landscape.columns:
        shape = (size, *column.shape(cell.sizes))
        landscape[column.name] = np.ones(shape, column.dtype)
    landscape |= {
        "status": np.full(size, status),
        "reason": np.full(size, 0 if status == 0 else 1),
        "n_points": counts,
        "points_by_index": by_index,
        "n_degenerate": np.zeros(size, int),
        "bound": np.full(size, float(BOUND[n])),
        "chao1": counts + (2.0 if status else 0.0),
        "morse_check": np.full(size, 2 if n % 2 == 0 else 0),
        "parity_check": np.zeros(size, int),
        "bound_check": np.zeros(size, int),
        "n_paths": np.full(size, -1),
    }
    flat = len(rows)
    point = {
        "slot": np.repeat(np.arange(size), counts),
        "energy": rows[:, 0],
        "index": rows[:, 1].astype(int),
        "lambda_min": rows[:, 3] if flat else np.zeros(0),
        "lambda_max": rows[:, -1] if flat else np.zeros(0),
        "radial_derivative": rows[:, 2],
        "gradient_norm": np.zeros(flat),
        "existence_radius": np.zeros(flat),
        "uniqueness_radius": np.ones(flat),
        "hits": np.full(flat, 5),
        "degenerate": np.zeros(flat, int),
        "certified_radius": np.full(flat, np.nan),
        "sample_hits": np.full(flat, -1),
    }
    if "spectrum" in (column.name for column in cell.table("point").columns):
        point["spectrum"] = rows[:, 3:]
    return {"landscape": landscape, "point": point}


def make_layout(number, n, landscapes, *, spectra=True, block_size=None, **attrs):
    block_size = block_size or landscapes
    return CellLayout(
        id=f"c{number:04d}",
        hash=f"hash{number}",
        body="somewhere:body",
        spec={"n": n, "seed": 5, "finder": "multistart", "finder_options": {}},
        landscapes=landscapes,
        block_size=block_size,
        chunk_rows=256,
        rows_bound=max(256, 100 * block_size),
        sizes={"morse_index": n, "outcome": 4, "component": n, "eigenvalue": n - 1},
        tables=read_tables([table.record() for table in active(CENSUS, {"spectra"} if spectra else ())]),
        attrs={"model": "pspin", "xi": "q^3", "field": 0.0, "n": n, "seed": 5} | attrs,
    )


def make_store(path, cells):
    """Write and compact a run; ``cells`` are (layout, keywords of block_tables, blocks to leave out)."""
    layouts = tuple(layout for layout, _, _ in cells)
    manifest = Manifest("test <b>&", {"name": "test"}, layouts, (GENERATION,), {"morsecensus": "0"})
    run = write_manifest(open_files(str(path)), manifest)
    rng = np.random.default_rng(20250101)
    for layout, keywords, absent in cells:
        for block in range(layout.blocks):
            if block not in absent:
                tables = block_tables(layout, rng, **keywords)
                write_block(
                    run.files, layout, block, tables, generation=0, fingerprint="f0", provenance={"host": "h"}
                )
    compact(run)
    return str(path)


@pytest.fixture(scope="session")
def synthetic():
    """The helpers above, for tests cannot import each other."""

    class Synthetic:
        layout = staticmethod(make_layout)
        store = staticmethod(make_store)
        points = staticmethod(landscape_points)
        exact_by_index = staticmethod(exact_by_index)

        @staticmethod
        def cell(path, name="c0000"):
            layout = open_run(path).manifest.cell(name)
            dataset = open_group(dataset_path(path), name, layout.tables, layout.sizes)
            return Cell(name, dataset, int(dataset.sizes["landscape"]))

    return Synthetic


@pytest.fixture(scope="session")
def census_store(tmp_path_factory, synthetic):
    """Two cells of one family, N = 3 and 4, complete, with spectra."""
    cells = [(synthetic.layout(0, 3, 150), {}, ()), (synthetic.layout(1, 4, 150, block_size=50), {}, ())]
    return synthetic.store(tmp_path_factory.mktemp("census") / "run", cells)
