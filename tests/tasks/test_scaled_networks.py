"""Scaled networks, squared errors, tangent kernels: against NumPy, and the powers of the width that changes
follow."""

import numpy as np
import pytest

from morsecensus.analysis.estimates.powers import power
from morsecensus.tasks.networks.evaluate import gradient, mean_cost, one_hot, probabilities
from morsecensus.tasks.networks.examples import examples_of
from morsecensus.tasks.networks.kernel import drifts, tangent_kernel
from morsecensus.tasks.networks.options import NetworkOptions
from morsecensus.tasks.networks.record import runs_of
from morsecensus.tasks.networks.shapes import Net, first_weights, unpack
from morsecensus.tasks.networks.train import train

RUN = {
    "layers": [6, 8, 3],
    "count": 12,
    "rate": 0.5,
    "steps": 5000,
    "algorithm": "gd",
    "loss": "squared",
    "activation": "tanh",
    "precision": "float64",
}
POWERS = {"ntk": 0.5, "mean-field": 1.0}


def by_hand(net, weights, x, power):
    (first, offsets, _), (last, shifts, _) = unpack(net, weights)
    hidden = np.tanh((x @ first + offsets) / np.sqrt(net.layers[0]))
    return (hidden @ last + shifts) / net.layers[1] ** power


@pytest.mark.parametrize("scaling", POWERS)
def test_answers_costs_and_kernels_are_those_of_numpy(scaling):
    net = Net((6, 8, 3), "tanh", scaling=scaling, squared=True)
    source = np.random.default_rng(1)
    weights = first_weights(net, source)
    x, targets = source.standard_normal((5, 6)), source.standard_normal((5, 3))
    np.testing.assert_allclose(by_hand(net, weights, x, POWERS[scaling]), 0, atol=1e-15)
    np.testing.assert_allclose(probabilities(net, weights, x), 1 / 3)
    weights = weights + 0.3 * source.standard_normal(net.weights)
    answers = by_hand(net, weights, x, POWERS[scaling])
    wanted = ((answers - targets) ** 2).sum(axis=1).mean() / 2
    assert mean_cost(net, weights, x, targets) == pytest.approx(wanted, rel=1e-13)
    step = 1e-6 * np.eye(net.weights)
    slopes = [
        (by_hand(net, weights + h, x, POWERS[scaling]) - by_hand(net, weights - h, x, POWERS[scaling])) / 2e-6
        for h in step
    ]
    jacobian = np.array([slope.ravel() for slope in slopes])
    np.testing.assert_allclose(tangent_kernel(net, weights, x), jacobian.T @ jacobian, rtol=1e-6, atol=1e-9)
    residual = (answers - targets).ravel() / 5
    np.testing.assert_allclose(gradient(net, weights, x, targets), jacobian @ residual, rtol=1e-6, atol=1e-9)


def test_weights_are_of_order_one_whatever_the_width():
    wide = first_weights(Net((6, 5000, 3), scaling="ntk"), np.random.default_rng(2))
    (first, _, _), (last, _, _) = unpack(Net((6, 5000, 3), scaling="ntk"), wide)
    assert first.std() == pytest.approx(1, abs=0.03)
    assert last.std() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("scaling", POWERS)
def test_descent_ends_at_the_first_step_that_is_low_enough(scaling):
    options = NetworkOptions(**RUN, scaling=scaling, until=0.2)
    data = examples_of(options, 3)
    targets = one_hot(data.labels, 3)
    found = train(options, data.inputs, targets, 3, 0)
    rate = 0.5 * (8 if scaling == "mean-field" else 1)
    weights, costs = found.first, []
    while not costs or costs[-1] > 0.2 * costs[0]:
        if costs:
            weights = weights - rate * gradient(options.net, weights, data.inputs, targets)
        costs.append(mean_cost(options.net, weights, data.inputs, targets))
    assert found.steps == len(costs) - 1 > 3
    np.testing.assert_allclose(found.end, weights, rtol=1e-9, atol=1e-12)
    short = train(
        NetworkOptions(**RUN | {"steps": 3}, scaling=scaling, until=0.2), data.inputs, targets, 3, 0
    )
    assert short.steps == 3


