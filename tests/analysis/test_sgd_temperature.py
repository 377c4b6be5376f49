"""What is said of the temperature of SGD: at each temperature, and good only where the law stops once."""

import pytest

from morsecensus.analysis.topics.networks.sweep import AGREE, CONTROL, DIFFER, RATIO, UNDECIDED
from morsecensus.analysis.topics.networks.temperature import _verdict


def pair(verdict, temperature, rate, kind=RATIO):
    """A row of the table, as far as the verdict reads it."""
    row = {"kind": kind, "first": f"t{temperature:g}", "temperature": temperature}
    return row | {"second_rate": rate, "verdict": verdict}


def said(*rows):
    (part,) = _verdict([*rows, pair(DIFFER, 0.01, 0.1, CONTROL)])
    return part.html


def test_two_temperatures_are_two_statements():
    """One agrees at rate 0.4, the other differs at 0.1 and 0.2: no law that holds up to 0.4."""
    html = said(pair(AGREE, 0.01, 0.4), pair(DIFFER, 0.02, 0.1), pair(DIFFER, 0.02, 0.2))
    assert "at 0.01, against t0.01, 1 of 1 agree within 5% (up to rate 0.4); " in html
    assert "at 0.02, against t0.02, 0 of 2 agree within 5% and 2 differ (from rate 0.1 on)." in html
    assert "good" not in html


def test_a_law_that_begins_again_is_none():
    html = said(pair(AGREE, 0.01, 0.4), pair(DIFFER, 0.01, 0.2), pair(AGREE, 0.01, 0.1))
    assert "2 of 3 agree within 5% (at rate 0.1, 0.4) and 1 differ (at rate 0.2)" in html
    assert "up to" not in html
    assert "good" not in html


@pytest.mark.parametrize("middle", [AGREE, UNDECIDED])
def test_a_law_that_stops_is_good(middle):
    html = said(pair(AGREE, 0.01, 0.1), pair(middle, 0.01, 0.2), pair(DIFFER, 0.01, 0.4))
    assert f"(up to rate {0.2 if middle == AGREE else 0.1:g}) and 1 differ (from rate 0.4 on)" in html
    assert "good" in html
