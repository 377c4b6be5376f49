"""What homotopy paths say of a landscape: books, proofs, a sample; unknown for other finders."""

from typing import Any

import numpy as np

from morsecensus.tasks.measurables.base import BY_INDEX, Found, Measurable, Reader, count, number


def _books(name: str, meaning: str, source: str, **more: Any) -> Measurable:
    def of(found: Found) -> Any:
        books = found.census.books
        return -1 if books is None else getattr(books, source)

    return count(name, meaning, of, optional=True, **more)


def _certified(found: Found) -> Any:
    proven = found.census.certified_radius
    return -1 if proven is None else (proven > 0).sum() * found.census.ledger.scale


BOOKS = (
    _books("n_paths", "homotopy paths: all of them, or a sample", "paths"),
    _books("n_distinct", "distinct complex solutions that the paths ended at", "distinct"),
    _books("n_retries", "homotopy paths that were followed again", "retries"),
    _books("n_jumps", "sampled paths whose two runs ended at different solutions", "jumps"),
    _books("n_unresolved", "homotopy paths that are open", "unresolved"),
    _books(
        "n_paths_singular",
        "open homotopy paths that end at singular solutions",
        "singular",
        option="homotopy",
    ),
    _books("n_paths_infinite", "open homotopy paths that run to infinity", "infinite", option="homotopy"),
    count("n_certified", "critical points on the whole sphere that are proven", _certified, optional=True),
    _books(
        "n_certified_complex",
        "complex solutions proven to exist and to differ",
        "proven",
        option="homotopy",
    ),
)


def _sampled(source: str, end: str) -> Reader:
    """One end of an interval that sampled paths give."""

    def of(found: Found) -> Any:
        sample = found.census.sample
        return np.nan if sample is None else getattr(getattr(sample, source), end)

    return of


def _sampled_by_index(source: str, end: str) -> Reader:
    def of(found: Found) -> Any:
        sample = found.census.sample
        if sample is None:
            return np.full(found.census.landscape.manifold.dimension + 1, np.nan)
        return np.array([getattr(interval, end) for interval in getattr(sample, source)])

    return of


_ENDS = (
    ("", "estimate", ""),
    ("_lower", "lower", "lower confidence limit of "),
    ("_upper", "upper", "upper confidence limit of "),
)
_INTERVALS = (
    ("sampled_points", "number", "critical points on the whole sphere, from sampled paths"),
    ("recall", "recall", "share of the critical points that the census had before the sample"),
)

SAMPLED = tuple(
    number(f"{name}{suffix}", f"{which}{meaning}", _sampled(source, end), optional=True)
    for name, source, meaning in _INTERVALS
    for suffix, end, which in _ENDS
)
SAMPLED_BY_INDEX = tuple(
    number(
        f"{name}{suffix}_by_index",
        f"{which}{meaning}, by Morse index",
        _sampled_by_index(f"{source}_by_index", end),
        BY_INDEX,
        optional=True,
    )
    for name, source, meaning in _INTERVALS
    for suffix, end, which in _ENDS
)
