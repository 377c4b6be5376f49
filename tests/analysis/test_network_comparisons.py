"""Networks that differ in one option: run by run where they begin alike, else by their means."""

from math import erfc, sqrt

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.topics.networks.compare import ENDS, compared_row, pairs_of
from morsecensus.analysis.topics.networks.read import Network

OPTIONS = {
    "layers": [2, 3, 2],
    "algorithm": "sgd",
    "batch": 10,
    "rate": 0.1,
    "activation": "relu",
    "skip": False,
    "batchnorm": False,
    "precision": "single",
}


def network(costs, numbers=None, **options):
    runs = np.arange(len(costs)) if numbers is None else numbers
    data = xr.Dataset({name: ("landscape", costs) for name in ENDS}, {"landscape": runs})
    spec = {"parameters": {"network": "net", "layers": "2-3-2"}, "network": OPTIONS | options}
    return Network("c0000", spec, data, 0, ())


def test_what_all_runs_have_in_common_cancels():
    draw = np.random.default_rng(1)
    common, own = draw.normal(1, 1, 20), draw.normal(0.05, 0.01, 20)
    paired = compared_row("rate", network(common), network(common + own, rate=0.2))
    assert paired["pairs"] == 20
    assert paired["end_cost"] == pytest.approx(own.mean())
    assert paired["end_cost_se"] == pytest.approx(own.std(ddof=1) / sqrt(20))
    assert paired["end_cost_z"] > 5
    # Control: as independent runs the same numbers tell nothing.
    apart = compared_row("layers", network(common), network(common + own))
    assert apart["pairs"] == 0
    assert apart["end_cost"] == pytest.approx(own.mean())
    assert abs(apart["end_cost_z"]) < 1


def test_runs_are_matched_by_number():
    """Run 1 of the first and run 3 of the second diverged."""
    first = network(np.array([1.0, 3.0, 4.0, 5.0]), np.array([0, 2, 3, 4]))
    second = network(np.array([1.5, 2.5, 3.7, 5.6]), np.array([0, 1, 2, 4]), rate=0.2)
    row = compared_row("rate", first, second)
    assert row["pairs"] == 3
    assert row["end_cost"] == pytest.approx(np.mean([0.5, 0.7, 0.6]))


def test_few_runs_in_common_are_taken_as_independent():
    first = network(np.array([1.0, 3.0]), np.array([0, 2]))
    assert compared_row("rate", first, network(np.array([1.5, 2.5]), np.array([1, 2])))["pairs"] == 0


@pytest.mark.parametrize("option", ["rate", "layers"])
def test_levels(option):
    """Of 2,000 comparisons of equal networks of five runs 5% have p < 0.05, to 5 standard errors."""
    draw = np.random.default_rng(3)
    below = {"z": 0, "spread": 0}
    for _ in range(2000):
        common = draw.normal(size=5) if option == "rate" else 0.0
        row = compared_row(option, *(network(common + draw.normal(size=5)) for _ in range(2)))
        below["z"] += erfc(abs(row["end_cost_z"]) / sqrt(2)) < 0.05
        below["spread"] += row["spread_p"] < 0.05
    for count in below.values():
        assert abs(count - 100) < 5 * sqrt(95)


def test_spreads_that_differ_are_seen_through_what_is_common():
    draw = np.random.default_rng(4)
    common = draw.normal(0, 1, 40)
    first, second = network(common), network(2 * common + draw.normal(0, 0.1, 40), rate=0.2)
    row = compared_row("rate", first, second)
    assert row["spread"] == pytest.approx(2, rel=0.1)
    assert row["spread_p"] < 1e-6
    assert compared_row("rate", first, network(common, rate=0.2))["spread_p"] is None


def test_one_option_makes_a_pair():
    one, other = network(np.ones(2)), network(np.ones(2), rate=0.2)
    assert [name for name, *_ in pairs_of([one, other])] == ["rate"]
    assert not pairs_of([one, network(np.ones(2), rate=0.2, batch=20)])
    assert not pairs_of([one, network(np.ones(1), rate=0.2)])
