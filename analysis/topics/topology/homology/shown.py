"""How ratios of points to classes look on the page."""

from math import exp, isfinite

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.topology.homology.ratios import ZERO

LARGE = 0.5
"""Error of a logarithm above which one error either way is printed instead. Arbitrary."""


def where_text(where: str) -> str:
    """The level of a ratio."""
    return "u = 0" if where == ZERO else "peak of β"


def ratio_text(row: Row) -> str:
    """A ratio with its error, or with its limits where that is large."""
    value, log_se = row["value"], row["log_se"]
    if not isfinite(value):
        return f"> {r.number(row['at_least'], 2)} (95%)"
    if log_se > LARGE:
        low, high = (value * exp(sign * log_se) for sign in (-1, 1))
        return f"{r.number(value, 2)} ({r.number(low, 2)} to {r.number(high, 2)})"
    return r.estimate(value, value * log_se)


def upper_text(value: float) -> str:
    """An upper limit of a ratio."""
    return r.number(value, 3) if isfinite(value) else "∞"
