"""Starts on one landscape aren't independent: they are joined before landscapes are averaged."""

import numpy as np

from morsecensus.analysis.arrays import Floats


def mean_over_starts(values: Floats) -> Floats:
    """Mean over axis 1 of what is finite, shape (landscapes, ...); NaN where nothing is."""
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(there, values, 0.0).sum(axis=1) / there.sum(axis=1)
