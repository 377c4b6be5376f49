"""Hidden units: what is exact without coupling, and where all units are equal, against those of one unit."""

import numpy as np
import pytest

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.models.units.equal import equal_units
from morsecensus.analysis.theory.models.units.uncoupled import uncoupled
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.tasks.covariance import Covariance

N, UNITS, COUPLING, LANDSCAPES = 3, 2, 0.3, 150


@pytest.fixture(scope="module")
def model():
    return FiniteN(Covariance.parse("q^3"), N)


@pytest.fixture(scope="module")
def measured():
    """Index and Hessian spectrum of every critical point of one unit, landscape by landscape."""
    from morsecensus.tasks.finders.multistart.census import multistart
    from morsecensus.tasks.finders.options import MultistartOptions
    from morsecensus.tasks.landscapes.base import build

    spin, options = build("pspin", {"xi": "q^3"}, N), MultistartOptions(starts_per_round=512)
    points = [multistart(spin, spin.sample(2, i), 2, i, options).points()[0] for i in range(LANDSCAPES)]
    return [(each.index, each.spectrum) for each in points]


def away(values, expected, error):
    """Distance in standard errors."""
    values = np.asarray(values, dtype=float)
    return abs(values.mean() - expected) / np.hypot(values.std(ddof=1) / np.sqrt(len(values)), error)


def test_minima_that_survive_doubling_are_as_many_as_predicted(model, measured):
    """Within four standard errors; the negative control is a pull without the factor K."""
    pull = UNITS * COUPLING * 3.0
    survivors = [int((spectrum[index == 0] >= pull).all(axis=1).sum()) for index, spectrum in measured]
    right, wrong = (equal_units(model, UNITS, strength) for strength in (pull, pull / UNITS))
    assert away(survivors, *right.surviving) < 4
    assert away(survivors, *wrong.surviving) > 4


def test_indices_after_doubling_are_as_predicted(model, measured):
    pull, levels = UNITS * COUPLING * 3.0, UNITS * (N - 1) + 1
    counts = np.array(
        [
            np.bincount(index + (UNITS - 1) * (spectrum < pull).sum(axis=1), minlength=levels)
            for index, spectrum in measured
        ]
    )
    found = equal_units(model, UNITS, pull)
    assert found.by_index.sum() == pytest.approx(model.total(), rel=1e-6)
    # 40,000 draws of each index: their errors are a tenth of those of the landscapes. Five indices at 1e-4.
    assert max(away(counts[:, k], found.by_index[k], 0.0) for k in range(levels)) < 4.2
    # Minima of one landscape aren't independent: landscape by landscape, the excess over the mean index.
    below = [(spectrum[index == 0] < pull).sum(axis=1) for index, spectrum in measured]
    mean, error = found.minima_index
    minima = np.mean([len(each) for each in below])
    assert away([(each - mean).sum() for each in below], 0.0, error * minima) < 4


def test_uncoupled_pairs_need_the_variance(model, measured):
    found = uncoupled(model, 2)
    squares = [float(len(index)) ** 2 for index, _ in measured]
    assert away(squares, found.total, found.total_se) < 4
    assert found.by_index.sum() == pytest.approx(found.total, abs=4 * found.total_se)
    # Negative control: the square of the mean, as if numbers didn't vary.
    assert found.total - model.total() ** 2 > 10 * found.total_se
    alike = [np.convolve(np.bincount(i, minlength=N), np.bincount(i, minlength=N)) for i, _ in measured]
    for k, counts in enumerate(np.array(alike).T):
        assert away(counts, found.by_index[k], found.se[k]) < 4.2


def test_rows_say_what_is_known_and_what_is_not():
    (row,) = theory_of("units", {"kernel": "q^3", "units": 3, "coupling": 0.5}).rows([4], None)
    assert row["total"] is None
    assert row["equal_units"]["total"] == pytest.approx(FiniteN(Covariance.parse("q^3"), 4).total())
    assert 0 < row["equal_units"]["surviving_share"] < 1
    (alone,) = theory_of("units", {"kernel": "q^3", "units": 1}).rows([3], None)
    assert alone["total"] == pytest.approx(FiniteN(Covariance.parse("q^3"), 3).total())
    assert alone["equal_units"]["surviving_share"] == pytest.approx(1.0)
    assert theory_of("units", {"kernel": "erf", "teacher": "random", "teachers": 3}).rows([3], None) is None
    with pytest.raises(ValueError, match=r"units: got 3 at coupling 0, allowed: up to 2"):
        theory_of("units", {"kernel": "q^3", "units": 3, "coupling": 0.0}).rows([3], None)
