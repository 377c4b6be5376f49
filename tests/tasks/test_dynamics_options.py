"""What trajectories are refused, each in one line that says what to do; and when they are looked at."""

import dataclasses
import json
import math

import numpy as np
import pytest

from morsecensus.tasks.dynamics.costs import warnings
from morsecensus.tasks.dynamics.looks import look_times
from morsecensus.tasks.dynamics.options import TrajectoryOptions

GOOD = dict(n=20, algorithm="gd", parameters={"xi": "q^3"}, until=5.0)
SPIKED = dict(model="spiked", parameters={"xi": "q^3", "signal": "q^2"})
ENTRIES = dict(model="entries", parameters={"xi": "q^3", "law": "rademacher"})
TENSOR = dict(model="partite", parameters={"sizes": "1,1,1"})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (dict(algorithm="adam"), "algorithm: got 'adam', allowed: flow, gd"),
        (dict(step=0.0), "step: got 0.0, allowed: numbers > 0"),
        (dict(step=math.nan), "step: got nan"),
        (dict(algorithm="sgd", step="adaptive", summands=3), "step: got 'adaptive', allowed: numbers > 0"),
        (dict(summands=0, algorithm="sgd"), "summands: got 0, allowed: integers >= 1"),
        (dict(algorithm="sgd"), "summands: got 1 with algorithm sgd, which is gd then"),
        (dict(summands=3), "summands: got 3 with algorithm gd, allowed: 1; or algorithm sgd"),
        (dict(algorithm="langevin"), "temperature: got None, allowed: numbers >= 0"),
        (dict(algorithm="langevin", temperature=-1.0), "temperature: got -1.0"),
        (dict(temperature=1.0), "temperature: got 1.0 with gd"),
        (dict(start="equilibrium"), "start_temperature: got None"),
        (dict(start="equilibrium", start_temperature=0.8), "allowed: above 0.828805"),
        (
            dict(start="equilibrium", start_temperature=1.0) | SPIKED,
            "start: got equilibrium with model spiked",
        ),
        (
            dict(start="equilibrium", start_temperature=1.0, parameters={"xi": "q^3", "field": 1.0}),
            "allowed: xi without degree 1",
        ),
        (dict(start_temperature=1.0), 'allowed: with start = "equilibrium"'),
        (dict(overlap=0.5), "overlap: got 0.5 with model pspin, allowed: models with a signal"),
        (dict(overlap=1.5) | SPIKED, "overlap: got 1.5, allowed: numbers from -1 to 1"),
        (dict(sampler="free") | ENTRIES, "sampler: got free with model entries, allowed: tensor"),
        (dict(n=20.5), "n: got 20.5, allowed: integers"),
        (dict(n=1), "n: got 1"),
        (dict(n=10**6, sampler="tensor"), 'GiB, allowed: sampler = "free"'),
        (dict(looks=[1.0, 6.0]), "looks: got 6, allowed: up to until = 5"),
        (dict(looks=[0.07], step=0.05), "looks: got 0.07, allowed: multiples of 0.05"),
        (dict(looks=[2.0, 1.0]), "looks: got (2.0, 1.0), allowed: how many, or increasing"),
        (dict(tolerance=1e-13), "tolerance: got 1e-13, allowed: numbers from 1e-12 to 0.01"),
        (dict(until=None), "until: got nothing"),
        (
            dict(algorithm="newton"),
            "until: got 5.0 with newton, whose steps take no time, allowed: most_steps",
        ),
        (dict(algorithm="pgd", until=None, epsilon=0.0), "epsilon: got 0.0"),
        (dict(algorithm="pgd", until=None, perturbation={"l": 1}), "perturbation.l: got 1"),
        (dict(algorithm="langevin", temperature=1.0, stop=1e-3), "stop: got 0.001 with langevin"),
        (dict(index=True, sampler="free"), "index: got true with a free field"),
        (dict(parameters={"xi": "q"}), "covariance xi: got no term of degree >= 2"),
        (dict(parameters={}), "parameters of pspin: got no 'xi', allowed: xi, field"),
    ],
)
def test_refusals_say_what_is_allowed(wrong, said):
    with pytest.raises(ValueError, match="allowed") as caught:
        TrajectoryOptions(**GOOD | wrong)
    message = str(caught.value)
    assert said in message
    assert "\n" not in message


def test_what_may_not_be_meant_is_said():
    assert "grow" in TrajectoryOptions(**GOOD | {"step": 0.3}).warnings()[0]
    mixed = {"parameters": {"xi": "0.5*q^3+0.5*q^4"}, "start": "equilibrium"}
    assert not TrajectoryOptions(**GOOD | mixed | {"start_temperature": 1.0}).warnings()
    with pytest.raises(ValueError, match="static temperature"):
        TrajectoryOptions(**GOOD | mixed | {"start_temperature": 0.7})


def test_runs_that_cannot_reach_their_last_look_are_said():
    sgd = GOOD | {"algorithm": "sgd", "summands": 4, "step": 0.05, "until": 1.0}
    (said,) = TrajectoryOptions(**sgd | {"most_steps": 30}).warnings()
    assert said == "most_steps: 30 steps end at time 0.375, before the last look at 1"
    assert not TrajectoryOptions(**sgd | {"most_steps": 80}).warnings()
    assert not TrajectoryOptions(**sgd | {"most_steps": 30, "looks": [0.0, 0.375]}).warnings()


def test_krylov_spaces_that_a_field_has_no_room_for_are_said():
    """Of q^3 n vectors need some 4 n^3 bytes: 1,000 are too many for the default, 300 are not."""
    free = GOOD | {"sampler": "free", "lowest": True, "n": 1000}
    (said,) = warnings(TrajectoryOptions(**free), 1)
    assert said.startswith("lowest: its 1000 directions are more than the 644 that memory = 1 GiB")
    assert not warnings(TrajectoryOptions(**free | {"n": 300}), 1)
    assert not warnings(TrajectoryOptions(**free | {"products": 10}), 1)
    assert warnings(TrajectoryOptions(**free | {"products": 10}), 2), "two starts on one landscape"
    assert not warnings(TrajectoryOptions(**free | {"lowest": False}), 1)


def test_options_survive_json():
    options = TrajectoryOptions(**GOOD | {"looks": [0.0, 1.0, 5.0]})
    again = TrajectoryOptions(**json.loads(json.dumps(dataclasses.asdict(options))))
    assert again == options


def test_auto_draws_couplings_where_they_are_small():
    assert TrajectoryOptions(**GOOD).uses_couplings
    assert not TrajectoryOptions(**GOOD | {"n": 10**9}).uses_couplings
    assert not TrajectoryOptions(**GOOD | TENSOR | {"n": 10**6}).uses_couplings
    assert TrajectoryOptions(**GOOD | ENTRIES | {"n": 60}).uses_couplings


def test_looks_are_at_multiples_of_the_step_each_once():
    times = look_times(TrajectoryOptions(**GOOD | {"step": 0.1, "looks": 30}))
    assert (times[0], times[-1]) == (0, 5)
    assert np.all(np.diff(times) > 0.09)
    np.testing.assert_allclose(times / 0.1, np.round(times / 0.1), atol=1e-9)
    flow = look_times(TrajectoryOptions(**GOOD | {"algorithm": "flow", "looks": 30}))
    assert len(flow) == 30
    epochs = look_times(TrajectoryOptions(**GOOD | {"algorithm": "sgd", "summands": 4, "looks": 2}))
    assert epochs[-1] == pytest.approx(5)
