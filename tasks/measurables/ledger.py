"""What the completeness ledger says of a landscape: what was found, what was checked, what may be unseen."""

from typing import Any

from morsecensus.tasks.measurables.base import (
    BY_INDEX,
    Found,
    Measurable,
    Reader,
    count,
    flag,
    number,
    words,
)
from morsecensus.tasks.measurables.words import CHECKS, ERROR, FAILED, OUTCOMES, REASONS, STATUSES


def _ledger(name: str) -> Reader:
    return lambda found: getattr(found.census.ledger, name)


def _unseen(name: str) -> Reader:
    """An estimate from the hits of all classes."""
    return lambda found: getattr(found.census.ledger.overall, name)


def _unseen_points(name: str) -> Reader:
    """The same in points rather than classes."""
    return lambda found: getattr(found.census.ledger.overall, name) * found.census.ledger.scale


def _found(found: Found) -> Any:
    return found.census.ledger.points_by_index.sum()


def _continuous(found: Found) -> Any:
    return (found.degenerate * (found.census.classes.points.set_dimension > 0)).sum()


def _search(name: str) -> Reader:
    return lambda found: getattr(found.census, name)


FOUND = (
    flag("status", "completeness status", _ledger("status"), STATUSES, failed=FAILED),
    Measurable(
        "reason",
        "i2",
        "reason of the status",
        _ledger("reason"),
        failed=ERROR,
        attrs=words(REASONS, error=ERROR),
    ),
    count("n_points", "critical points found on the whole sphere", _found, failed=0, total=True),
    count(
        "n_classes",
        "symmetry classes of critical points found",
        lambda found: len(found.census.classes.hits),
        failed=0,
    ),
    count(
        "n_starts",
        "starts or paths spent",
        lambda found: found.census.outcomes.sum(),
        failed=0,
        total=True,
    ),
    Measurable("n_rounds", "i4", "rounds of search", _search("rounds"), failed=0),
    count("n_degenerate", "degenerate critical points found", lambda found: found.degenerate.sum(), failed=0),
    count(
        "n_continuous",
        "continuous sets of critical points among these",
        _continuous,
        failed=0,
        option="sets",
    ),
    count(
        "outcomes",
        "starts by outcome",
        _search("outcomes"),
        ("outcome",),
        attrs={"outcomes": " ".join(OUTCOMES)},
    ),
)
"""``n_continuous`` is of censuses that keep degenerate points and continuous sets once each: all of
today's."""

CHECKED = (
    number("bound", "upper bound on the number of critical points", _ledger("bound")),
    count("morse_sum", "alternating sum of the counts by index", _ledger("morse_sum"), signed=True),
    flag("morse_check", "Morse sum against the Euler characteristic", _ledger("morse_check"), CHECKS),
    flag("parity_check", "parity of the number of points", _ledger("parity_check"), CHECKS),
    flag("bound_check", "number of points against the bound", _ledger("bound_check"), CHECKS),
)

UNSEEN = (
    number("coverage", "estimated sample coverage", _unseen("coverage"), optional=True),
    number("coverage_lower", "lower confidence limit of the sample coverage", _unseen("coverage_lower")),
    number("chao1", "estimated number of critical points, Chao1", _unseen_points("chao1")),
    number("chao1_lower", "lower confidence limit of Chao1", _unseen_points("chao1_lower")),
    number("chao1_upper", "upper confidence limit of Chao1", _unseen_points("chao1_upper")),
    count("n_singletons", "classes hit exactly once", _unseen("singletons")),
    count("n_doubletons", "classes hit exactly twice", _unseen("doubletons")),
)


def _by_index(name: str, meaning: str, **more: Any) -> Measurable:
    name = f"{name}_by_index"
    return number(name, f"{meaning}, by Morse index", _ledger(name), BY_INDEX, **more)


UNSEEN_BY_INDEX = (
    count(
        "points_by_index",
        "critical points found, by Morse index",
        _ledger("points_by_index"),
        BY_INDEX,
        failed=0,
    ),
    _by_index("coverage", "estimated sample coverage", optional=True),
    _by_index("coverage_lower", "lower confidence limit of the sample coverage"),
    _by_index("chao1", "Chao1 estimate"),
    _by_index("chao1_lower", "lower confidence limit of Chao1"),
    _by_index("chao1_upper", "upper confidence limit of Chao1"),
)
