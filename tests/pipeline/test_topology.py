"""Topology by the command line and in a study: the JSON contract, and one dataset's pairs against it."""

import csv
import json

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from morsecensus.analysis.report import write_report
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.worker.bodies import DEFAULT_BODY
from morsecensus.storage.dataset import dataset_path
from support.figures import unrendered

KEYS = [
    *("model", "xi", "field", "n", "seed", "landscape", "complete", "outcome", "why", "counts", "betti"),
    *("degrees", "connections", "loops", "unresolved", "pairs", "checks"),
]


def _found(*arguments):
    result = CliRunner().invoke(app, ["topology", *(str(a) for a in arguments), "--json", "--workers", "1"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def one():
    return _found("--xi", "q^3", "--n", 4, "--seed", 6, "--landscape", 1)


def test_the_contract(one):
    assert list(one) == KEYS
    assert one["complete"]
    assert one["betti"] == [1, 0, 0, 1]
    assert one["degrees"] == [0, 1, 2, 3]
    born = np.bincount([pair["dim"] for pair in one["pairs"]], minlength=4)
    died = np.bincount([pair["dim"] + 1 for pair in one["pairs"] if pair["death"] is not None], minlength=4)
    assert list(born + died) == one["counts"], "every point gives birth or death to one class"
    essential = [pair for pair in one["pairs"] if pair["death"] is None]
    assert [pair["dim"] for pair in essential] == [0, 3]
    assert all(pair["death_id"] is None for pair in essential)
    assert all(pair["death"] > pair["birth"] for pair in one["pairs"] if pair["death"] is not None)
    assert set(one["checks"].values()) <= {"pass", "uninformative"}
    assert one["checks"]["homology_0"] == one["checks"]["square"] == one["checks"]["dual"] == "pass"


def test_a_study_stores_the_same_pairs(one, toolbox, tmp_path):
    cell = {"xi": "q^3", "n": 4, "landscapes": 2, "block": 2, "finder": "homotopy", "topology": True}
    outcome = toolbox.run({"name": "t", "seed": 6, "cells": [cell]}, str(tmp_path / "run"), body=DEFAULT_BODY)
    assert not outcome.failed
    data = xr.open_zarr(dataset_path(outcome.store), group="c0000", consolidated=False).load()
    assert list(data["topology"].values) == [0, 0]
    mine = data["pair_landscape"].values == 1
    assert list(data["pair_dim"].values[mine]) == [pair["dim"] for pair in one["pairs"]]
    deaths = [np.nan if pair["death"] is None else pair["death"] for pair in one["pairs"]]
    np.testing.assert_allclose(data["pair_death"].values[mine], deaths, rtol=1e-12)
    # Rows count within the landscape: births are the energies of these points.
    first = int(data["row_size"].values[0])
    energy = data["energy"].values[first:]
    np.testing.assert_array_equal(
        energy[data["pair_birth_row"].values[mine]], data["pair_birth"].values[mine]
    )
    index = data["index"].values[first:]
    arcs = data["arc_landscape"].values == 1
    upper, lower = (data[f"arc_{end}"].values[arcs] for end in ("upper", "lower"))
    assert (index[upper] == data["arc_degree"].values[arcs]).all()
    assert (index[lower] == index[upper] - 1).all()
    assert (energy[lower] < energy[upper]).all()


def test_an_open_census_is_refused_with_the_reason(toolbox, tmp_path):
    options = {"starts_per_round": 64, "max_rounds": 1, "min_hits": 1000}
    cell = {"xi": "q^3", "n": 4, "landscapes": 1, "block": 1, "topology": True, "options": options}
    outcome = toolbox.run({"name": "t", "seed": 6, "cells": [cell]}, str(tmp_path / "run"), body=DEFAULT_BODY)
    data = xr.open_zarr(dataset_path(outcome.store), group="c0000", consolidated=False).load()
    assert data["topology"].attrs["flag_meanings"].split()[int(data["topology"][0])] == "refused"
    assert int(data["pair_size"].sum()) == int(data["arc_size"].sum()) == 0


def _cell(path):
    return xr.open_zarr(dataset_path(path), group="c0000", consolidated=False).load()


def test_the_report_has_it(toolbox, tmp_path):
    """From a study to the page: tables have rows, figures are there, and the certificates are told."""
    cell = {
        "xi": "q^3",
        "landscapes": 20,
        "block": 20,
        "finder": "homotopy",
        "spectra": False,
        "topology": True,
    }
    cells = [cell | {"n": n} for n in (3, 4)]
    outcome = toolbox.run({"name": "t", "seed": 6, "cells": cells}, str(tmp_path / "run"), body=DEFAULT_BODY)
    with unrendered():
        page = write_report(outcome.store, tmp_path / "report")
    text = page.read_text()
    for words in (
        "Persistent homology",
        "Merge trees and barriers",
        "Disconnectivity",
        "Euler characteristic",
    ):
        assert words in text
    tables = (
        "topology",
        "betti",
        "homology_ratios",
        "persistent_betti",
        "barriers",
        "connectedness",
        "lifetimes",
    )
    for name in (*tables, "euler_curves", "euler_tests"):
        assert len((tmp_path / "report" / "tables" / f"{name}.csv").read_text().splitlines()) > 1, name
    with (tmp_path / "report" / "tables" / "topology.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["n"], row["certified"], row["inequalities"]) for row in rows] == [
        ("3", "20", "20"),
        ("4", "20", "20"),
    ]
    assert all(float(row["resolved"]) == 1 for row in rows)
    drawn = {path.stem.removeprefix("family-1-") for path in (tmp_path / "report" / "figures").glob("*.svg")}
    assert {"persistence", "betti", "homology-ratios", "persistent-betti", "disconnectivity"} <= drawn
    assert {"connectedness", "barriers", "lifetimes", "euler"} <= drawn


def test_components_are_those_of_the_whole(one, toolbox, tmp_path):
    """Branches alone: pairs of degree 0 and of the two top degrees, and the same ones."""
    cell = {"xi": "q^3", "n": 4, "landscapes": 2, "block": 2, "finder": "homotopy", "topology": "components"}
    outcome = toolbox.run({"name": "t", "seed": 6, "cells": [cell]}, str(tmp_path / "run"), body=DEFAULT_BODY)
    data = _cell(outcome.store)
    assert set(data["arc_degree"].values) == {1, 3}
    assert data["exact_degree"].values.tolist() == [[1, 0, 1, 1]] * 2
    mine = data["pair_landscape"].values == 1
    found = zip(data["pair_dim"].values[mine], data["pair_birth"].values[mine], strict=True)
    assert [(int(dim), birth) for dim, birth in found] == [
        (pair["dim"], pair["birth"]) for pair in one["pairs"] if pair["dim"] != 1
    ]


@pytest.mark.parametrize("value", ["loops", 1, "true"])
def test_a_study_says_what_topology_may_be(value, toolbox, tmp_path):
    cell = {"xi": "q^3", "n": 4, "landscapes": 1, "topology": value}
    with pytest.raises(
        UsageError, match=r'cells\[0\].topology: got .*, allowed: true, false, or "components"'
    ):
        toolbox.run({"name": "t", "seed": 6, "cells": [cell]}, str(tmp_path / "run"), body=DEFAULT_BODY)


def test_people_read_a_table(one):
    command = ["topology", "--xi", "q^3", "--n", "4", "--seed", "6", "--landscape", "1", "--workers", "1"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "certified: every gradient line resolved" in result.stdout
    assert "never die" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--n", "30"), "1073741823 paths"),
        (("--n", "1"), "--n: got 1"),
        (("--landscape", "-1"), "--landscape"),
    ],
)
def test_bad_input_is_one_line(arguments, message):
    defaults = {"--xi": "q^3", "--n": "4", "--seed": "1"} | dict([arguments])
    result = CliRunner().invoke(app, ["topology", *(word for pair in defaults.items() for word in pair)])
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
