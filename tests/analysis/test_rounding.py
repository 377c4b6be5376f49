"""Printed numbers have the digits that their errors allow."""

import pytest

from morsecensus.analysis.page import rounding as r


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (12.3456, 0.0432, "12.35 ± 0.04"),
        (12.3456, 0.0132, "12.346 ± 0.013"),
        (12.3456, 0.0197, "12.35 ± 0.02"),
        (12.3456, 0.0996, "12.35 ± 0.10"),
        (-0.0004, 0.03, "0.00 ± 0.03"),
        (-1.5, 0.3, "−1.5 ± 0.3"),
        (553032.5, 1234.0, "553000 ± 1200"),
        (189.1, 2.7, "189 ± 3"),
        (3.14159, float("nan"), "3.142"),
        (2.0, 0.0, "2 ± 0"),
        (float("nan"), 0.1, "–"),
    ],
)
def test_estimates(value, error, text):
    assert r.estimate(value, error) == text


def test_exact_values_have_one_digit_more():
    assert r.against(12.345678, 0.04) == "12.346"
    assert r.against(189.6123, 2.7) == "189.6"
    assert r.against(0.123456789, None) == r.against(0.123456789, float("nan")) == "0.123457"
    assert r.against(12.345678, float("nan")) == "12.3457"
    assert r.against(None, 0.1) == "–"


def test_other_numbers():
    assert r.number(0.000123456, 3) == "0.000123"
    assert r.number(0.0, 3) == "0"
    assert r.number(-1.6329931, 7) == "−1.632993"
    assert r.number(1234567.0, 4) == "1234567"
    assert r.number(float("inf")) == "–"
    assert [r.probability(p) for p in (0.6, 0.0056, 3e-7, 1.0, 0.0, None)] == [
        "0.60",
        "0.0056",
        "3e-07",
        "1",
        "0",
        "–",
    ]
    assert [r.percent(f) for f in (0.0, 1.0, 0.0123, 0.5, 0.99999)] == [
        "0%",
        "100%",
        "1.2%",
        "50.0%",
        ">99.9%",
    ]
    assert r.signed(-1.26, 1) == "−1.3"
