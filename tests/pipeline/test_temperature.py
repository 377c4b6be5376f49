"""The temperature of SGD: late looks of runs, intervals of signed ranks, and the words of the report."""

import csv
import re

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import wilcoxon

from morsecensus.analysis.estimates.signed_rank import centre, centre_in_units
from morsecensus.analysis.report import write_report
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.tasks.networks.options import NetworkOptions
from morsecensus.tasks.networks.record import runs_of
from support.figures import unrendered

NET = {"layers": [4, 2, 3], "count": 64, "rate": 0.5, "batch": 4, "steps": 40, "precision": "float64"}


def test_late_costs_are_those_of_runs_that_end_there():
    """The same run, left earlier, is the other way to a look; and looking changes nothing."""
    (row,) = runs_of(NetworkOptions(**NET, late=4), 3, [1])
    shorter = [runs_of(NetworkOptions(**NET | {"steps": steps}), 3, [1])[0] for steps in (25, 30, 35, 40)]
    costs = np.array([one["end_cost"] for one in shorter])
    np.testing.assert_array_equal(row["late_cost"], costs.reshape(2, 2).mean(axis=1))
    np.testing.assert_array_equal(row["weights"], shorter[-1]["weights"])
    (wild,) = runs_of(NetworkOptions(**NET | {"rate": 1e300}, late=4), 3, [1])
    assert np.isnan(wild["late_cost"]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"late": 3}, r"late: got 3, allowed: even numbers from 0 to 10000"),
        ({"late": -2}, r"late: got -2, allowed: even"),
        ({"late": 22}, r"late: got 22, allowed: at most half of the 40 steps"),
        ({"late": 4, "until": 0.1, "algorithm": "gd"}, r"late: got 4 with until"),
    ],
)
def test_late_looks_that_cannot_be_are_one_line(change, message):
    with pytest.raises(UsageError, match=rf"^study: networks\[0\]\.{message}"):
        parse_study({"name": "s", "seed": 1, "networks": [NET | {"name": "net"} | change]})


def test_cells_without_late_looks_are_as_before():
    (cell,) = parse_study({"name": "s", "seed": 1, "networks": [NET | {"name": "net"}]}).cells
    assert "late" not in cell.spec["network"]


def test_intervals_of_signed_ranks_are_where_wilcoxon_rejects():
    """The exact test of a shift just inside an end accepts, and just outside rejects."""
    source, level = np.random.default_rng(4), 0.01
    for count in (9, 16):
        values = source.standard_t(2, count)
        estimate, low, high = centre(values, level)
        assert low < estimate < high
        for end, out in ((low, -1), (high, 1)):
            inside, outside = (
                wilcoxon(values - end + step * out * 1e-9, method="exact").pvalue for step in (1, -1)
            )
            assert inside > level >= outside
    assert centre(source.standard_normal(7), level)[1:] == (-np.inf, np.inf), "2 of 2^7 are 0.016"


def test_intervals_of_signed_ranks_miss_as_often_as_they_may():
    """A tenth of the runs elsewhere, on both sides: symmetric, far from Gaussian."""
    source, level = np.random.default_rng(5), 0.1
    draws = source.standard_normal((2000, 12)) + 50 * source.choice([-1, 0, 0, 0, 0, 1], (2000, 12))
    missed = np.mean([not low <= 0 <= high for _, low, high in (centre(row, level) for row in draws)])
    # the largest level that 12 signs allow below 0.1 is 0.0923
    assert abs(missed - 0.0923) < 4 * np.sqrt(0.0923 / 2000)


def test_shares_of_a_noisy_unit_miss_as_often_as_they_may():
    """Eight differences of 0.8 units where single units spread by 0.3. Control: over a point estimate of the
    unit, as if that were known, intervals miss far oftener."""
    source, level, share, draws = np.random.default_rng(6), 0.1, 0.8, 3000
    allowed = 2 * 10 / 2**8  # ten sets of ranks from 1 to 8 have a sum of at most 5
    missed = np.zeros((draws, 2), bool)
    for row in missed:
        units = 1 + 0.3 * source.standard_normal(8)
        differences = share + 0.02 * source.standard_normal(8)
        _, low, high = centre_in_units(differences, units, level)
        row[0] = not low <= share <= high
        low, high = np.array(centre(differences, level)[1:]) / centre(units, level)[0]
        row[1] = not low <= share <= high
    assert abs(missed[:, 0].mean() - allowed) < 4 * np.sqrt(allowed / draws)
    assert missed[:, 1].mean() > 0.5


def test_units_that_do_not_add_up_widen_an_interval():
    source = np.random.default_rng(7)
    units, differences = 1 + 0.1 * source.standard_normal(12), 0.5 + 0.1 * source.standard_normal(12)
    estimate, low, high = centre_in_units(differences, units, 0.01)
    assert low < estimate < high
    assert centre_in_units(differences, np.ones(12), 0.01) == pytest.approx(centre(differences, 0.01))
    units[0] = -3.0
    _, wider_low, wider_high = centre_in_units(differences, units, 0.01)
    assert wider_low < low
    assert high < wider_high
    assert centre_in_units(differences, -units, 0.01)[1:] == (-np.inf, np.inf)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Rows and text of a report on networks without hidden layer, whose cost is convex: one basin."""
    folder = tmp_path_factory.mktemp("temperature")
    table = {"layers": [4, 3], "count": 64, "seeds": 11, "block": 11, "late": 40, "precision": "float64"}
    tables = [
        table | {"name": f"t{ratio}-{batch}", "rate": ratio * batch, "batch": batch}
        | {"steps": round(256 / (ratio * batch))}
        for ratio, batch in ((0.1, 1), (0.1, 2), (0.1, 32), (0.2, 1), (0.2, 16))
    ]  # fmt: skip
    study = parse_study({"name": "warm", "seed": 2, "networks": tables})
    place = str(folder / "store")
    assert run_study(study, place, Settings(backend="serial"), Console(quiet=True)).failure is None
    with unrendered():
        page = write_report(place, folder / "report").read_text()
    with (folder / "report/tables/networks_temperature.csv").open() as stream:
        return list(csv.DictReader(stream)), re.sub("<[^>]*>", "", page)


def test_equal_ratios_agree_at_low_rates_and_equal_rates_do_not(report):
    rows, page = report
    words = {(row["kind"], row["first"], row["second"]): row["verdict"] for row in rows}
    assert words == {
        ("rate/batch", "t0.1-1", "t0.1-2"): "agree",
        ("rate/batch", "t0.1-1", "t0.1-32"): "differ",
        ("rate/batch", "t0.2-1", "t0.2-16"): "differ",
        ("rate", "t0.1-2", "t0.2-1"): "differ",
        ("rate", "t0.1-32", "t0.2-16"): "differ",
    }
    control = next(row for row in rows if row["second"] == "t0.2-1")
    assert float(control["share"]) == pytest.approx(1, abs=0.2)
    assert "Equal rate, the control: 2 of 2 differ." in page
    assert "1 of 2 agree within 5% (up to rate 0.2) and 1 differ (from rate 3.2 on)" in page
    assert "at 0.2, against t0.2-1, 0 of 1 agree within 5% and 1 differ (from rate 3.2 on)" in page
