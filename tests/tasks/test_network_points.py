"""Ends of searches for critical points of networks against closed forms, each with a control that fails."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.analysis.theory.autoencoder import critical_losses
from morsecensus.tasks.landscapes.base import Jet
from morsecensus.tasks.networks import surface
from morsecensus.tasks.networks.critical import judged, kink, sought
from morsecensus.tasks.networks.evaluate import gradient, hessian_product, mean_cost
from morsecensus.tasks.networks.shapes import Net, first_weights, pack, unpack
from morsecensus.tasks.networks.surface import CostSurface
from morsecensus.tasks.networks.words import CRITICAL, GRADIENT_FLAT, NEITHER
from morsecensus.tasks.points.levenberg_marquardt import approach

TOLERANCE, FLAT = 1e-10, 1e-4
AUTOENCODER = Net((5, 3, 5), "linear", squared=True)


@pytest.fixture(scope="module")
def inputs():
    """With eigenvalues of the covariance that are far apart."""
    source = np.random.default_rng(1)
    mixed = source.standard_normal((40, 5)) * np.array([2.0, 1.5, 1.1, 0.8, 0.5])
    return mixed @ np.linalg.qr(source.standard_normal((5, 5)))[0] + source.standard_normal(5)


def principal(x, chosen, source):
    """Critical weights of the autoencoder by hand: the principal axes of a set, in any basis of hidden units,
    and any offsets in these."""
    mean = x.mean(axis=0)
    axes = np.linalg.eigh(np.cov(x, rowvar=False, bias=True))[1][:, ::-1][:, list(chosen)]
    basis = source.standard_normal((3, 3))
    coder = np.pad(axes, ((0, 0), (0, 3 - len(chosen)))) @ basis
    back = np.linalg.inv(basis) @ np.pad(axes.T, ((0, 3 - len(chosen)), (0, 0)))
    shift = source.standard_normal(3)
    return pack([(coder, shift, None), (back, mean - (mean @ coder + shift) @ back, None)])


@pytest.mark.parametrize("chosen", [(), (0,), (3,), (0, 1), (1, 4), (0, 1, 2), (0, 2, 4), (2, 3, 4)])
def test_principal_axes_are_judged_as_the_closed_form_says(inputs, chosen):
    known = critical_losses(np.linalg.eigvalsh(np.cov(inputs, rowvar=False, bias=True))[::-1], 3)
    weights = principal(inputs, chosen, np.random.default_rng(len(chosen)))
    data = jnp.asarray(inputs), jnp.asarray(inputs)
    found = judged(CostSurface(AUTOENCODER), data, weights, TOLERANCE, FLAT)
    assert found.verdict == CRITICAL
    (place,) = np.flatnonzero(np.abs(known.loss - found.loss) < 1e-12)
    assert (found.index, found.nullity) == (known.index[place], known.nullity[place])
    # negative controls: a formula without the units that are free, and one without the offsets
    free = 3 - len(chosen)
    assert free == 0 or found.index != known.index[place] - free * (5 - len(chosen))
    assert found.nullity != known.nullity[place] - 3
    # off the set by 1e-4 it is no critical point
    off = weights + 1e-4 * np.random.default_rng(2).standard_normal(len(weights))
    assert judged(CostSurface(AUTOENCODER), data, off, TOLERANCE, FLAT).verdict != CRITICAL


def searches(inputs, steps=300, net=AUTOENCODER):
    source = np.random.default_rng(3)
    looks = np.array([first_weights(net, source) for _ in range(6)])
    return sought(net, looks, inputs, inputs, {"steps": steps, "tolerance": TOLERANCE, "flat": FLAT})


def off_closed_form(found, inputs):
    """Distance to the nearest critical loss, of points that are called critical."""
    known = critical_losses(np.linalg.eigvalsh(np.cov(inputs, rowvar=False, bias=True))[::-1], 3)
    losses = found["point_loss"][found["point_verdict"] == CRITICAL]
    return np.abs(losses[:, None] - known.loss).min(axis=1)


def test_searches_end_on_the_closed_form_and_a_shifted_gradient_is_caught(inputs, monkeypatch):
    found = searches(inputs)
    assert (found["point_verdict"] == CRITICAL).sum() >= 3
    assert off_closed_form(found, inputs).max() < 1e-12
    for look in range(6):
        weights = found["point_weights"][look]
        slope = gradient(AUTOENCODER, weights, inputs, inputs)
        assert np.linalg.norm(slope) == pytest.approx(found["point_gradient_norm"][look], rel=1e-6, abs=1e-14)
        assert mean_cost(AUTOENCODER, weights, inputs, inputs) == pytest.approx(found["point_loss"][look])
    true_cost = surface.cost

    def decayed(net, weights, x, targets):
        return true_cost(net, weights, x, targets) + 1e-3 * (weights @ weights)

    monkeypatch.setattr(surface, "cost", decayed)
    other = Net((5, 3, 5), "linear", squared=True, skip=True)  # the same function, compiled anew
    wrong = searches(inputs, net=other)
    held = wrong["point_verdict"] == CRITICAL
    assert held.any()
    assert off_closed_form(wrong, inputs).max() > 1e-6
    slopes = [gradient(other, weights, inputs, inputs) for weights in wrong["point_weights"][held]]
    assert np.max(np.linalg.norm(slopes, axis=1)) > 1e-4, (
        "the gradient of `evaluate` isn't that of the search"
    )


def test_what_a_loose_tolerance_calls_critical_is_off(inputs):
    """Frye's point: a few steps, and gradients that look small."""
    found = searches(inputs, steps=12)
    small = found["point_gradient_norm"] <= 0.3
    assert (small & (found["point_verdict"] != CRITICAL)).any()
    loose = found | {"point_verdict": np.where(small, CRITICAL, NEITHER)}
    assert off_closed_form(loose, inputs).max() > 1e-6
    assert off_closed_form(found, inputs).max(initial=0) < 1e-12


