"""Free sampling has the law of couplings at any N: the same runs on either, as samples of one law; and what
is wrong on purpose is found with as many runs."""

import copy
import math

import numpy as np
import pytest

from morsecensus.tasks.dynamics import run as runs
from morsecensus.tasks.dynamics.algorithms.gradient_descent import LineSearch
from morsecensus.tasks.dynamics.fields.features import Explicit
from morsecensus.tasks.dynamics.fields.frame import Frame
from morsecensus.tasks.dynamics.fields.packing import packed_size
from morsecensus.tasks.dynamics.fields.summand import Summand
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from support.two_samples import smallest_p

LEVEL = 1e-3
"""Of a whole comparison: the smallest p-value times the number of tests."""
TIMES = [0.2, 0.4, 1.0, 2.0, 3.0]
PURE = {"xi": "q^3"}
SIGNAL = {"xi": "0.3*q^2+0.4*q^3+0.3*q^4", "signal": "0.5*q^2"}

CASES = {
    "all of the sphere": dict(n=8, algorithm="gd", parameters=PURE),
    "p = 3": dict(n=16, algorithm="gd", parameters=PURE),
    "p = 4": dict(n=10, algorithm="gd", parameters={"xi": "q^4"}),
    "mixture with signal": dict(n=12, algorithm="gd", model="spiked", parameters=SIGNAL, overlap=0.4),
    "field": dict(n=10, algorithm="gd", parameters={"xi": "q^2+q^5", "field": 0.5}),
    "form": dict(n=5, algorithm="gd", step=0.2, model="partite", parameters={"sizes": "1,2,2"}),
    "Langevin": dict(n=12, algorithm="langevin", temperature=0.7, parameters=PURE),
    "SGD": dict(n=12, algorithm="sgd", summands=2, parameters=PURE),
    "planted": dict(
        n=12,
        algorithm="langevin",
        temperature=0.9,
        parameters=PURE,
        start="equilibrium",
        start_temperature=0.9,
    ),
}


def sample(sampler, count, seed=1, **options):
    """Energies, |grad|^2, C(t, 0) and overlaps of runs on different landscapes, a row each."""
    asked = TrajectoryOptions(
        **{"step": 0.1, "until": 3.0, "looks": TIMES, "tolerance": 1e-9, "sampler": sampler} | options
    )
    rows = []
    for landscape in range(count):
        found = runs.run_trajectory(asked, seed, landscape, 0)
        row = [found.energy, found.gradient_norm**2, found.overlap_start]
        rows.append(np.concatenate(row + [found.overlap_signal] * (asked.signal is not None)))
    return np.array(rows)


def agreement(count, **case):
    return smallest_p(sample("free", count, **case), sample("tensor", count, seed=2, **case))


@pytest.fixture(scope="module")
def dense_runs():
    return sample("tensor", 300, seed=2, **CASES["all of the sphere"])


def test_free_and_dense_runs_have_one_law(dense_runs):
    assert smallest_p(sample("free", 300, **CASES["all of the sphere"]), dense_runs) > LEVEL


@pytest.mark.parametrize("case", ["mixture with signal", "form", "Langevin", "SGD"])
def test_free_and_dense_runs_have_one_law_in_a_few_runs(case):
    few = {"until": 1.0, "looks": [0.2, 0.4, 1.0]}
    assert agreement(200, **CASES[case] | few) > LEVEL


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES)
def test_free_and_dense_runs_have_one_law_in_many_runs(case):
    assert agreement(2500, **CASES[case]) > LEVEL


@pytest.mark.soak
@pytest.mark.parametrize("n", [20, 60, 100])
def test_free_and_dense_runs_have_one_law_at_larger_sizes(n):
    assert agreement(2000, n=n, algorithm="gd", parameters=PURE) > LEVEL


def as_if_nothing_were_known(monkeypatch):
    """chi_N in place of chi_{N-d}."""

    def beyond(self, draw):
        if self.known == self.n:
            return None
        self.known += 1
        return self.known - 1, math.sqrt(draw.chisquare(self.n))

    monkeypatch.setattr(Frame, "beyond", beyond)


def without_conditioning(monkeypatch):
    """Slabs drawn as if nothing had been seen of them."""

    def extend(self, f):
        self._make_room()
        slab = [self.draw.standard_normal(packed_size(self.dimension, k - 1)) for k in self.degrees]
        self.explicit.append(slab, self._joined(), self.draw)
        self.slabs.span.append(f)

    monkeypatch.setattr(Summand, "_extend", extend)


class TooWide:
    """Normal numbers, all but the last with three times the variance."""

    def __init__(self, draw):
        self.draw = draw

    def standard_normal(self, size):
        found = self.draw.standard_normal(size)
        found[:-1] *= math.sqrt(3)
        return found


def with_a_wrong_multiplicity(monkeypatch):
    """A_aee with variance 1 in place of 1/3."""
    append = Explicit.append
    monkeypatch.setattr(
        Explicit, "append", lambda self, slab, joined, draw: append(self, slab, joined, TooWide(draw))
    )


@pytest.mark.parametrize("wrong", [as_if_nothing_were_known, without_conditioning, with_a_wrong_multiplicity])
def test_wrong_laws_are_found(wrong, monkeypatch, dense_runs):
    wrong(monkeypatch)
    assert smallest_p(sample("free", 200, **CASES["all of the sphere"]), dense_runs) < LEVEL


GREEDY = dict(
    n=8, algorithm="gd", parameters=PURE, step="adaptive", until=None, most_steps=6, looks=[1, 2, 4, 6]
)
"""A search along lines, which tries several points a step and rejects most."""


class Forgetful:
    """A free field that knows nothing of a look if another one follows in the same step."""

    def __init__(self, field):
        self.field, self.before = field, None

    def __getattr__(self, name):
        return getattr(self.field, name)

    def look(self, x):
        known = self.field.frame, self.field.fields
        if self.before is None:
            self.before = copy.deepcopy(known)
        else:
            states = [f.draw.bit_generator.state for f in self.field.fields]
            self.field.frame, self.field.fields = copy.deepcopy(self.before)
            for f, state in zip(self.field.fields, states, strict=True):
                f.draw.bit_generator.state = state
        return self.field.look(x)


def search_from_far(monkeypatch, kind):
    """Begin each search with a step of twice the radius."""
    step = LineSearch.step

    def far(self, state, field, horizon):
        return step(self, state._replace(own=1.0), kind(field), horizon)

    monkeypatch.setattr(LineSearch, "step", far)


def test_looks_of_rejected_steps_stay_known(monkeypatch):
    with monkeypatch.context() as patched:
        search_from_far(patched, lambda field: field)
        dense, free = sample("tensor", 300, seed=2, **GREEDY), sample("free", 300, **GREEDY)
    assert smallest_p(free, dense) > LEVEL
    search_from_far(monkeypatch, Forgetful)
    assert smallest_p(sample("free", 300, **GREEDY), dense) < LEVEL
