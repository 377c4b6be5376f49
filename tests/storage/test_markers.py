"""A marker is believed only where it speaks of its own block, and only markers make a block committed."""

import pytest

from morsecensus.storage.errors import StoreError
from morsecensus.storage.layout import Generation
from morsecensus.storage.markers import Marker, committed, marked, read_marker
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import add_generation

KEY = "commits/c0000/{:06d}.json"


@pytest.fixture
def cell(full_run):
    return full_run.manifest.cells[0]


def change(run, number, /, *without, **changes):
    """Seal a marker again with other content."""
    record = unseal(run.files.read(KEY.format(number))) | changes
    run.files.write({KEY.format(number): seal({k: v for k, v in record.items() if k not in without})})


def read(run, block=0):
    return read_marker(run.files, run.manifest.cells[0], block, 0, run.manifest.generations[0])


def test_a_marker_is_read_as_it_was_written(full_run, toolbox, cell):
    written = toolbox.write(full_run, cell, 0)
    found = read(full_run)
    assert found.to_bytes() == written.to_bytes() == full_run.files.read(KEY.format(0))
    assert found.key == written.key == KEY.format(0)
    assert found.content == written.content != read(full_run, 2).content
    tables = toolbox.tables(cell, 0)
    assert found.totals == {name: tables["landscape"][name].sum() for name in ("n_points", "n_starts")}
    assert found.rows["point"] == len(tables["point"]["energy"]) == sum(found.slots["point"])


def test_there_may_be_none(full_run):
    full_run.files.remove(KEY.format(1))
    with pytest.raises(FileNotFoundError):
        read(full_run, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("cell", "c0001"), ("cell_hash", "other"), ("block", 1), ("generation", 1), ("fingerprint", "f1")],
)
def test_a_marker_of_another_block_is_foreign(full_run, name, value):
    change(full_run, 0, **{name: value})
    with pytest.raises(StoreError, match=f"is foreign: its {name} is {value!r}, this block's is"):
        read(full_run)


def test_a_marker_has_its_entries_and_no_others(full_run):
    change(full_run, 0, "totals")
    change(full_run, 2, colour="red")
    for block in (0, 2):
        with pytest.raises(StoreError, match="is not a marker of this format"):
            read(full_run, block)


def _moved(record):
    counts = list(record["slots"]["point"])
    counts[0], counts[1] = -1, counts[1] + counts[0] + 1
    return {"slots": record["slots"] | {"point": counts}}


@pytest.mark.parametrize(
    "changes",
    [
        lambda record: {"rows": record["rows"] | {"point": record["rows"]["point"] + 1}},
        lambda record: {"rows": record["rows"] | {"other": 0}},
        lambda record: {
            name: {k: v for k, v in record[name].items() if k != "arc"} for name in ("rows", "slots")
        },
        lambda record: {"slots": record["slots"] | {"point": [*record["slots"]["point"], 0]}},
        _moved,
        lambda record: {"totals": {"n_points": 3, "n_starts": 1.5}},
        lambda record: {"totals": {"n_points": True}},
        lambda record: {"totals": [1]},
        lambda record: {"provenance": {"seconds": "long"}},
        lambda record: {"provenance": None},
        lambda record: {"objects": {}},
    ],
)
def test_counts_that_no_such_block_has_are_foreign(full_run, changes):
    change(full_run, 0, **changes(unseal(full_run.files.read(KEY.format(0)))))
    with pytest.raises(StoreError, match="is foreign: its objects or counts") as error:
        read(full_run)
    assert "\n" not in str(error.value)


def test_a_landscape_without_rows_is_no_fault(full_run, toolbox, cell):
    assert list(read(full_run, 1).slots["point"]) == [0, 0, 0, 0]
    assert read(full_run, 1).rows == {"point": 0, "arc": 0, "pair": 0}


def test_committed_are_the_blocks_with_a_valid_marker(full_run, cell):
    generations = full_run.manifest.generations
    assert list(committed(full_run.files, cell, generations).markers) == [0, 1, 2]
    change(full_run, 1, fingerprint="f9")
    full_run.files.remove(KEY.format(2))
    # of a block that the cell doesn't have, and no markers at all
    for name in (KEY.format(3), "commits/c0000/000002.json.part", "commits/c0000/two.json"):
        full_run.files.write({name: full_run.files.read(KEY.format(0))})
    found = committed(full_run.files, cell, generations)
    assert list(found.markers) == [0]
    assert list(found.damaged) == [(0, 1)]
    assert "its fingerprint is 'f9'" in found.damaged[0, 1]


def test_where_generations_overlap_the_oldest_counts(full_run, toolbox, cell):
    run = add_generation(full_run, Generation("f1", {"cpu": "other"}))
    for block in (0, 1):
        toolbox.write(run, cell, block, generation=1)
    run.files.remove(KEY.format(1))
    change(run, 2, block=7)
    toolbox.write(run, cell, 2, generation=1)
    found = committed(run.files, cell, run.manifest.generations)
    assert {block: marker.generation for block, marker in found.markers.items()} == {0: 0, 1: 1, 2: 1}
    assert list(found.markers) == [0, 1, 2]
    assert all(isinstance(marker, Marker) for marker in found.markers.values())
    assert list(found.damaged) == [(0, 2)]


def test_names_of_markers():
    names = ["000001.json", "000012.json", "000003.tmp", "json", ".json", "x.json", "-1.json", "7.json.part"]
    assert list(marked(names)) == [1, 12]
