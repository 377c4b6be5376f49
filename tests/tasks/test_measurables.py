"""What is declared of a census is what its block returns, and reads as the tables of a store."""

import json

import numpy as np
import pytest

from morsecensus.storage.tables import array_names, read_tables
from morsecensus.tasks.block import describe, run_block
from morsecensus.tasks.measurables.base import active
from morsecensus.tasks.measurables.census import CENSUS
from morsecensus.tasks.measurables.words import CHECKS, OUTCOMES, REASONS, STATUSES, TOPOLOGIES

SPEC = {
    "model": "pspin",
    "parameters": {"xi": "q^3", "field": 0.0},
    "n": 3,
    "seed": 1,
    "finder": "multistart",
    "finder_options": {},
    "block_size": 2,
    "positions": True,
    "spectra": False,
}


def _read(tables):
    return read_tables(json.loads(json.dumps([table.record() for table in tables])))


def test_names_are_distinct():
    for table in CENSUS:
        assert len({measurable.name for measurable in table.measurables}) == len(table.measurables)
    names = array_names(_read(CENSUS))
    assert len(set(names)) == len(names)


def test_declarations_survive_json():
    for table, stored in zip(CENSUS, _read(CENSUS), strict=True):
        assert (stored.name, stored.dimension, stored.ragged) == (table.name, table.dimension, table.ragged)
        for measurable, column in zip(table.measurables, stored.columns, strict=True):
            mine = vars(measurable)
            assert all(mine[name] == value for name, value in vars(column).items())


def test_options_switch_tables_and_columns_on():
    names = {
        option: {(table.name, m.name) for table in active(CENSUS, {option}) for m in table.measurables}
        for option in ("", "positions", "spectra", "sets", "homotopy", "topology", "eigenvalues")
    }
    bare = names.pop("")
    more = {option: len(found - bare) for option, found in names.items()}
    assert more == {"positions": 1, "spectra": 1, "sets": 3, "homotopy": 3, "topology": 17, "eigenvalues": 1}


@pytest.mark.parametrize("words", [STATUSES, REASONS, CHECKS, OUTCOMES, TOPOLOGIES])
def test_words_are_words(words):
    assert len(set(words)) == len(words)
    assert all(word.isidentifier() for word in words)


def test_a_block_returns_what_is_declared():
    found = run_block(SPEC, 0)
    description = describe(SPEC)
    tables = read_tables(description["tables"])
    assert set(found) == {table.name for table in tables}
    for table in tables:
        assert set(found[table.name]) == {column.name for column in table.streamed}
        for column in table.columns:
            values = np.asarray(found[table.name][column.name])
            assert values.shape[1:] == column.shape(description["sizes"]), column.name
