"""Lines between ends of descents of ReLU students: their loss, matching, barriers, and their section."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.dataset.others import OtherCell
from morsecensus.analysis.topics.shares.lines import barrier, loss, matched
from morsecensus.analysis.topics.shares.widths import RATES, WIDTHS, LinesBetweenStudents, rate_row
from morsecensus.tasks.landscapes.relu_units import ReluUnits


def test_the_loss_is_that_of_the_landscape():
    source = np.random.default_rng(1)
    for k, m in ((3, 2), (3, 5)):
        weights = source.standard_normal((m, k))
        landscape = ReluUnits(k, m)
        wanted = float(landscape.value(landscape.sample(1, 0), weights.ravel()))
        assert loss(weights) == pytest.approx(wanted, rel=1e-12)
    assert loss(np.eye(3)) == pytest.approx(0, abs=1e-15)


def test_matching_undoes_a_permutation_and_the_barrier_to_a_copy_is_zero():
    """The control: as it is, a permuted copy has a barrier."""
    source = np.random.default_rng(2)
    weights = np.eye(5) + 0.1 * source.standard_normal((5, 5))
    copy = weights[[1, 2, 0, 4, 3]]
    np.testing.assert_array_equal(matched(weights, copy), weights)
    assert abs(barrier(weights, matched(weights, copy))) < 1e-14
    assert barrier(weights, copy) > 0.01


def test_powers_are_those_of_wide_networks_alone():
    rows = [
        {"units": m, "pairs": 20, "matched": 0.3 * m**-0.5 if m >= 8 else 1.0, "matched_se": 1e-3}
        for m in (4, 6, 8, 16, 32)
    ]
    found = rate_row(4, rows)
    assert found["exponent"] == pytest.approx(-0.5)
    assert (found["peak"], found["widths"]) == (4, "8 to 32")
    assert found["p"] == pytest.approx(1)
    assert not rate_row(4, rows[:4]), "two widths are no power"
    few = rate_row(4, [row | {"pairs": 19} for row in rows])
    assert (few["exponent"], few["z"], few["p"]) == (found["exponent"], None, None)


def cell(units, noise, status=(0,) * 8):
    """A cell of 8 runs of 3 teachers; students are teachers in some order, and what is to spare is noise."""
    source = np.random.default_rng(units)
    ends = np.zeros((8, units, 3))
    ends[:, :3] = np.eye(3)
    ends += noise * source.standard_normal(ends.shape)
    ends = np.array([one[source.permutation(units)] for one in ends])
    columns = {"weights": (("landscape", "unit", "input"), ends), "status": ("landscape", np.array(status))}
    data = xr.Dataset(columns, {"landscape": np.arange(8)}, {"loss_zero": 1e-10})
    return OtherCell(f"c{units}", "shares", {"n": 3}, data)


def test_the_section_has_barriers_of_pairs_of_settled_runs():
    others = [cell(5, 0.1), cell(3, 0.0), cell(4, 0.1, status=(0, 0, 0, 0, 0, 0, 1, 0))]
    topic = LinesBetweenStudents()
    study = SimpleNamespace(study=SimpleNamespace(others=others[:2]))
    assert topic.find(study) == [], "two widths are no curve"
    study.study.others = others
    (found,) = topic.find(study)
    rows = topic.tables(found)[WIDTHS]
    assert [(row["units"], row["pairs"]) for row in rows] == [(3, 4), (4, 3), (5, 4)]
    # Three students are the teachers in some order: one network up to labels.
    assert rows[0]["matched_max"] < 1e-12 < 0.01 < rows[0]["straight"]
    assert rows[1]["matched"] < rows[1]["straight"]
    assert topic.tables(found)[RATES] == [], "no width is twice three"
    assert "Lines between trained" in topic.section(found).title
