"""The rows that `morsecensus predict` prints: shapes, JSON, agreement with the numbers behind them."""

import json

import numpy as np
import pytest

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.models.pspin.predict import limits, predict
from morsecensus.tasks.covariance import Covariance

KEYS = {
    "model",
    "xi",
    "field",
    "n",
    "total",
    "total_se",
    "by_index",
    "se",
    "minima_energy_mean",
    "minima_energy_sd",
}


def test_exact_rows():
    rows = predict("q^3", range(4, 9))
    assert [row["n"] for row in rows] == [4, 5, 6, 7, 8]
    for row in rows:
        assert row.keys() > KEYS
        assert row["method"] == "exact"
        assert len(row["by_index"]) == len(row["se"]) == row["n"]
        assert set(row["se"]) == {None}
        assert sum(row["by_index"]) == pytest.approx(row["total"])
    assert rows[0]["total"] == pytest.approx(18.790234, abs=1e-6)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_field_and_energy_bins():
    (row,) = predict("0.5*q^2+0.5*q^3", [6], field=0.7, energy=(-3.0, 3.0, 12))
    table = row["by_energy"]
    assert len(table["edges"]) == 13
    np.testing.assert_allclose(np.sum(table["by_index"], axis=0), table["counts"], rtol=1e-8)
    assert sum(table["counts"]) == pytest.approx(row["total"], rel=1e-3)
    model = FiniteN(Covariance.parse("0.5*q^2+0.5*q^3").with_field(0.7), 6)
    assert row["total"] == pytest.approx(model.total())
    assert (row["xi"], row["field"]) == ("0.5*q^2+0.5*q^3", 0.7)


def test_sampled_rows_are_a_function_of_the_seed():
    first, again, other = (predict("q^3", [80], samples=300, seed=s)[0] for s in (1, 1, 2))
    assert first == again
    assert first["by_index"] != other["by_index"]
    assert first["total"] == other["total"]
    assert first["method"] == "sampled"
    known = [k for k in range(80) if first["by_index"][k] is not None]
    assert len(known) == 80
    error = sum(first["se"]) if None not in first["se"] else 0.0
    assert abs(sum(first["by_index"]) - first["total"]) < 4 * error
    assert first["minima_energy_se"] > 0


@pytest.mark.parametrize(
    ("xi", "field"),
    [
        ("q^2", 0.0),
        ("q^6", 0.0),
        ("q^3", 100.0),
        ("1e-12*q^2", 1.0),
        ("1e12*q^6", 0.0),
        ("q^2+1e-12*q^3", 0.0),
    ],
)
def test_hard_models_give_valid_json(xi, field):
    text = json.dumps(predict(xi, [2, 3, 9, 70], field, energy=(-1.0, 1.0, 3), samples=50), allow_nan=False)
    assert "NaN" not in text
    assert "NaN" not in json.dumps(limits(xi, field), allow_nan=False)


def test_totals_beyond_the_range_of_a_double_are_null():
    # 5^{N/2} passes 1e308 between N = 800 and 1000.
    (row,) = predict("q^6", [1000], samples=4)
    assert row["total"] is None
    assert row["log_total"] > 709
    json.dumps(row, allow_nan=False)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"xi": "q^9", "n": [4]}, "degree 9"),
        ({"xi": "q^3", "n": []}, "no number of spins"),
        ({"xi": "q^3", "n": [1]}, "got 1"),
        ({"xi": "q^3", "n": [1001]}, "got 1001"),
        ({"xi": "q^3", "n": [4], "field": -1.0}, "field variance"),
        ({"xi": "q^3", "n": [4], "energy": (1.0, 0.0, 4)}, "energy: got 1.0:0.0:4"),
        ({"xi": "q^3", "n": [4], "energy": (0.0, float("nan"), 4)}, "nan"),
        ({"xi": "q^3", "n": [4], "energy": (0.0, 1.0, 10**9)}, "allowed is A:B:M"),
        ({"xi": "q^3", "n": [4], "samples": 0}, "samples: got 0"),
    ],
)
def test_refusals(arguments, named):
    with pytest.raises(ValueError, match="allowed is") as caught:
        predict(**arguments)
    assert named in str(caught.value)


def test_limits_of_pure_and_mixed():
    pure = limits("q^3")
    assert pure["E_inf"] == pytest.approx(1.632993, abs=1e-6)
    assert pure["E_k"][:2] == pytest.approx([1.65699836, 1.65287320])
    assert pure["E_0"] == pure["E_k"][0] == -pure["ground_state"]["energy"]
    curve = pure["complexity"]
    assert len(curve["energy"]) == len(curve["all"]) == len(curve["minima"]) == len(curve["index_fraction"])
    assert curve["total"] == pytest.approx(0.5 * np.log(2))
    mixed = limits("0.5*q^3+0.5*q^4")
    assert mixed["threshold_energy"] == pytest.approx(-71 / 42)
    assert mixed["pure_like"] is True
    assert limits("q^3", field=3.5)["trivial"] is True
    # Scaling xi by 4 doubles every energy.
    assert limits("4*q^3")["E_0"] == pytest.approx(2 * pure["E_0"])
