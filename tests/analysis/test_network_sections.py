"""The report's sections on networks: hidden units and quadratic ones, from a run to tables and verdicts."""

import csv
import re

import numpy as np
import pytest

from morsecensus.analysis.dataset.batches import Batch
from morsecensus.analysis.topics.units.measure import minima_of_landscapes
from morsecensus.analysis.topics.units.powers import power, root
from support.figures import unrendered

STUDY = """
name = "networks"
seed = 3

[[cells]]
model = "units"
kernel = "q^3"
units = 2
coupling = [0.0, 1.0]
n = 2
block = 8
landscapes = 8

[[cells]]
model = "quadratic"
width = 2
teacher = "wishart"
n = 3
landscapes = 4
block = 4
options = { starts_per_round = 1024, max_iterations = 60 }
"""


@pytest.mark.parametrize("counts", [[1], [3, 4, 1], [2, 0, 0, 5], [7, 1, 1, 9, 2]])
@pytest.mark.parametrize("exponent", [1, 2, 3, 5])
def test_a_power_has_its_root(counts, exponent):
    assert root(power(counts, exponent), exponent) == counts


def test_what_is_no_power_has_none():
    """One point more or less, or one moved to the next index."""
    square = power([3, 4, 1], 2)
    assert square == np.polynomial.polynomial.polypow([3, 4, 1], 2).tolist()
    for place in range(len(square)):
        for change in (1, -1):
            other = list(square)
            other[place] += change
            assert root(other, 2) is None
            if place:
                other[place - 1] -= change
                assert root(other, 2) is None
    assert root([4, 4], 2) is None, "an odd degree"


def test_minima_above_the_lowest_are_counted_in_each_landscape():
    index = np.array([0, 1, 0, 0, 1, 0, 2])
    energy = np.array([-1.0, 0.0, -1.0 + 1e-12, -0.25, 0.0, -2.0, 1.0])
    owner = np.array([0, 0, 0, 0, 1, 2, 2])
    found = minima_of_landscapes().per_batch(Batch(3, owner, {"index": index, "energy": energy}, 0))
    np.testing.assert_allclose(found, [[3, 1, 0.75], [np.nan] * 3, [1, 0, 0]])


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Tables of the report on a small run, by name."""
    from typer.testing import CliRunner

    from morsecensus.pipeline.cli.app import app

    folder = tmp_path_factory.mktemp("networks")
    (folder / "study.toml").write_text(STUDY)
    run = ["run", f"{folder}/study.toml", "--store", f"{folder}/run", "--backend", "serial"]
    for command in (run, ["report", f"{folder}/run"]):
        with unrendered():
            ended = CliRunner().invoke(app, command)
        assert ended.exit_code == 0, ended.output
    page = (folder / "run/report/report.html").read_text()
    page = re.sub("<[^>]+>", "", page)
    assert "Hidden units: kernel q3, teacher field" in page
    assert "8 of 8 complete landscapes are tuples" in page

    def read(name):
        with (folder / f"run/report/tables/{name}.csv").open() as file:
            return list(csv.DictReader(file))

    return read


def test_units_apart_are_powers_and_coupled_ones_are_not(tables):
    apart, coupled = tables("units")
    assert (apart["coupling"], apart["complete"], apart["powers"]) == ("0.0", "8", "8")
    assert (coupled["coupling"], coupled["complete"]) == ("1.0", "8")
    assert int(coupled["powers"]) < 8, "the negative control"
    assert abs(float(apart["z"])) < 4
    # On circles one unit has as many minima as maxima, 1, 2 or 3 of each, and two units N^2 points.
    assert float(apart["points"]) == pytest.approx(4 * float(apart["minima"]))
    assert any(row["test"] == "units apart" and row["verdict"] == "agrees" for row in tables("tests"))


def test_quadratic_networks_are_their_closed_form_and_not_the_controls(tables):
    (row,) = tables("quadratic")
    assert int(row["manifolds"]) == 4 * 7, "sets of at most two of three eigenvalues"
    assert row["found"] == row["manifolds"]
    assert float(row["largest_error"]) < 1e-12
    assert [row[name] for name in ("spurious", "index_wrong", "dimension_wrong")] == ["0"] * 3
    assert int(row["value_wrong_without_trace"]) > 0
    assert int(row["index_wrong_without_factor"]) > 0
    sets = tables("quadratic_manifolds")
    assert [each["chosen"] for each in sets] == ["", "1", "2", "3", "1 2", "1 3", "2 3"]
    assert all(each["found"] == each["landscapes"] == "4" for each in sets)
