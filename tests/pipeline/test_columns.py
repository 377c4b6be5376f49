"""What columns there are, printed from their declarations; the page of the dataset is written from them."""

import json
from pathlib import Path

from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.commands.columns import GENERATED, census_columns, document
from morsecensus.tasks.measurables.census import CENSUS

PAGE = Path(__file__).parents[2] / "docs/dataset.md"
RUN = CliRunner()


def test_the_page_has_every_column_as_it_is_declared():
    page = PAGE.read_text()
    assert document(page) == page, "python -m morsecensus.pipeline.commands.columns docs/dataset.md"
    assert [found[2] for found in GENERATED.finditer(page)] == ["point", "landscape", "arc", "pair"]
    assert all(row["meaning"] in page for row in census_columns())


def test_a_census_is_printed():
    done = RUN.invoke(app, ["columns", "--json"])
    assert done.exit_code == 0, done.stderr
    rows = json.loads(done.stdout)
    assert len(rows) == sum(len(table.measurables) for table in CENSUS)
    chosen = {row["name"]: row for row in rows}
    assert chosen["energy"] == {
        "table": "point",
        "name": "energy",
        "dims": ["row"],
        "type": "f8",
        "unit": "1",
        "meaning": "energy per spin",
        "with": None,
    }
    assert chosen["arc_upper"]["with"] == "topology"
    assert chosen["points_by_index"]["dims"] == ["landscape", "morse_index"]
    assert "energy per spin" in RUN.invoke(app, ["columns"]).stdout


def test_a_store_says_itself_what_it_holds(tmp_path, toolbox):
    store = tmp_path / "run"
    toolbox.run(toolbox.content(n="4", landscapes=8), store, body="walk_body:run_block")
    rows = json.loads(RUN.invoke(app, ["columns", str(store), "--json"]).stdout)
    assert [(row["name"], row["dims"], row["unit"]) for row in rows] == [
        ("n_steps", ["landscape"], "1"),
        ("reach", ["landscape"], "nm"),
        ("place", ["time"], "nm"),
        ("rest", ["time"], "ps"),
    ]
    assert {row["cells"][0] for row in rows} == {"c0000"}
    assert "largest distance from the start" in RUN.invoke(app, ["columns", str(store)]).stdout


def test_no_store_is_one_line(tmp_path):
    done = RUN.invoke(app, ["columns", str(tmp_path)])
    assert done.exit_code == 1
    assert "no run here" in done.stderr
