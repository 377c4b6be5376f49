"""Stationary costs of networks that differ in rate and batch alone, and differences between two of them."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.estimates.signed_rank import centre, centre_in_units
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.networks.read import Network

FEWEST = 3
"""Runs that two cells must have in common."""
MARGIN = 0.05
"""Of what the temperature does to the cost: a smaller difference counts as none. Arbitrary."""
SAME = (
    *("layers", "data", "sha256", "first", "count", "labels", "teacher", "activation", "skip", "batchnorm"),
    *("loss", "scaling", "precision"),
)
"""Options that compared networks share; rate, batch and steps are the others."""
RATIO, CONTROL = "rate/batch", "rate"
AGREE, DIFFER, UNDECIDED = "agree", "differ", "undecided"


@dataclass(frozen=True)
class Sweep:
    """Networks that differ in rate, batch and steps alone, and whose stationary cost is known; two or more of
    one temperature rate/batch are among them, at two temperatures or more."""

    cells: tuple[Network, ...]

    def reference(self, ratio: float) -> Network:
        """The cell with the lowest rate of a temperature."""
        return next(one for one in self.cells if temperature(one) == ratio)

    @property
    def temperatures(self) -> list[float]:
        """In ascending order."""
        return sorted({temperature(one) for one in self.cells})


def temperature(one: Network) -> float:
    """Rate over batch, to the digits that a study writes."""
    return float(f"{one.options['rate'] / one.options['batch']:.9g}")


def cost(one: Network) -> Floats:
    """Stationary cost of each run."""
    return one.column("late_cost").mean(axis=1)


def costs_by_seed(*cells: Network) -> Floats:
    """Stationary costs of the seeds that all have, shape (cells, seeds): these begin at the same weights and
    see the examples in the same order, so most of the noise is in all."""
    seeds = functools.reduce(np.intersect1d, [one.data["landscape"].values for one in cells])
    return np.array([cost(one)[np.isin(one.data["landscape"].values, seeds)] for one in cells])


def shared(one: Network, other: Network) -> Floats:
    """Differences of the stationary costs, second less first, of the seeds that both have."""
    first, second = costs_by_seed(one, other)
    return second - first


def sweeps(networks: Sequence[Network]) -> tuple[Sweep, ...]:
    """All there are."""
    groups: dict[str, list[Network]] = {}
    for one in networks:
        if "late_cost" in one.data and one.options["algorithm"] == "sgd" and one.runs >= FEWEST:
            groups.setdefault(repr([one.options.get(name) for name in SAME]), []).append(one)
    found = []
    for own in groups.values():
        ordered = sorted(own, key=lambda one: (temperature(one), one.options["rate"]))
        sweep = Sweep(tuple(ordered))
        if 1 < len(sweep.temperatures) < len(ordered):
            found.append(sweep)
    return tuple(found)


def run_row(one: Network) -> Row:
    """Of one cell: its stationary cost, and whether it still moves."""
    late = one.column("late_cost")
    drift = late[:, 1] - late[:, 0]
    row: Row = {"network": one.name, "runs": one.runs, "temperature": temperature(one)}
    row |= {name: one.options[name] for name in ("rate", "batch", "steps")}
    for name, values in (("cost", cost(one)), ("drift", drift)):
        mean, error = mean_and_error(values)
        row |= {name: float(mean), f"{name}_se": float(error)}
    return row


def pairs(sweep: Sweep) -> list[tuple[str, Network, Network]]:
    """What is compared: each cell with the lowest rate of its temperature; and, the control, cells of one
    rate, the colder one first."""
    own = [(RATIO, sweep.reference(temperature(one)), one) for one in sweep.cells]
    of_rate = [
        (CONTROL, one, other)
        for one, other in combinations(sweep.cells, 2)
        if np.isclose(one.options["rate"], other.options["rate"], rtol=1e-9)
        and temperature(one) != temperature(other)
    ]
    return [pair for pair in own if pair[1] is not pair[2]] + of_rate


def _with_units(sweep: Sweep, one: Network, other: Network) -> tuple[Floats, Floats]:
    """Differences of two cells, and what the temperature does, of each seed that the coldest and the hottest
    reference have too: the same runs give both, and errors of both count."""
    ends = [sweep.reference(ratio) for ratio in (sweep.temperatures[0], sweep.temperatures[-1])]
    costs = costs_by_seed(one, other, *ends)
    span = sweep.temperatures[-1] - sweep.temperatures[0]
    rise = temperature(other) - temperature(one)
    weight = (rise if rise > 0 else temperature(one)) / span
    units = weight * (costs[3] - costs[2])
    return costs[1] - costs[0], units * (1.0 if np.median(units) > 0 else -1.0)


def pair_rows(sweep: Sweep) -> list[Row]:
    """A row for each two, with intervals that hold together at `LEVEL`."""
    known = pairs(sweep)
    return [pair_row(sweep, *pair, LEVEL / len(known)) for pair in known]


def pair_row(sweep: Sweep, kind: str, one: Network, other: Network, level: float) -> Row:
    """The difference of two cells, second less first, and what share it is of what the temperature does: that
    of the first, or, of cells of equal rate, the difference of theirs."""
    found = dict(zip(("difference", "low", "high"), centre(shared(one, other), level), strict=True))
    differences, units = _with_units(sweep, one, other)
    share, low, high = centre_in_units(differences, units, level)
    word = UNDECIDED
    if max(abs(low), abs(high)) < MARGIN:
        word = AGREE
    elif low > MARGIN or high < -MARGIN:
        word = DIFFER
    row: Row = {"kind": kind, "first": one.name, "second": other.name, "seeds": len(shared(one, other))}
    row |= {
        "temperature": temperature(one),
        "first_rate": one.options["rate"],
        "second_rate": other.options["rate"],
    }
    return row | found | {"share": share, "share_low": low, "share_high": high, "verdict": word}
