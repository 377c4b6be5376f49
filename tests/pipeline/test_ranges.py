import pytest
from hypothesis import given
from hypothesis import strategies as st

from morsecensus.pipeline.study.ranges import MAX_VALUES, parse_integers

numbers = st.integers(2, 300)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (8, (8,)),
        ("8", (8,)),
        ("4:7", (4, 5, 6, 7)),
        ("4,6,8", (4, 6, 8)),
        (" 4:5 , 9", (4, 5, 9)),
        ([4, "6:7", 6], (4, 6, 7)),
        ("5:5", (5,)),
    ],
)
def test_what_people_write(value, expected):
    assert parse_integers(value) == expected


@given(st.lists(numbers, min_size=1, max_size=50))
def test_a_list_is_itself_without_repetitions(values):
    assert parse_integers(values) == tuple(dict.fromkeys(values))
    assert parse_integers(",".join(map(str, values))) == parse_integers(values)


@given(numbers, numbers)
def test_ranges_are_inclusive(one, other):
    first, last = sorted((one, other))
    assert parse_integers(f"{first}:{last}") == tuple(range(first, last + 1))


@given(st.one_of(st.text(max_size=30), st.floats(), st.booleans(), st.none(), st.lists(st.text(max_size=3))))
def test_whatever_comes_it_is_read_or_refused_in_one_line(value):
    try:
        result = parse_integers(value)
    except ValueError as error:
        text = str(error)
    else:
        text = "allowed"
        assert all(isinstance(n, int) and n >= 2 for n in result)
        assert len(result) <= MAX_VALUES
    assert "allowed" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "value",
    [
        1,
        0,
        -4,
        "1:5",
        "7:4",
        "4:",
        ":4",
        "4-6",
        "",
        ",",
        "4,,6",
        True,
        4.0,
        None,
        [],
        {},
        "2:9999",
        "٤:٦",
        10**30,
    ],
)
def test_what_is_refused(value):
    with pytest.raises(ValueError, match="allowed"):
        parse_integers(value)


def test_hostile_sizes_are_refused_quickly():
    for value in ("2:9999999999999", ",".join(["4"] * 10**6), "2:1000,2:1000", [list(range(5))] * 10**5):
        with pytest.raises(ValueError, match="allowed"):
            parse_integers(value)
