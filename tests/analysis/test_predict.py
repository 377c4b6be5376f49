"""The rows that `morsecensus predict` prints: shapes, JSON, agreement with the numbers behind them."""

import json

import numpy as np
import pytest

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.models.pspin.predict import limits, predict
from morsecensus.analysis.theory.models.pspin.predict_low import predict_low
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


def test_rows_of_low_index_are_those_of_the_whole_law():
    (whole,), (low,) = predict("q^3", [30], 0.4), predict_low("q^3", [30], 2, 0.4)
    assert set(low) - set(whole) == {
        "relative_error",
        "energy_mean",
        "energy_sd",
        "energy_skewness",
        "max_index",
    }
    assert low["method"] == "exact to index 2"
    assert low["by_index"] == pytest.approx(whole["by_index"][:3], rel=1e-8)
    for name in ("total", "minima_energy_mean", "minima_energy_sd"):
        assert low[name] == pytest.approx(whole[name], rel=1e-8)
    # The lowest point is a minimum, but points of higher index are no further minima.
    assert low["ground_state_mean"] == pytest.approx(whole["ground_state_mean"], abs=1e-9)
    assert json.loads(json.dumps(low, allow_nan=False)) == low


@pytest.mark.parametrize("xi", ["q^4", "0.5*q^2+0.5*q^3+0.7*q"])
def test_low_indices_by_energy(xi):
    """Bins, cumulative numbers and densities, pure and mixed, where the energy is that of D and where not."""
    (row,) = predict_low(xi, [80], 1, energy=(-3.0, 0.0, 240))
    table, energy = row["by_energy"], np.linspace(-3, 0, 241)
    density = np.array(table["density"])
    below, binned = np.array(table["below"]), np.array(table["by_index"])
    np.testing.assert_allclose(np.diff(below, axis=1), binned, rtol=1e-9, atol=1e-9 * below.max())
    np.testing.assert_allclose(below[:, -1], row["by_index"], rtol=1e-6)
    np.testing.assert_allclose(np.trapezoid(density, energy), row["by_index"], rtol=1e-4)
    mean = np.trapezoid(density * energy, energy) / row["by_index"]
    np.testing.assert_allclose(mean, row["energy_mean"], rtol=1e-4)
    third = [
        np.trapezoid(d * ((energy - m) / s) ** 3, energy) / count
        for d, m, s, count in zip(density, mean, row["energy_sd"], row["by_index"], strict=True)
    ]
    np.testing.assert_allclose(third, row["energy_skewness"], atol=2e-3)


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
    json.dumps(predict_low(xi, [9, 70], 2, field, energy=(-1.0, 1.0, 3)), allow_nan=False)
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


@pytest.mark.parametrize(
    ("n", "highest", "named"),
    [
        ([80], -1, "max_index: got -1 for n = 80; allowed is 0 .. 32"),
        ([8, 4], 4, "got 4 for n = 4; allowed is 0 .. 3"),
        ([80], 33, "all indices up to n = 60"),
        ([402], 1, "got n = 402; allowed is n <= 401"),
    ],
)
def test_refused_low_indices(n, highest, named):
    with pytest.raises(ValueError, match="allowed is") as caught:
        predict_low("q^3", n, highest)
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
