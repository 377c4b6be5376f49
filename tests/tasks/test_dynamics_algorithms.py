"""Algorithms on fields: saddles, escapes, verdicts, how runs end."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import digamma, polygamma

from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.dynamics import together as together_module
from morsecensus.tasks.dynamics.algorithms.base import State
from morsecensus.tasks.dynamics.algorithms.gradient_descent import GradientDescent
from morsecensus.tasks.dynamics.algorithms.lanczos import lowest_eigenvalue, spectrum
from morsecensus.tasks.dynamics.algorithms.newton import Newton, SaddleFreeNewton
from morsecensus.tasks.dynamics.algorithms.perturbed_descent import Constants, PerturbedDescent, constants
from morsecensus.tasks.dynamics.choose import field_for, start_for
from morsecensus.tasks.dynamics.fields.base import Look
from morsecensus.tasks.dynamics.fields.dense import DenseField
from morsecensus.tasks.dynamics.fields.free import FreeField
from morsecensus.tasks.dynamics.fields.partite import FreePartiteField
from morsecensus.tasks.dynamics.fields.spheres import OnSpheres
from morsecensus.tasks.dynamics.looks import look_times
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.record import Notes
from morsecensus.tasks.dynamics.run import run_trajectories, run_trajectory
from morsecensus.tasks.dynamics.way import Way
from morsecensus.tasks.dynamics.words import CONVERGED, DIMENSION, DIVERGED, STEPS, TIME
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.runtime.keys import generator

PURE = {"xi": "q^3"}
SPIKED = dict(model="spiked", parameters={"xi": "q^3", "signal": "q^2"})


@dataclass
class Quadratic(OnSpheres):
    """x.A x/2 in R^n, A symmetric."""

    matrix: np.ndarray
    draw: np.random.Generator

    def __post_init__(self):
        self.parts, self.size, self.rank = [], len(self.matrix), len(self.matrix)
        self.gradients = self.products = 0

    def look(self, x, summand=None):
        return Look(float(x @ self.matrix @ x) / 2, self.matrix @ x)

    def hessian_product(self, x, u):
        return self.matrix @ u

    def tangent_product(self, x, gradient, u):
        return self.matrix @ u

    def noise(self):
        return self.draw.standard_normal(self.size) / math.sqrt(self.size)


def follow(algorithm, field, x, steps):
    state = algorithm.start(field, np.asarray(x, dtype=float))
    for _ in range(steps):
        if state.done:
            break
        state = algorithm.step(state, field, math.inf)
    return state


def test_the_saddle_of_two_squares():
    """x^2 - y^2 from (.05, 1.8): Newton goes to the saddle in one step, saddle-free Newton away from it, and
    descent never comes near."""
    field = Quadratic(np.diag([2.0, -2.0]), generator("saddle"))
    np.testing.assert_allclose(follow(Newton(10, 2), field, [0.05, 1.8], 1).x, 0, atol=1e-12)
    np.testing.assert_allclose(follow(SaddleFreeNewton(10, 2), field, [0.05, 1.8], 1).x, [0, 3.6], atol=1e-12)
    np.testing.assert_allclose(
        follow(GradientDescent(0.1), field, [0.05, 1.8], 5).x, [0.05 * 0.8**5, 1.8 * 1.2**5], rtol=1e-12
    )


def escape_times(gamma, n, radius, far, step, count):
    """Times at which kicked descents from a saddle of one curvature -gamma pass the distance ``far``."""
    matrix = np.zeros((n, n))
    matrix[0, 0] = -gamma
    field = Quadratic(matrix, generator("escape", n))
    algorithm = PerturbedDescent(
        Constants(step, radius, math.inf, 0.0, 10**9, 1.0, 1.0), generator("kicks", n), n
    )
    rate = math.log1p(step * gamma) / step
    times = []
    for _ in range(count):
        state = algorithm._kicked(State(np.zeros(n), field.look(np.zeros(n)), 0.0, 0), field)
        times.append(math.log(far / abs(state.x[0])) / rate)
    return np.array(times)


@pytest.mark.parametrize(
    ("gamma", "n", "radius", "far", "step"), [(0.1, 20, 1e-6, 0.1, 0.1), (0.5, 200, 1e-4, 1e-2, 0.2)]
)
def test_escape_takes_the_logarithm_of_the_kick(gamma, n, radius, far, step):
    """Mean and spread of the time are known; half the curvature would double them."""
    times = escape_times(gamma, n, radius, far, step, 1000)
    rate = math.log1p(step * gamma) / step
    mean = (math.log(far / radius) + 1 / n + (digamma(n / 2) - digamma(0.5)) / 2) / rate
    spread = math.sqrt(1 / n**2 + (polygamma(1, 0.5) - polygamma(1, n / 2)) / 4) / rate
    assert abs(times.mean() - mean) < 4 * spread / math.sqrt(len(times))
    assert abs(times.std() / spread - 1) < 0.2
    assert abs(times.mean() - 2 * mean) > 40 * spread / math.sqrt(len(times))


def test_perturbed_descent_verifies_where_it_ends():
    """The end is a minimum by its whole spectrum too."""
    found = run_trajectory(
        TrajectoryOptions(
            n=20, algorithm="pgd", parameters=PURE, epsilon=0.05, index=True, most_steps=20_000
        ),
        1,
        0,
        0,
    )
    assert found.status == CONVERGED
    assert found.second_order == 1
    assert found.end_index == 0
    assert found.end_lowest_error < 1e-8


def test_perturbed_descent_leaves_a_saddle():
    """From the exact saddle of x.A x on the sphere, where gradients are 0, kicks lead to the lowest axis."""
    values = np.array([1.0, 0.0, *np.linspace(1.5, 3, 8)])
    field = Quadratic(np.diag(values), generator("leave"))
    field.parts, field.rank = [(slice(0, 10), 1.0)], 9
    field.tangent_product = lambda x, g, u: field.project(x, field.matrix @ u) - float(x @ g) * u
    algorithm = PerturbedDescent(Constants(0.2, 1e-4, 1e-6, 1e-3, 100, 1e-3, 0.1), generator("kick"), 9)
    found = follow(algorithm, field, np.eye(10)[0], 1000)
    assert found.done
    assert found.escapes == 1
    assert found.verdict is not None
    assert found.verdict.second_order
    assert abs(found.x[1]) == pytest.approx(1, abs=1e-6)
    assert found.verdict.lowest == pytest.approx(1, abs=1e-6)


def test_constants_of_the_paper():
    found = constants(1e-2, 100, 10.0, 5.0, 3.0, 0.5, 0.1)
    chi = 3 * math.log(100 * 10 * 3 / (0.5 * 1e-4 * 0.1))
    assert found.step == 0.05
    assert found.radius == pytest.approx(math.sqrt(0.5) / chi**2 * 1e-3)
    assert found.gain == pytest.approx(0.5 / chi**3 * math.sqrt(1e-6 / 5))
    assert found.patience == math.ceil(chi / 0.25 * 10 / math.sqrt(0.05))


def ends(algorithm, landscapes):
    options = TrajectoryOptions(
        n=20, algorithm=algorithm, parameters=PURE, stop=1e-9, most_steps=60, index=True
    )
    found = [run_trajectory(options, 1, landscape, 0) for landscape in range(landscapes)]
    return [run for run in found if run.status == CONVERGED]


def test_saddle_free_newton_ends_in_minima_and_newton_anywhere():
    """By symmetry Newton's mean index is 9.5 of 19; its spread is 3."""
    free, newton = ends("saddle-free-newton", 12), ends("newton", 24)
    assert len(free) == 12
    assert all(run.end_index == 0 for run in free)
    index = np.array([run.end_index for run in newton])
    assert len(index) > 8
    assert abs(index.mean() - 9.5) < 4 * 3 / math.sqrt(len(index))
    assert index.min() > 0


