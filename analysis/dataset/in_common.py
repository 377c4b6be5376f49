"""Which landscapes cells have in common.

A landscape is known by its number, never by its place in a group: what is committed of an unfinished run
holds some blocks of each cell, and two cells need not hold the same ones.
"""

from collections.abc import Iterable
from functools import reduce

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def numbers_of(data: xr.Dataset) -> Ints:
    """The number of each landscape of a group, increasing."""
    return data["landscape"].values.astype(np.int64)


def in_common(each: Iterable[Ints]) -> Ints:
    """The numbers that all cells have, increasing; of one cell or more."""
    return reduce(np.intersect1d, each)


def places_of(data: xr.Dataset, numbers: Ints) -> Ints:
    """Where landscapes of these numbers, all of which the group holds, stand in it."""
    return np.searchsorted(numbers_of(data), numbers)