def test_drifts_are_distances_and_none_without_training():
    net = Net((6, 8, 3), "tanh", scaling="ntk")
    weights, x = (
        first_weights(net, np.random.default_rng(4)),
        np.random.default_rng(5).standard_normal((4, 6)),
    )
    assert drifts(net, weights, weights, x) == {"weight_change": 0, "kernel_drift": 0}
    twice = drifts(net, weights, 2 * weights, x)
    assert twice["weight_change"] == pytest.approx(1)
    before, after = (tangent_kernel(net, w, x) for w in (weights, 2 * weights))
    assert twice["kernel_drift"] == pytest.approx(np.linalg.norm(after - before) / np.linalg.norm(before))


def test_lazy_networks_move_less_the_wider_they_are_and_others_do_not():
    """Powers -1/2 and -1; the control 0 and 0. Jacot's bound on the kernel, -1/2, is not its order."""
    widths, slopes = (64, 256, 1024), {}
    for scaling in POWERS:
        moved = []
        for width in widths:
            layers = {"layers": [6, width, 3], "until": 0.05, "kernel": 12}
            rows = runs_of(NetworkOptions(**RUN | layers, scaling=scaling), 6, range(8))
            moved.append([[float(row[name]) for row in rows] for name in ("weight_change", "kernel_drift")])
        values = np.array(moved)
        means, errors = values.mean(axis=2), values.std(axis=2, ddof=1) / np.sqrt(8)
        slopes[scaling] = [power(np.array(widths), means[:, k], errors[:, k])[:2] for k in (0, 1)]
    for (slope, error), expected in zip(slopes["ntk"] + slopes["mean-field"], (-0.5, -1, 0, 0), strict=True):
        assert abs(slope - expected) < 4 * error + 0.02
        assert error < 0.06
    slope, error = slopes["ntk"][1]
    assert slope + 0.5 < -5 * error


def test_a_power_is_found_with_its_error():
    x, source = np.array([1.0, 4.0, 16.0, 64.0]), np.random.default_rng(7)
    errors = 0.05 * 3 * x**-0.7
    found = [power(x, 3 * x**-0.7 + errors * source.standard_normal(4), errors) for _ in range(400)]
    slopes, sizes, squares, levels = np.array(found).T
    assert abs(slopes.mean() + 0.7) < 4 * slopes.std() / 20
    assert slopes.std() == pytest.approx(sizes.mean(), rel=0.15)
    assert squares.mean() == pytest.approx(2, abs=0.4)
    assert np.exp(levels).mean() == pytest.approx(3, rel=0.02)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"scaling": "lazy"}, "scaling: got 'lazy', allowed: standard, ntk, mean-field"),
        ({"scaling": "ntk", "layers": [6, 7, 3]}, "with one hidden layer of even width"),
        ({"scaling": "ntk", "layers": [6, 8, 8, 3]}, "with one hidden layer of even width"),
        ({"loss": "hinge"}, "loss: got 'hinge', allowed: cross-entropy, squared"),
        ({"until": 1.0}, "until: got 1, allowed: a share"),
        ({"until": 0.1, "algorithm": "sgd", "batch": 4}, "until: got one with sgd"),
        ({"kernel": 13}, "kernel: got 13, allowed: 0 to the 12 examples"),
        ({"layers": [6, 10**6, 3], "kernel": 12}, "GiB, allowed: at most 1 GiB; fewer examples"),
    ],
)
def test_what_cannot_be_is_one_line(change, text):
    with pytest.raises(ValueError, match="allowed") as caught:
        NetworkOptions(**RUN | change)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
