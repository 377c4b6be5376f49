"""Free sampling at N = 10^12, where fluctuations are 10^-6, against what is known at N -> infinity."""

import itertools
import math

import numpy as np
import pytest

from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.dynamics.algorithms.sgd import StochasticDescent
from morsecensus.tasks.dynamics.fields.free import FreeField
from morsecensus.tasks.dynamics.fields.summand import Summand
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.run import run_trajectory
from morsecensus.tasks.dynamics.words import OUTCOMES
from morsecensus.tasks.runtime.keys import generator

HUGE = 10**12
CLOSE = 5e-6
"""Five standard deviations of an energy at this N: sqrt(N) sd(e) is at most 1."""
PLANTED = dict(xi="0.5*q^3+0.5*q^4", start="equilibrium")
SIGNAL = dict(model="matrix-tensor", parameters={"p": 3, "delta2": 1 / 3, "deltap": 1.0}, overlap=0.25)


def run(algorithm, xi="q^3", n=HUGE, **more):
    options = TrajectoryOptions(**{"n": n, "algorithm": algorithm, "parameters": {"xi": xi}} | more)
    return run_trajectory(options, 1, 0, 0)


def test_gradient_descent_follows_the_recursion():
    """The recursion of gradient descent at N -> infinity has no step error."""
    found = run("gd", step=0.05, until=5, looks=[0.25, 0.5, 1, 2, 5], tolerance=1e-7)
    exact = [-0.63433718, -0.95517779, -1.20879825, -1.37455242, -1.49909038]
    np.testing.assert_allclose(found.energy, exact, atol=CLOSE)


def test_a_flow_whose_fluctuations_are_ten_times_smaller_is_ten_times_nearer():
    """At N = 10^14 sqrt(N) sd(e) <= 1 is 10^-7, and the values are known to 10^-8."""
    looks = {"until": 10, "looks": [1, 2, 5, 10]}
    found = run("flow", n=10**14, sampler="free", tolerance=1e-7, accuracy=1e-8, **looks)
    exact = [-1.21983880, -1.38058007, -1.50117615, -1.55177350]
    np.testing.assert_allclose(found.energy, exact, atol=5e-7)


def test_langevin_dynamics_follows_the_recursion():
    found = run("langevin", step=0.05, temperature=1.0, until=2, looks=[1, 2])
    np.testing.assert_allclose(found.energy, [-0.75077346, -0.83803147], atol=CLOSE)
    # What step error there is: the continuous dynamics is elsewhere.
    assert abs(found.energy[0] + 0.78928203) > 0.03


def test_stochastic_descent_follows_the_recursion():
    """With the sequence (t^2 + 3t) mod 7, which visits four of seven fields."""
    field = FreeField(Covariance.pure(3), HUGE, 1, 0, summands=7)
    algorithm = StochasticDescent(0.3, ((t * t + 3 * t) % 7 for t in itertools.count()))
    state = algorithm.start(field, field.uniform_start(generator("x")))
    energies = {}
    while state.steps < 50:
        state = algorithm.step(state, field, 0.0)
        energies[state.steps] = field.look(state.x).energy if state.steps in (10, 50) else None
    assert energies[10] == pytest.approx(-0.75122614, abs=CLOSE)
    assert energies[50] == pytest.approx(-0.9907595, abs=CLOSE)


@pytest.mark.parametrize(
    ("more", "exact", "correlation"),
    [
        (dict(), [-1.21983880, -1.38058007, -1.50117616], 0.32753474),
        (dict(xi="q^4"), [-1.32578969, -1.47617469], 0.53923949),
        (dict(xi="0.5*q^3+0.5*q^4"), [-1.27254710, -1.42866222], 0.51222033),
        (dict(**PLANTED, start_temperature=0.85), [-1.631113, -1.648617], None),
        (SIGNAL, [-2.19554879, -2.33119553, -2.34210292], None),
    ],
)
def test_flow_follows_the_two_time_equations(more, exact, correlation):
    times = [1, 2, 5][: len(exact)]
    found = run("flow", until=times[-1], looks=times, **more)
    np.testing.assert_allclose(found.energy, exact, atol=CLOSE)
    if correlation is not None:
        assert found.overlap_start[-1] == pytest.approx(correlation, abs=CLOSE)


def test_a_signal_is_found_as_the_equations_say():
    found = run("flow", until=2, looks=[0.5, 1, 2], **SIGNAL)
    np.testing.assert_allclose(found.overlap_signal, [0.62748317, 0.80004121, 0.85486176], atol=CLOSE)