def test_products_are_derivatives_of_gradients_and_lanczos_finds_the_lowest():
    field = DenseField(build("spiked", {"xi": "q^2+q^3", "signal": "q^3"}, 12), 1, 0)
    field.begin(generator("u"))
    x, u = field.uniform_start(generator("x")), field.noise()
    h = 1e-5
    slope = (field.look(x + h * u).gradient - field.look(x - h * u).gradient) / (2 * h)
    np.testing.assert_allclose(field.hessian_product(x, u), slope, atol=1e-8)
    gradient = field.look(x).gradient
    lowest = lowest_eigenvalue(field, x, gradient, field.noise(), 100)
    assert lowest.value == pytest.approx(spectrum(field, x, gradient)[0], abs=1e-10)


def test_free_products_are_derivatives_of_free_gradients():
    """Also where the products came first: a look then meets what they showed."""
    field = FreeField(Covariance.parse("0.7*q+0.5*q^2+q^3+0.3*q^5"), 50, 1, 0, tolerance=1e-11, size=50)
    field.begin(generator("u"))
    x, u = field.uniform_start(generator("x")), field.noise()
    product = field.hessian_product(x, u)
    h = 1e-4
    slope = (field.look(x + h * u).gradient - field.look(x - h * u).gradient) / (2 * h)
    np.testing.assert_allclose(product, slope, atol=1e-6)
    back = field.hessian_product(x, slope)
    assert float(back @ u) == pytest.approx(float(product @ slope), rel=1e-6)