def test_a_gradient_that_fades_towards_infinity_is_not_critical():
    """Softmax regression of classes that a plane divides: the cost has no minimum at any weights."""
    net = Net((2, 2))
    source = np.random.default_rng(4)
    x = source.standard_normal((30, 2))
    x[:, 0] += np.where(x[:, 0] > 0, 1.0, -1.0)
    targets = np.eye(2)[(x[:, 0] > 0).astype(int)]
    weights = pack([(np.array([[-1.0, 1], [0, 0]]) * 15, np.zeros(2), None)])
    found = judged(CostSurface(net), (jnp.asarray(x), jnp.asarray(targets)), weights, TOLERANCE, FLAT)
    assert found.gradient_norm < TOLERANCE
    assert found.verdict != CRITICAL


@dataclass(frozen=True)
class Slope:
    """x + y^2/2 + z^3/6, whose gradient is nowhere 0, and in the kernel of the Hessian where y = z = 0."""

    def jet(self, couplings, x):
        del couplings
        slope = jnp.array([1.0, x[1], x[2] ** 2 / 2])
        return Jet(x[0] + x[1] ** 2 / 2 + x[2] ** 3 / 6, slope, jnp.diag(jnp.array([0.0, 1.0, x[2]])))


def test_a_gradient_in_the_kernel_of_the_hessian_is_flat():
    at, beside = (judged(Slope(), (), np.array(x), TOLERANCE, FLAT) for x in ([3.0, 0, 0], [3.0, 0.01, 0]))
    assert (at.verdict, at.index, at.nullity) == (GRADIENT_FLAT, 0, 2)
    assert beside.verdict == NEITHER
    assert judged(Slope(), (), np.array([3.0, 0.01, 0]), TOLERANCE, 0.02).verdict == GRADIENT_FLAT


@dataclass(frozen=True)
class Bowl:
    """y^2/2 + slope x + curvature x^2/2 + twist x^2 y/2."""

    slope: float = 0.0
    curvature: float = 0.0
    twist: float = 0.0

    def jet(self, couplings, point):
        del couplings
        x, y = point
        along = self.slope + self.curvature * x + self.twist * x * y
        across = y + self.twist * x**2 / 2
        mixed, own = self.twist * x, self.curvature + self.twist * y
        value = y**2 / 2 + self.slope * x + self.curvature * x**2 / 2 + self.twist * x**2 * y / 2
        return Jet(value, jnp.array([along, across]), jnp.array([[own, mixed], [mixed, 1.0]]))


def test_each_guard_of_what_is_critical_is_needed():
    """Gradients of 1e-11, a tenth of the tolerance."""

    def at(bowl, x, y):
        return judged(bowl, (), np.array([x, y]), TOLERANCE, FLAT)

    assert at(Bowl(), 3.0, 1e-11).verdict == CRITICAL
    assert at(Bowl(slope=1e-11), 3.0, 0.0).verdict == GRADIENT_FLAT, "no step takes the slope away"
    assert at(Bowl(curvature=1e-6), 1e-5, 0.0).verdict != CRITICAL, "the zero is 1e-5 away"
    assert at(Bowl(curvature=1e-4), 1e-7, 0.0).verdict == CRITICAL
    twisted = at(Bowl(twist=1.0), 0.0, 1e-11)
    assert (twisted.verdict, twisted.index, twisted.nullity) == (CRITICAL, 0, 1), (
        "1e-11 at the point, 0 at the zero"
    )


def test_zeros_of_symmetries_are_counted_at_a_minimum_of_tanh_units():
    """Teacher and student alike: at the teacher the Hessian is J^T J, whose rank is known without it."""
    net = Net((4, 3, 2), "tanh", squared=True)
    source = np.random.default_rng(5)
    weights, x = first_weights(net, source), source.standard_normal((12, 4))
    layers = unpack(net, weights)
    targets = np.tanh(x @ layers[0][0]) @ layers[1][0]
    few = x[:3], targets[:3]
    found = judged(CostSurface(net), tuple(map(jnp.asarray, few)), weights, TOLERANCE, FLAT)
    assert (found.verdict, found.index) == (CRITICAL, 0)
    assert found.nullity == net.weights - 3 * 2, "three examples of two answers"
    product = hessian_product(net, weights, *few)
    matrix = np.array([product(row) for row in np.eye(net.weights)])
    np.testing.assert_allclose(found.spectrum, np.linalg.eigvalsh(matrix), atol=1e-13)


def test_points_move_alone_as_they_do_together(inputs):
    looks = np.array([first_weights(AUTOENCODER, np.random.default_rng(seed)) for seed in range(3)])
    data = jnp.asarray(inputs), jnp.asarray(inputs)
    alone, side = (approach(CostSurface(AUTOENCODER), data, looks, 20, 3, count) for count in (1, 3))
    np.testing.assert_allclose(alone.energy, side.energy, rtol=1e-9)
    short = approach(CostSurface(AUTOENCODER), data, looks, 2, 3, 1)
    assert (short.gradient_norm > alone.gradient_norm).all()


def test_the_kink_of_relu_is_where_a_sum_is_zero():
    net = Net((2, 2, 2), squared=True)
    x = np.array([[1.0, 2.0], [-1.0, 0.5]])
    weights = pack(
        [(np.array([[1.0, 0], [0, 1]]), np.array([0.25, -0.5 + 1e-7]), None), (np.eye(2), np.zeros(2), None)]
    )
    assert kink(net, weights, x) == pytest.approx(1e-7, rel=1e-6)
    assert np.isnan(kink(Net((2, 2, 2), "tanh"), weights, x))