def test_a_wrong_covariance_is_found(monkeypatch):
    """Control: noise that is half a percent too strong."""
    look = Summand.look

    def wrong(self, x):
        self.terms = ((3, 1.01),)
        return look(self, x)

    monkeypatch.setattr(Summand, "look", wrong)
    found = run("gd", step=0.05, until=1, looks=[0.25, 0.5, 1], tolerance=1e-7)
    assert np.abs(found.energy - [-0.63433718, -0.95517779, -1.20879825]).min() > 100 * CLOSE


def test_fluctuations_fall_as_the_root_of_n():
    """Five standard deviations are 5/sqrt(N) at most, at any N."""
    exact = np.array([-0.63433718, -0.95517779, -1.20879825])
    small, large = (
        run("gd", n=n, step=0.05, until=1, looks=[0.25, 0.5, 1], tolerance=1e-9).energy - exact
        for n in (10**8, 10**4)
    )
    assert np.abs(small).max() < 5e-4
    assert np.abs(large).max() < 5e-2


def test_nothing_is_left_to_draw_when_the_span_is_all():
    """At d = N gradients are those of a fixed form: homogeneous, and the same when asked again."""
    field = FreeField(Covariance.parse("q^2+q^3"), 5, 1, 0, tolerance=1e-12)
    draw = generator("points")
    for _ in range(12):
        field.look(field.uniform_start(draw))
    assert field.dimension == 5
    state = field.fields[0].draw.bit_generator.state["state"]["counter"].copy()
    x = field.uniform_start(draw)
    first, twice, again = field.look(x), field.look(2 * x), field.look(x)
    assert again.energy == first.energy
    opposite = field.look(-x).energy
    square, cube = (first.energy + opposite) / 2, (first.energy - opposite) / 2
    assert twice.energy == pytest.approx(4 * square + 8 * cube, rel=1e-10)
    assert np.array_equal(state, field.fields[0].draw.bit_generator.state["state"]["counter"])


def test_dimension_follows_the_rank_of_the_trajectory_and_not_its_looks():
    found = run("gd", step=0.005, until=2, looks=[2], tolerance=1e-6)
    assert found.steps == 400
    assert found.dimension[-1] < 45


@pytest.mark.parametrize("algorithm", ["flow", "langevin"])
def test_a_form_on_three_equal_spheres_moves_as_a_spin_glass(algorithm):
    """Each sphere of n sees a field of covariance xi' = C^2, so all move as xi = q^3/3 does: the 3-spin at
    times and temperatures sqrt(3) as large; energies are sqrt(3) times smaller."""
    root = math.sqrt(3)
    noisy = {"temperature": 1 / root, "step": 0.05 * root} if algorithm == "langevin" else {}
    found = run(
        algorithm,
        model="partite",
        parameters={"sizes": "1,1,1"},
        until=2 * root,
        looks=[root, 2 * root],
        **noisy,
    )
    exact = [-1.21983880, -1.38058007] if algorithm == "flow" else [-0.75077346, -0.83803147]
    np.testing.assert_allclose(found.energy, np.array(exact) / root, atol=CLOSE)
    if algorithm == "flow":
        np.testing.assert_allclose(found.overlap_start, [0.62814340, 0.47628691], atol=CLOSE)


@pytest.mark.parametrize("n", [1000, HUGE])
def test_krylov_spaces_at_looks_have_room(n):
    """A vector a product, and the one that it begins with. At the start the lowest eigenvalue is near the
    edge -2 sqrt(6), from above, for a Ritz value of 20 products."""
    found = run("gd", n=n, sampler="free", step=0.05, until=1.0, looks=5, products=20, lowest=True)
    assert OUTCOMES[found.status] == "time"
    assert np.isfinite(found.lowest).all()
    assert -1.02 * 2 * math.sqrt(6) < found.lowest[0] < -0.9 * 2 * math.sqrt(6)
    assert 5 * 20 <= found.dimension[-1] <= 20 + 5 * 21 + 2


def test_sgd_has_an_end_where_its_steps_are_over():
    """Between two looks; control: an end at a look has the energy of that look."""
    common = dict(n=1000, summands=4, sampler="free", step=0.05, until=1.0)
    found = run("sgd", most_steps=30, looks=[0.0, 0.25, 1.0], **common)
    assert (OUTCOMES[found.status], found.steps, found.end_time) == ("steps", 30, pytest.approx(0.375))
    assert -0.95 < found.end_energy < found.energy[1] < found.energy[0]
    seen = run("sgd", most_steps=20, looks=[0.0, 0.25, 1.0], **common)
    assert seen.end_energy == seen.energy[1] == found.energy[1]
