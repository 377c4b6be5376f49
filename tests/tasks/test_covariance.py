"""The covariance polynomial: what it reads, what it refuses, what it computes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morsecensus.tasks.covariance import MAX_DEGREE, Covariance, total_degree_bound


@pytest.mark.parametrize(
    ("text", "coefficients", "canonical"),
    [
        ("q^3", (0.0, 0.0, 0.0, 1.0), "q^3"),
        ("0.5*q^2+0.5*q^3", (0.0, 0.0, 0.5, 0.5), "0.5*q^2+0.5*q^3"),
        (" 1/2 q^2 + q**4 ", (0.0, 0.0, 0.5, 0.0, 1.0), "0.5*q^2+q^4"),
        ("q^3+q^3", (0.0, 0.0, 0.0, 2.0), "2*q^3"),
        ("q + 1e+1*q^2 + 0*q^6", (0.0, 1.0, 10.0), "q+10*q^2"),
        (".25q^2+2.5E-1*q^3", (0.0, 0.0, 0.25, 0.25), "0.25*q^2+0.25*q^3"),
    ],
)
def test_parse(text, coefficients, canonical):
    covariance = Covariance.parse(text)
    assert covariance.coefficients == coefficients
    assert str(covariance) == canonical
    assert Covariance.parse(str(covariance)) == covariance


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "empty"),
        ("q", "no term of degree >= 2"),
        ("0*q^2", "no term of degree >= 2"),
        ("1+q^2", "'1'"),
        ("q^7", "degree 7"),
        ("q^999999999999", "degree 999999999999"),
        ("q^0", "degree 0"),
        ("-q^3", "'-q^3'"),
        ("q^2-q^3", "'q^2-q^3'"),
        ("nan*q^2", "'nan*q^2'"),
        ("inf*q^2", "'inf*q^2'"),
        ("1e999*q^2", "coefficient inf"),
        ("1e-300*q^2", "1e-300"),
        ("1/0*q^2", "divides by zero"),
        ("q^2++q^3", "empty term"),
        ("q²", "ASCII"),
        ("q^\u0663", "ASCII"),
        ("__import__('os')", "__import__"),
        ("x^3", "'x^3'"),
        ("q^2+" * 60 + "q^2", "243 characters"),
        ("q^2\n", "term"),
    ],
)
def test_refusals_say_what_was_got_and_what_to_do(text, named):
    with pytest.raises(ValueError, match="allowed is") as caught:
        Covariance.parse(text)
    assert named in str(caught.value)
    assert "write for example" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_hostile_text_is_refused_quickly():
    start = time.perf_counter()
    for text in ("(" * 10**6, "9" * 199 + "q^2", "1" * 150 + "e9*q^2", "q^" + "9" * 190):
        with pytest.raises(ValueError, match="covariance xi"):
            Covariance.parse(text)
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize(
    "bad", [(0.0, 0.0, -1.0), (0.0, 0.0, float("nan")), (1.0, 0.0, 1.0), (0.0,) * 7 + (1.0,), ()]
)
def test_constructor_refuses(bad):
    with pytest.raises(ValueError, match="allowed is"):
        Covariance(bad)


def test_values_and_derivatives():
    covariance = Covariance.parse("0.5*q^2+2*q^5").with_field(0.25)
    assert covariance.coefficients == (0.0, 0.25, 0.5, 0.0, 0.0, 2.0)
    assert covariance.x0 == 2.75
    assert covariance.x1 == 0.25 + 1.0 + 10.0
    assert covariance.x2 == 1.0 + 40.0
    q, step = 0.3, 1e-5
    slope = (covariance.value(q + step) - covariance.value(q - step)) / (2 * step)
    bend = (covariance.derivative(q + step) - covariance.derivative(q - step)) / (2 * step)
    assert covariance.derivative(q) == pytest.approx(slope, rel=1e-8)
    assert covariance.second_derivative(q) == pytest.approx(bend, rel=1e-8)


def test_symmetries_and_purity():
    assert Covariance.pure(3).is_odd
    assert Covariance.pure(3).is_pure
    assert Covariance.parse("q^2+q^4").is_even
    assert not Covariance.parse("q^2+q^3").is_odd
    assert Covariance.pure(3).with_field(1.0).is_odd
    assert not Covariance.pure(3).with_field(1.0).is_pure
    assert Covariance.pure(3).with_field(0.0) == Covariance.pure(3)
    assert len({Covariance.pure(3), Covariance.parse("q^3")}) == 1


@pytest.mark.parametrize("s2", [-1.0, float("nan"), float("inf")])
def test_field_refused(s2):
    with pytest.raises(ValueError, match="field variance"):
        Covariance.pure(3).with_field(s2)


def test_degree_bound():
    assert total_degree_bound(Covariance.pure(3), 10) == 2046
    assert total_degree_bound(Covariance.pure(2), 7) == 14
    assert total_degree_bound(Covariance.parse("q^2+q^4"), 3) == 26


coefficient = st.one_of(st.just(0.0), st.floats(min_value=1e-9, max_value=1e9))


@given(st.lists(coefficient, max_size=MAX_DEGREE - 2), st.floats(min_value=1e-9, max_value=1e9))
def test_round_trip(low, top):
    covariance = Covariance((0.0, *low, 0.0, top))
    assert Covariance.parse(str(covariance)) == covariance


@given(st.text(max_size=30))
def test_any_text_parses_or_is_refused(text):
    message = None
    try:
        covariance = Covariance.parse(text)
    except ValueError as error:
        message = str(error)
    else:
        assert covariance.degree >= 2
    assert message is None or "allowed is" in message
