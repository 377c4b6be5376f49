"""Sharpness against rescaling, and differences between networks, with errors over runs."""

from collections.abc import Iterator, Sequence

import numpy as np

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.cells import Study
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.networks.compare import alike, difference, pairs_among, pairs_of
from morsecensus.analysis.topics.networks.measure import head
from morsecensus.analysis.topics.networks.read import Network, find_networks

KINDS = ("sharpness", "adaptive")
COMPARED = (*KINDS, "end_cost", "end_test_errors")


def find_sharp(study: Study) -> list[Network]:
    """Networks of which curvatures were measured, in the order of the study."""
    return [one for one in find_networks(study) if "sharpness" in one.data and one.runs]


def scales(one: Network) -> Floats:
    """What the first hidden layer was multiplied by, ascending."""
    return np.sort(np.asarray(one.options["sharpness"]["scales"], dtype=np.float64))


def at_scales(one: Network, name: str) -> Floats:
    """A column by ascending scale, shape (runs, scales)."""
    return one.column(name)[:, np.argsort(one.options["sharpness"]["scales"])]


def plain(one: Network, name: str) -> Floats:
    """A number of each run, at its own weights."""
    values = one.column(name)
    return values if values.ndim == 1 else at_scales(one, name)[:, int(np.flatnonzero(scales(one) == 1)[0])]


def scale_rows(one: Network) -> Iterator[Row]:
    """A row for each scale."""
    own = int(np.flatnonzero(scales(one) == 1)[0])
    costs = at_scales(one, "rescaled_cost")
    for place, c in enumerate(scales(one)):
        row: Row = head(one) | {"runs": one.runs, "scale": float(c)}
        for name in KINDS:
            values = at_scales(one, name)
            row[name], row[f"{name}_se"] = map(float, mean_and_error(values[:, place]))
            ratios = values[:, place] / values[:, own]
            row[f"{name}_ratio"], row[f"{name}_ratio_se"] = map(float, mean_and_error(ratios))
            row[f"{name}_residual"] = float((at_scales(one, f"{name}_residual") / values)[:, place].max())
        row["cost_change"] = float(np.abs(costs[:, place] / costs[:, own] - 1).max())
        yield row


def difference_rows(found: Sequence[Network]) -> Iterator[Row]:
    """Networks that differ in one option, second less first: a row for each quantity."""
    for option, one, other in pairs_of(found):
        rows = alike(option, one, other)
        for name in COMPARED:
            first, second = plain(one, name), plain(other, name)
            (a, a_se), (b, b_se) = (map(float, mean_and_error(values)) for values in (first, second))
            value, error, z = difference(first, second, rows)
            yield {
                "option": option,
                "first": one.name,
                "second": other.name,
                "pairs": pairs_among(rows),
                "quantity": name,
                "first_mean": a,
                "first_se": a_se,
                "second_mean": b,
                "second_se": b_se,
                "difference": value,
                "difference_se": error,
                "z": z,
            }
