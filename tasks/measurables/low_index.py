"""What a search of low indices says, index by index: columns of cells whose finder it is."""

from collections.abc import Callable
from typing import Any

import numpy as np

from morsecensus.tasks.measurables.base import BY_INDEX, Found, Measurable, Reader, count, flag, number
from morsecensus.tasks.measurables.words import INDEX_STATES

FINDER = "low-index"


def _bottom(name: str) -> Reader:
    return lambda found: getattr(found.census.bottom, name)


def _recapture(end: str) -> Reader:
    return lambda found: np.array([getattr(number, end) for number in found.census.bottom.recapture])


def _recaptured(end: str, meaning: str) -> Measurable:
    name = "recapture_by_index" if end == "estimate" else f"recapture_{end}_by_index"
    of: Callable[[Found], Any] = _recapture(end)
    return number(name, f"{meaning}, by Morse index", of, BY_INDEX, option=FINDER, optional=True)


STATES = (
    flag(
        "state_by_index",
        "whether all points of an index are there; -1: it was not sought",
        _bottom("state"),
        INDEX_STATES,
        dims=BY_INDEX,
        option=FINDER,
        optional=True,
    ),
    _recaptured("estimate", "number of points by recapture"),
    _recaptured("lower", "lower confidence limit of the number by recapture"),
    _recaptured("upper", "upper confidence limit of the number by recapture"),
    count(
        "graph_components",
        "parts of the graph of minima that saddles of index 1 join; -1: not asked",
        _bottom("components"),
        option=FINDER,
        optional=True,
    ),
)

HITS_BELOW = count(
    "hits_below",
    "starts from known points that ended here",
    lambda found: found.census.bottom.hits_below[found.classes],
    option=FINDER,
)
