"""Tables at 160, 80 and 50 columns: every number in full, no line too long, what is constant said once."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.cli.tables import cell_text, table_text
from morsecensus.pipeline.commands.census import level_rows, search_rows
from morsecensus.pipeline.commands.flow import readable as flow_line
from morsecensus.pipeline.commands.mean_field import readable as mean_field_line

WIDTHS = (160, 80, 50)
PREDICT = ("predict", "--xi", "0.5*q^2+0.5*q^3", "--n")
COMMANDS = {
    "predict": (*PREDICT, "4:12"),
    "predict one n": (*PREDICT, "12"),
    "predict energies": (*PREDICT, "4,5", "--energy", "-1.7:-1.5:9"),
    "predict low": (*PREDICT, "4,40", "--max-index", "2"),
    "predict sampled": ("predict", "--model", "partite", "--n", "2"),
    "plan": ("plan", "examples/demo.toml"),
    "plan of models": ("plan", "examples/universality.toml"),
    "plan of runs": ("plan", "examples/flow.toml"),
    "models": ("models",),
    "finders": ("finders",),
    "examples": ("examples",),
    "columns": ("columns",),
}


def call(width, *arguments):
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": str(width)})
    assert done.exit_code == 0, done.output
    return done.stdout


def numbers(rows):
    return {cell_text(v) for row in rows for v in row.values() if isinstance(v, int | float)}


def _holds(text, rows, width):
    words = text.split()
    missing = numbers(rows) - {*words, *(word.rstrip(",") for word in words)}
    assert not missing
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("name", COMMANDS)
def test_tables_of_commands(name, monkeypatch):
    """Each table that a command prints, held against the rows that it was given."""
    seen = []

    def kept(rows, title, width):
        assert width == 80
        seen.append((rows, title))
        return table_text(rows, title, width)

    monkeypatch.setattr("morsecensus.pipeline.cli.tables.table_text", kept)
    call(80, *COMMANDS[name])
    assert seen
    for rows, title in seen:
        for width in WIDTHS:
            _holds(table_text(rows, title, width), rows, width)


def test_a_store_is_shown_at_any_width(tmp_path, toolbox):
    toolbox.run(toolbox.content(n="4", landscapes=4), tmp_path / "run")
    for command in ("status", "show"):
        rows = json.loads(call(80, command, str(tmp_path / "run"), "--json"))["cells"]
        for width in WIDTHS:
            text = call(width, command, str(tmp_path / "run"))
            assert numbers(rows) <= set(text.split())
            assert max(map(len, text[: text.index("\n\n", 10)].splitlines())) <= width


LEVELS = {
    "finder": "low-index",
    "finder_options": {"max_index": 1},
    "points_by_index": [1234567, 2345678],
    "state_by_index": ["closed", "few_hits"],
    "hits_by_index": {"above": [123456, 234567], "below": [345678, 456789]},
    "coverage_by_index": [0.987654321, 0.912345678],
    "coverage_lower_by_index": [0.876543219, 0.812345678],
    **{f"recapture{end}_by_index": [1234567.0, 98.7654] for end in ("", "_lower", "_upper")},
    "points": {"index": [0, 1], "energy": [-1.23456789, -1.12345678], "degenerate": ["no", "no"]},
}
FLOWS = [{"model": "pspin", "n": n, "end_energy": -1.6 * n, "end_energy_se": 1e-9 / n} for n in (50, 100)]
FIELDS = [{"t": t, "energy": -1.23456789 * t, "energy_error": 1e-9, "radial": 3.4 * t} for t in (1.0, 2.0)]


@pytest.mark.parametrize("width", WIDTHS)
def test_tables_of_what_is_computed(width):
    for rows in (level_rows(LEVELS), search_rows(LEVELS), [flow_line(row) for row in FLOWS]):
        _holds(table_text(rows, "title", width), rows, width)
    rows = [mean_field_line({"correlation": None, "overlap": None, **row}) for row in FIELDS]
    _holds(table_text(rows, "title", width), rows, width)


VALUES = st.one_of(
    st.none(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text("abc ", max_size=60),
)


@given(st.lists(st.lists(VALUES, min_size=12, max_size=12), min_size=1, max_size=5), st.integers(1, 12))
def test_any_rows(values, many):
    rows = [{f"column {k}": value for k, value in enumerate(row[:many])} for row in values]
    long = max(
        (len(word) for row in rows for value in row.values() for word in cell_text(value).split()), default=0
    )
    for width in WIDTHS:
        text = table_text(rows, "title", width)
        _holds(text, rows, max(width, long + 20))


def test_what_is_constant_is_said_once():
    rows = [{"n": n, "model": "pspin", "total": float(n), "ground state": None} for n in (4, 5)]
    text = table_text(rows, "means", 80)
    assert text.splitlines()[:2] == ["means", "model = pspin, ground state = -"]
    assert text.count("pspin") == 1
    assert table_text(rows[:1], "means", 80).splitlines()[2].split() == [
        "n",
        "model",
        "total",
        "ground",
        "state",
    ]


def test_narrow_screens_get_a_block_for_each_n():
    rows = [{"n": n} | {f"index {k}": np.pi * n * 10**k for k in range(12)} for n in (4, 5)]
    wide, middle, narrow = (table_text(rows, "means", width).splitlines() for width in (160, 80, 50))
    assert sum("index 0" in line for line in wide) == sum("index 0" in line for line in middle) == 1
    assert sum(line.split()[:1] == ["n"] for line in middle) == 2
    assert [line for line in narrow if line.startswith("n = ")] == ["n = 4", "n = 5"]
    assert "  index 11  1.25664e+12" in narrow


def test_energies_are_printed():
    arguments = ("predict", "--xi", "q^3", "--n", "4", "--energy", "-1.7:-1.5:2")
    (row,) = json.loads(call(80, *arguments, "--json"))
    text = call(80, *arguments)
    assert "mean numbers by energy, n = 4" in text
    assert "-1.7 to -1.6 " in text
    for value in row["by_energy"]["counts"]:
        assert f"{value:.6g}" in text


def test_a_pipe_in_a_notebook_is_a_notebooks_width(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    done = CliRunner().invoke(app, ["examples"])
    assert 70 < max(map(len, done.stdout.splitlines())) <= 80


def test_a_table_without_rows_is_its_title():
    assert table_text([], "nothing of this", 80) == "nothing of this\n"
