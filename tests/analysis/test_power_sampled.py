"""What a test against sampled theory would have seen, by simulation."""

import numpy as np

from morsecensus.analysis.agreement.judged import with_power
from morsecensus.analysis.agreement.null_law import Reference
from morsecensus.analysis.agreement.residuals import LEVEL, hotelling

EXPECTED = np.array([10.0, 20.0, 15.0])
COVARIANCE = np.diag([9.0, 16.0, 12.0])
ERROR = Reference(COVARIANCE / 200)
"""Of a theory that was sampled on 200 landscapes."""
LANDSCAPES, TRIALS = 1000, 200


def rows(random, loss):
    found = random.multivariate_normal(-loss * EXPECTED, COVARIANCE, LANDSCAPES)
    return found - random.multivariate_normal(np.zeros(3), ERROR.covariance)


def rejected(random, loss):
    found = (hotelling("x", rows(random, loss), ERROR).p_value for _ in range(TRIALS))
    return np.mean([p < LEVEL for p in found])


def test_the_loss_that_is_said_to_be_seen_is_seen_although_theory_has_an_error():
    random = np.random.default_rng(3)
    sample = rows(random, 0.0)
    result = hotelling("x", sample, ERROR)
    seen = with_power(result, sample, EXPECTED, "of all points lost", ERROR).detectable
    hoped = with_power(result, sample, EXPECTED, "of all points lost").detectable
    # Power 0.9: four binomial errors. The control is what an exact theory would have seen.
    assert abs(rejected(random, seen) - 0.9) < 4 * np.sqrt(0.9 * 0.1 / TRIALS)
    assert rejected(random, hoped) < 0.5
