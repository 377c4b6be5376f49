"""Sharpness as a study: refusals, rows, and the report."""

import csv
import re

import numpy as np
import pytest

import morsecensus as mc
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.report import write_report
from morsecensus.analysis.topics.sharpness.measure import difference_rows, find_sharp, plain, scale_rows
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.study.study import parse_study
from support.figures import unrendered

NET = {
    "name": "small",
    "layers": [6, 5, 3],
    "count": 60,
    "rate": 0.2,
    "batch": 5,
    "steps": 40,
    "seeds": 3,
    "sharpness": {"matvecs": 20, "scales": [2, 1, 0.5]},
}
LARGE = NET | {"name": "large", "batch": 60}
WILD = NET | {"name": "wild", "rate": 1e4, "steps": 41, "seeds": 1}


def content(*tables):
    return {"name": "sharp", "seed": 5, "networks": list(tables) or [NET, LARGE, WILD]}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    store = tmp_path_factory.mktemp("sharp") / "run"
    mc.run(content(), store, backend="serial", quiet=True)
    return str(store)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activation": "tanh"}, r"sharpness: got activation tanh, allowed: relu, linear"),
        ({"layers": [6, 3]}, r"sharpness: got layers \[6, 3\], scaling standard, allowed: a hidden layer"),
        ({"layers": [6, 6, 3], "skip": True}, r"sharpness: got skip from 6 inputs to as many units"),
        ({"sharpness": {"scales": [0.5, 2]}}, r"sharpness\.scales: got \[0\.5, 2\.0\], allowed: 1 and up to"),
        ({"sharpness": {"scales": [0, 1]}}, r"sharpness\.scales: got \[0\.0, 1\.0\], allowed"),
        ({"sharpness": {"matvecs": 54}}, r"sharpness\.matvecs: got 54, allowed: integers from 1 to 53"),
        ({"sharpness": {"examples": 61}}, r"sharpness\.examples: got 61, allowed: integers from 1 to 60"),
        ({"sharpness": {"c": 1}}, r"sharpness\.c: unknown key"),
    ],
)
def test_what_cannot_be_is_one_line(change, message):
    with pytest.raises(UsageError, match=message) as error:
        parse_study(content(NET | change))
    assert "\n" not in str(error.value)


def test_rows_are_by_scale_and_one_sharpness_is_left(stored):
    small, large = find_sharp(open_study(stored))
    rows = list(scale_rows(small))
    assert [row["scale"] for row in rows] == [0.5, 1, 2]
    assert rows[1]["sharpness"] == pytest.approx(small.column("sharpness")[:, 1].mean())
    assert rows[2]["sharpness"] == pytest.approx(small.column("sharpness")[:, 0].mean()), "scale 2 came first"
    for row in rows:
        assert row["adaptive_ratio"] == pytest.approx(1, rel=1e-6)
        assert row["cost_change"] < 1e-12
    assert abs(rows[0]["sharpness_ratio"] - 1) > 0.1
    found = {row["quantity"]: row for row in difference_rows([small, large])}
    wanted = np.mean(plain(large, "adaptive")) - np.mean(plain(small, "adaptive"))
    assert found["adaptive"]["difference"] == pytest.approx(wanted)
    changes = plain(large, "adaptive") - plain(small, "adaptive")
    assert found["adaptive"]["difference_se"] == pytest.approx(np.std(changes, ddof=1) / np.sqrt(3))
    assert found["adaptive"]["pairs"] == 3


def test_the_report_says_nothing_within_two_errors(stored, tmp_path):
    with unrendered():
        page = write_report(stored, tmp_path / "report").read_text()
    assert "Trained networks: sharpness" in re.sub("<[^>]*>", "", page)
    with (tmp_path / "report/tables/network_sharpness_differences.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {row["quantity"] for row in rows} == {"sharpness", "adaptive", "end_cost", "end_test_errors"}
    said = re.findall(r"<td[^>]*>(not shown|larger|smaller)</td>", page)
    beyond = sum(abs(float(row["z"])) > 2 for row in rows)
    assert len(said) == len(rows) == 4
    assert sum(word != "not shown" for word in said) == beyond
