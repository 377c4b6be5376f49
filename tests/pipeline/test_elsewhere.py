"""``verify --deep`` where the store was computed in another environment: values are compared, not bytes."""

import numpy as np
import pytest

from morsecensus.pipeline.run.check import verify_store
from morsecensus.storage.blocks import read_block, write_block
from morsecensus.storage.layout import RUN
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import open_run
from morsecensus.tasks.measurables.census import POINT

PORTABLE = [column.name for column in POINT.measurables if column.portable and column.option is None]


def _move_elsewhere(store, change):
    """Make the store one of an older JAX whose first block holds the values that ``change`` gives."""
    run = open_run(str(store))
    record = unseal((store / RUN).read_bytes())
    record["generations"][0]["environment"]["packages"]["jax"] = "0.1"
    record["generations"][0]["fingerprint"] = "older"
    markers = {cell.id: run.committed(cell).markers for cell in run.manifest.cells}
    for cell in run.manifest.cells:
        for block, marker in markers[cell.id].items():
            tables = read_block(run.files, cell, marker)
            if (cell.id, block) == ("c0000", 0):
                change(tables)
            write_block(run.files, cell, block, tables, generation=0, fingerprint="older", provenance={})
    (store / RUN).write_bytes(seal(record))


def _rounded(tables):
    tables["point"]["energy"] *= 1 + 1e-12


def _wrong_energy(tables):
    tables["point"]["energy"][-1] += 1e-3


def _another_index(tables):
    tables["point"]["index"][0] ^= 1


def _a_point_less(tables):
    tables["point"] = {name: values[:-1] for name, values in tables["point"].items()}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_rounded, []),
        (_wrong_energy, ["point.energy"]),
        (_another_index, ["point.index"]),
        (_a_point_less, [f"point.{name}" for name in PORTABLE]),
    ],
)
def test_other_roundings_pass_and_other_values_do_not(finished, toolbox, change, named):
    _move_elsewhere(finished, change)
    report, again = verify_store(str(finished), deep=True, blocks=2, body=toolbox.body)
    assert (again.computed, again.bitwise) == (4, 0)
    assert [(p.cell, p.block, p.kind, p.key) for p in report.problems] == [
        ("c0000", 0, "computed", name) for name in named
    ]


def test_at_home_the_same_rounding_is_a_difference(finished, toolbox):
    run = open_run(str(finished))
    cell = run.manifest.cells[0]
    tables = read_block(run.files, cell, run.committed(cell).markers[0])
    _rounded(tables)
    assert np.any(tables["point"]["energy"])
    fingerprint = run.manifest.generations[0].fingerprint
    write_block(run.files, cell, 0, tables, generation=0, fingerprint=fingerprint, provenance={})
    report, again = verify_store(str(finished), deep=True, blocks=1, body=toolbox.body)
    assert (again.computed, again.bitwise) == (2, 2)
    assert {(p.block, p.kind) for p in report.problems} == {(0, "computed")}
    assert all("/energy/" in p.key for p in report.problems)
