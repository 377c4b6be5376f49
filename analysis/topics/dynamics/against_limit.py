"""Runs at very large N against N to infinity: what is tested, and where neither is good enough to be."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.agreement.residuals import TestResult, hotelling
from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.dynamics.limit import LimitCurve
from morsecensus.analysis.topics.dynamics.measure import Setting
from morsecensus.analysis.topics.dynamics.read import Runs
from morsecensus.tasks.covariance import Covariance

NEGLIGIBLE = 1e-3
"""Landscapes over N up to which corrections of order 1/N are below a tenth of the standard error, until
`SETTLED`: energies of q^3 are off by b/N and spread by s/sqrt(N), and b/s is 2 t^0.6 (0.7 at t = 0.25, 1.7 at
1, 3.5 at 3, 13 at 20)."""
SETTLED, FALL = 2.0, 1.2
"""From this time on, where xi''(1) = 6 and other models' time is in proportion, the bound falls so."""
TOO_ROUGH = 0.02
"""Errors of the limit and of the runs, over the spread of landscapes, from which on there is nothing to test:
a tenth of the standard error of 25 landscapes."""
OWN_ERRORS = {"energy": (0.15, 0.5), "overlap_start": (0.8, 0.5)}
"""What runs are off by, over the accuracy of an adaptive flow and over the tolerance of a free field, where
these are 1e-4 or less and xi(1) = 1: of q^3 at N = 10^14 and t = 1 to 10 at most 0.11 and 0.42, 0.73 and
0.42."""
COLUMNS = {
    "energy": ("energy", "energies at two looks"),
    "overlap_start": ("correlation", "C(t, 0) at the last"),
}
"""Column of the runs -> curve of the limit, and what it is called."""
LOOKS_TESTED = 2
"""With the overlap at the last of them three numbers a landscape: a few tens of landscapes judge no more."""
EARLIEST = 0.05
"""Share of the time after which looks are tested; before, all curves are alike."""
MOVING = 0.8
"""Share of the time of the first run that converges, after which looks aren't tested: which of these all runs
got to was decided by the runs."""


def limit_tests(setting: Setting) -> Iterator[tuple[Runs, TestResult]]:
    """Energies and overlaps of runs at very large N against N to infinity, jointly at a few looks."""
    for runs, limit in zip(setting.runs, setting.limits, strict=True):
        if limit is None or not limit.exact:
            continue
        looks = judged_looks(runs)
        if not len(looks) or runs.landscapes > most_landscapes(runs, float(runs.times[looks[-1]])):
            continue
        found = {column: _residuals(runs, limit, looks, column) for column in COLUMNS}
        note = ", ".join(COLUMNS[column][1] for column in found if found[column].size)
        if note:
            rows = np.concatenate(list(found.values()), axis=1) * np.sqrt(runs.n)
            yield runs, hotelling(f"{runs.label}: against N to infinity", rows, note=note)


def judged_looks(runs: Runs) -> NDArray[np.intp]:
    """Places of the looks that are tested: all runs got there, and none is about to come to rest."""
    known = runs.complete & np.isfinite(runs.of_landscapes("energy")).all(axis=0)
    rests = runs.data["end_time"].values[runs.converged]
    known[known] = runs.times[known] <= MOVING * rests.min(initial=np.inf)
    if not known.any():
        return np.flatnonzero(known)
    known[known] = runs.times[known] >= EARLIEST * runs.times[known].max()
    late = np.flatnonzero(known)
    return np.unique(late[np.linspace(0, len(late) - 1, LOOKS_TESTED).astype(int)])


def most_landscapes(runs: Runs, time: float) -> float:
    """So many do not see the corrections of order 1/N at this time."""
    scaled = time * math.sqrt(_covariance(runs).x2 / 6)
    return NEGLIGIBLE * runs.n * (SETTLED / max(scaled, SETTLED)) ** FALL


def own_error(runs: Runs, column: str) -> float:
    """What runs may be off by, of their algorithm's and their field's making."""
    of_flow, of_field = OWN_ERRORS[column]
    flow, free = runs.options["algorithm"] == "flow", runs.sampler == "free"
    error = flow * of_flow * runs.options["accuracy"] + free * of_field * runs.options["tolerance"]
    return error * (math.sqrt(_covariance(runs).x0) if column == "energy" else 1.0)


def _residuals(runs: Runs, limit: LimitCurve, looks: NDArray[np.intp], column: str) -> Floats:
    """Where they spread by far more than limit and runs are off by, shape (landscapes, looks)."""
    places = looks if column == "energy" else looks[-1:]
    times = runs.times[places]
    found = runs.of_landscapes(column)[:, places] - limit.at(times, COLUMNS[column][0])
    error = limit.at(times, "error") + own_error(runs, column)
    return found[:, error <= TOO_ROUGH * found.std(axis=0)]


def _covariance(runs: Runs) -> Covariance:
    known = theory_of(runs.spec["model"], runs.spec["parameters"]).dynamics
    assert known is not None, "there is a limit"
    return known[0]
