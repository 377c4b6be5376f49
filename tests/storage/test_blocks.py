import numpy as np
import pytest

from morsecensus.storage.blocks import encode_block, read_block
from morsecensus.storage.errors import StoreError


def test_what_was_written_is_read(full_run, toolbox):
    cell = full_run.manifest.cells[0]
    for block, marker in full_run.committed(cell).markers.items():
        tables = toolbox.tables(cell, block)
        for table, columns in read_block(full_run.files, cell, marker).items():
            assert set(columns) == set(tables[table])
            for name, values in columns.items():
                np.testing.assert_array_equal(values, tables[table][name])


def test_written_twice_is_written_once(full_run, toolbox):
    cell = full_run.manifest.cells[0]
    before = {key: full_run.files.read(key) for key in full_run.files.walk()}
    toolbox.write(full_run, cell, 0)
    assert {key: full_run.files.read(key) for key in full_run.files.walk()} == before


def test_nothing_is_committed_before_all_objects_are_there(tmp_path, toolbox, monkeypatch):
    run = toolbox.new_run(tmp_path / "run")
    cell = run.manifest.cells[0]
    written = []
    original = run.files.write

    def failing(objects):
        written.append(list(objects))
        if len(written) == 1:
            objects = dict(list(objects.items())[:7])
            original(objects)
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(run.files, "write", failing)
    with pytest.raises(OSError, match="No space"):
        toolbox.write(run, cell, 0)
    assert len(written) == 1
    assert run.committed(cell).markers == {}
    monkeypatch.undo()
    toolbox.write(run, cell, 0)
    assert list(run.committed(cell).markers) == [0]


def _drop(tables):
    del tables["point"]["energy"]


def _add(tables):
    tables["landscape"]["colour"] = np.zeros(4)


def _no_table(tables):
    del tables["point"]


def _shape(tables):
    tables["landscape"]["points_by_index"] = np.zeros((4, 3), int)


def _kind(tables):
    tables["landscape"]["n_points"] = np.full(4, 0.5)


def _overflow(tables):
    tables["landscape"]["status"] = np.full(4, 300)


def _disorder(tables):
    tables["point"]["slot"] = tables["point"]["slot"][::-1].copy()


def _slot(tables):
    tables["point"]["slot"] = tables["point"]["slot"] + 1


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (_drop, "energy"),
        (_add, "colour"),
        (_no_table, "point"),
        (_shape, "landscape.points_by_index"),
        (_kind, "landscape.n_points"),
        (_overflow, "landscape.status"),
        (_disorder, "ordered"),
        (_slot, "point.slot"),
    ],
)
def test_tables_that_do_not_fit_are_refused(toolbox, damage, text):
    cell = toolbox.layout()
    tables = toolbox.tables(cell, 0)
    damage(tables)
    with pytest.raises(ValueError, match=text):
        encode_block(cell, 0, 0, tables)


def test_whole_numbers_as_floats_are_no_integers(toolbox):
    cell = toolbox.layout()
    tables = toolbox.tables(cell, 0)
    tables["landscape"]["n_points"] = tables["landscape"]["n_points"].astype(float)
    with pytest.raises(ValueError, match=r"landscape.n_points: type is float64, must be int64"):
        encode_block(cell, 0, 0, tables)


def test_what_fits_exactly_is_converted(toolbox):
    """Smaller floats with their nan, and smaller integers; not what loses digits."""
    cell = toolbox.layout()
    tables = toolbox.tables(cell, 0)
    energy = np.round(tables["point"]["energy"], 2).astype(np.float32)
    energy[0] = np.nan
    narrow = {"point": tables["point"] | {"energy": energy}}
    narrow["landscape"] = tables["landscape"] | {"n_points": tables["landscape"]["n_points"].astype(np.int16)}
    wide = {
        name: {
            column: values.astype(float if column == "energy" else values.dtype)
            for column, values in t.items()
        }
        for name, t in narrow.items()
    }
    wide["landscape"]["n_points"] = tables["landscape"]["n_points"]
    assert encode_block(cell, 0, 0, tables | narrow) == encode_block(cell, 0, 0, tables | wide)
    narrow["point"]["energy"] = energy.astype(complex)
    with pytest.raises(ValueError, match=r"point.energy: type is complex128"):
        encode_block(cell, 0, 0, tables | narrow)


def with_rows(tables, slots):
    """The tables with points of these landscapes, all alike, and no other ragged rows."""
    rows = np.array(slots, dtype=int)
    out = {"landscape": tables["landscape"]}
    for name in set(tables) - {"landscape"}:
        places = np.zeros(len(rows) if name == "point" else 0, int)
        out[name] = {column: np.asarray(values)[places] for column, values in tables[name].items()}
    out["point"]["slot"] = rows
    return out


def test_every_landscape_of_a_block_may_have_rows_and_no_other(toolbox):
    cell = toolbox.layout()
    tables = toolbox.tables(cell, 0)
    assert encode_block(cell, 0, 0, with_rows(tables, [0, 0, 1, 3]))[1]["point"] == [2, 1, 0, 1]
    assert encode_block(cell, 0, 0, with_rows(tables, []))[1]["point"] == [0, 0, 0, 0]
    for wrong in ([-1, 0, 1], [0, 1, 4]):
        with pytest.raises(ValueError, match="must be one number below 4 for each row"):
            encode_block(cell, 0, 0, with_rows(tables, wrong))


def test_a_block_may_fill_its_bound(toolbox):
    tables = toolbox.tables(toolbox.layout(), 0)
    full = with_rows(tables, [0, 1, 2])
    assert encode_block(toolbox.layout(rows_bound=3), 0, 0, full)[1]["point"] == [1, 1, 1, 0]
    with pytest.raises(ValueError, match="got 3 rows, the bound is 2"):
        encode_block(toolbox.layout(rows_bound=2), 0, 0, full)


def test_a_missing_object_names_the_block(full_run):
    cell = full_run.manifest.cells[0]
    marker = full_run.committed(cell).markers[2]
    full_run.files.remove("stream.zarr/c0000/energy/c.2.0")
    with pytest.raises(StoreError, match=r"c0000 block 2: .*energy/c\.2\.0 is missing; `morsecensus repair`"):
        read_block(full_run.files, cell, marker)


def test_more_rows_than_the_bound_are_refused(toolbox):
    cell = toolbox.layout(rows_bound=3)
    with pytest.raises(ValueError, match="the bound is 3"):
        encode_block(cell, 0, 0, toolbox.tables(cell, 0))


def test_reading_a_changed_object_names_the_block(full_run, toolbox):
    cell = full_run.manifest.cells[0]
    marker = full_run.committed(cell).markers[2]
    key = "stream.zarr/c0000/energy/c.2.0"
    data = bytearray(full_run.files.read(key))
    data[9] ^= 4
    full_run.files.write({key: bytes(data)})
    with pytest.raises(StoreError, match=r"c0000 block 2: .*energy/c\.2\.0"):
        read_block(full_run.files, cell, marker)


def test_generations_never_share_an_object(toolbox):
    cell = toolbox.layout()
    first, second = (set(encode_block(cell, 0, g, toolbox.tables(cell, 0))[0]) for g in (0, 1))
    assert not first & second
