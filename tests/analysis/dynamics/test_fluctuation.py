"""Response against correlation: the theorem in equilibrium, its violation after a quench, and by how much."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from morsecensus.analysis.theory.dynamics.fluctuation import fluctuations
from morsecensus.analysis.theory.dynamics.kernels import Kernels, Setting
from morsecensus.analysis.theory.limits.temperatures import aging
from morsecensus.tasks.covariance import Covariance

CUBIC = Covariance.parse("q^3")


def test_equilibrium_obeys_the_theorem():
    """At T = T' = 1; a uniform start at that temperature doesn't, early on."""
    (found,) = fluctuations(Kernels.of(CUBIC), Setting(1.0, 1.0), 5.0, [1.25])
    assert found.waiting == pytest.approx(1.25, abs=0.05)
    assert (found.correlation[0], found.response[0]) == pytest.approx((1.0, 0.0))
    assert np.abs(found.response - (1 - found.correlation)).max() < 1e-4
    (quench,) = fluctuations(Kernels.of(CUBIC), Setting(1.0), 5.0, [1.25])
    assert np.abs(quench.response - (1 - quench.correlation)).max() > 1e-2


def test_a_quench_goes_over_to_the_slope_of_aging():
    """From below, the nearer the longer the waiting time."""
    known = aging(CUBIC, 0.5)
    level = 1 - known.overlap + known.ratio * (known.overlap - 0.6)
    found = fluctuations(Kernels.of(CUBIC), Setting(0.5), 12.0, [0.75, 1.5, 3.0])
    gaps = [level - np.interp(0.6, one.correlation[::-1], one.response[::-1]) for one in found]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[2] < 0.03
    (late,) = fluctuations(Kernels.of(CUBIC), Setting(0.5), 12.0, [3.0])
    aged = late.correlation < known.overlap - 0.1
    slope = np.polyfit(late.correlation[aged], late.response[aged], 1)[0]
    assert -slope == pytest.approx(known.ratio, rel=0.15)
    assert -slope < 0.6, "the theorem's is 1"


def test_what_takes_too_long_or_has_no_temperature_is_refused():
    with pytest.raises(ValueError, match="temperature: got 0, allowed: > 0"):
        fluctuations(Kernels.of(CUBIC), Setting(), 1.0, [0.5])
    with pytest.raises(ValueError, match="until: got 1000, allowed: up to"):
        fluctuations(Kernels.of(CUBIC), Setting(0.5), 1000.0, [0.5])


@pytest.mark.parametrize("temperature", [0.5, 1e-3, 1e-7, 1e-14, 1e-30])
@pytest.mark.parametrize("p", [3, 4, 6])
def test_aging_down_to_zero_is_that_of_fifty_digits(p, temperature):
    """The defining equations as they stand, which in doubles cancel at low T."""
    found = aging(Covariance.parse(f"q^{p}"), temperature)
    with localcontext(prec=80):
        t = lost = Decimal(temperature)
        for _ in range(300):  # a contraction on the outer branch
            lost = t / (p * (p - 1) * (1 - lost) ** (p - 2)).sqrt()
        q = 1 - lost
        ratio = lost * ((p - 1) / q - 1 / q)
        energy = -(1 - q**p + ratio * q**p) / t
    assert found.energy == pytest.approx(float(energy), abs=1e-13)
    assert found.ratio == pytest.approx(float(ratio), rel=1e-12)
    assert found.overlap == pytest.approx(float(q), abs=1e-14)