def test_free_products_of_forms_are_derivatives_too():
    """On spheres of 3, 6 and 9, which looks fill one after the other."""
    field = FreePartiteField((3, 6, 9), 1, 0, tolerance=1e-11)
    field.begin(generator("u"))
    x, u = field.uniform_start(generator("x")), field.noise()
    product = field.hessian_product(x, u)
    h = 1e-4
    slope = (field.look(x + h * u).gradient - field.look(x - h * u).gradient) / (2 * h)
    np.testing.assert_allclose(product, slope, atol=1e-7)
    assert field.look(x).energy == pytest.approx(float(x @ field.look(x).gradient) / 3, abs=1e-12)


def test_a_rotated_saddle_is_no_minimum():
    """Verdicts don't depend on the axes: one negative eigenvalue, in 30 systems of coordinates."""
    values = np.array([-0.3, *np.linspace(0.5, 3, 11)])
    for place in range(30):
        basis = np.linalg.qr(generator("rotation", place).standard_normal((12, 12)))[0]
        field = Quadratic(basis.T @ np.diag(values) @ basis, generator("rotated", place))
        at = np.zeros(12)
        verdict = PerturbedDescent(
            Constants(0.1, 1e-9, 1.0, 1e9, 1, 1e-3, 0.1), generator("kick", place), 12
        )._verdict(field, at, field.look(at))
        assert not verdict.second_order
        assert verdict.lowest == pytest.approx(-0.3, abs=1e-10)


def test_the_error_of_few_products_is_stated():
    """Thirty products of 400 rows: the lowest eigenvalue is within the error, which isn't small."""
    field = Quadratic(np.diag(np.linspace(-1, 1, 400)), generator("few"))
    lowest = lowest_eigenvalue(field, np.zeros(400), np.zeros(400), field.noise(), 30)
    assert lowest.value - lowest.error <= -1 <= lowest.value
    assert lowest.error > 1e-3


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (dict(algorithm="gd", until=1.0), TIME),
        (dict(algorithm="gd", until=500.0, step=0.1, stop=1e-4), CONVERGED),
        (dict(algorithm="flow", until=500.0, most_steps=20), STEPS),
        (dict(algorithm="newton", most_steps=3), STEPS),
        (dict(algorithm="gd", until=5.0, sampler="free", memory=2e4, n=10**6), DIMENSION),
        (dict(algorithm="langevin", until=5.0, temperature=1e308), DIVERGED),
    ],
)
def test_how_runs_end(more, status):
    found = run_trajectory(TrajectoryOptions(**{"n": 20, "parameters": PURE} | more), 1, 0, 0)
    assert found.status == status
    assert math.isnan(found.end_energy) == (status == DIVERGED)


@pytest.mark.parametrize("sampler", ["free", "tensor"])
@pytest.mark.parametrize(
    "more",
    [
        dict(algorithm="flow"),
        dict(algorithm="sgd", summands=3, sampling="shuffle"),
        dict(algorithm="langevin", temperature=0.5),
    ],
)
def test_runs_are_a_function_of_the_seed(sampler, more):
    options = TrajectoryOptions(
        n=12, parameters=PURE, until=1.0, looks=5, sampler=sampler, correlations=True, **more
    )
    first, again = (run_trajectory(options, 1, 2, 1) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
    other = run_trajectory(options, 2, 2, 1)
    assert other.end_energy != first.end_energy
    np.testing.assert_allclose(np.diag(first.correlations), 1, atol=1e-12)
    np.testing.assert_allclose(first.correlations[0], first.overlap_start, atol=1e-12)


def test_starts_share_a_free_landscape():
    """A later start meets what earlier ones have seen; an even landscape looks the same from -x."""
    options = TrajectoryOptions(n=10**6, algorithm="gd", parameters=PURE, until=1.0, looks=3, sampler="free")
    first, second = run_trajectories(options, 1, 0, range(2))
    assert first.end_energy != second.end_energy
    assert run_trajectory(options, 1, 0, 1).energy.tobytes() == second.energy.tobytes()
    field = FreeField(Covariance.parse("q^4"), 10**6, 1, 0)
    x = field.uniform_start(generator("x"))
    one, other = field.look(x), field.look(-x)
    assert other.energy == pytest.approx(one.energy, rel=1e-12)
    np.testing.assert_allclose(other.gradient, -one.gradient, atol=1e-12)


@pytest.mark.parametrize("sampler", ["free", "tensor"])
@pytest.mark.parametrize("start", [dict(), dict(start="equilibrium", start_temperature=1.0)])
def test_a_run_is_the_same_alone_and_with_others(sampler, start):
    options = TrajectoryOptions(
        n=12,
        algorithm="langevin",
        temperature=1.0,
        parameters=PURE,
        until=0.5,
        looks=3,
        sampler=sampler,
        **start,
    )
    together = run_trajectories(options, 1, 0, range(3))
    alone = run_trajectory(options, 1, 0, 2)
    assert alone.energy.tobytes() == together[2].energy.tobytes()
    assert (together[0].energy[0] == together[2].energy[0]) == bool(start)
    assert together[0].end_energy != together[2].end_energy


def test_descents_together_are_descents_alone(monkeypatch):
    """Up to rounding: together they are products of matrices. Here more starts than go together."""
    monkeypatch.setattr(together_module, "LANES", 4)
    monkeypatch.setattr(together_module, "REFILL", 2)
    asked = dict(n=14, algorithm="gd", step=0.1, until=60.0, looks=[0.0, 1.0, 60.0], stop=1e-3, index=True)
    options = TrajectoryOptions(**asked, **SPIKED, overlap=0.3)
    together = run_trajectories(options, 1, 0, range(9))
    field = field_for(options, 1, 0, 1)
    assert len({run.steps for run in together}) > 1
    for start, found in enumerate(together):
        x = start_for(options, field, 1, 0, start)
        notes = Notes(look_times(options), x)
        way = Way(options, GradientDescent(0.1), field, notes)
        assert way.follow(x) == found.status
        assert (way.state.steps, way.state.steps + 1) == (found.steps, found.gradients)
        assert way.index() == found.end_index
        for name, values in notes.floats.items():
            np.testing.assert_allclose(getattr(found, name), values, atol=1e-9)


@pytest.mark.parametrize("xi", ["q^3", "0.3*q+0.5*q^2+0.2*q^3", "q^2"])
@pytest.mark.parametrize("n", [40, 41])
def test_looks_at_many_points_are_looks_at_each(n, xi):
    """By bands of products and through XLA: even and odd n differ in their last cyclic shift."""
    field = DenseField(build("pspin", {"xi": xi}, n), 3, 0)
    points = generator("many", n).standard_normal((5, n)) / math.sqrt(n)
    together = field.look(points)
    for row, x in enumerate(points):
        alone = field.look(x)
        assert together.energy[row] == pytest.approx(alone.energy, rel=1e-12)
        np.testing.assert_allclose(together.gradient[row], alone.gradient, rtol=1e-11, atol=1e-13)
