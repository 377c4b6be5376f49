"""Networks in plain JAX against NumPy, differences and exact spectra, each with a control that must fail."""

import numpy as np
import pytest
from scipy.special import erf, log_softmax

from morsecensus.tasks.networks.costs import held_bytes
from morsecensus.tasks.networks.evaluate import (
    entropy,
    gradient,
    hessian_product,
    mean_cost,
    one_hot,
    probabilities,
    statistics,
)
from morsecensus.tasks.networks.examples import examples_of
from morsecensus.tasks.networks.lanczos import quadrature
from morsecensus.tasks.networks.match import matched_orders, permuted, random_orders
from morsecensus.tasks.networks.options import NetworkOptions, look_steps
from morsecensus.tasks.networks.record import runs_of, targets_of
from morsecensus.tasks.networks.shapes import Net, first_weights, pack, unpack
from morsecensus.tasks.networks.train import train

BY_NAME = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "erf": erf, "linear": lambda z: z}
NETS = [
    Net((6, 5, 5, 3), "relu"),
    Net((6, 5, 3), "tanh"),
    Net((6, 4, 3), "erf"),
    Net((6, 3), "linear"),
    Net((6, 5, 5, 3), "tanh", skip=True),
    Net((6, 5, 3), "relu", batchnorm=True),
    Net((6, 5, 5, 3), "tanh", skip=True, batchnorm=True),
]
RUN = {"layers": [6, 5, 3], "count": 60, "rate": 0.2, "batch": 10, "steps": 15, "precision": "float64"}


def by_hand(net, weights, x):
    """Answers of a network, in NumPy."""
    h = x
    layers = unpack(net, weights)
    for matrix, offsets, scales in layers[:-1]:
        z = h @ matrix
        if scales is not None:
            z = scales * (z - z.mean(0)) / np.sqrt(z.var(0) + 1e-5)
        out = BY_NAME[net.activation](z + offsets)
        h = out + h if net.skip and out.shape == h.shape else out
    return h @ layers[-1][0] + layers[-1][1]


def case(net, count=40, seed=1):
    source = np.random.default_rng(seed)
    weights = first_weights(net, source) + 0.1 * source.standard_normal(net.weights)
    x = source.standard_normal((count, net.layers[0]))
    targets = source.dirichlet(np.ones(net.layers[-1]), count)
    return weights, x, targets


@pytest.mark.parametrize("net", NETS, ids=str)
def test_the_cost_is_that_of_numpy_and_its_derivatives_those_of_differences(net):
    weights, x, targets = case(net)
    wanted = -(targets * log_softmax(by_hand(net, weights, x), axis=1)).sum(axis=1).mean()
    assert mean_cost(net, weights, x, targets) == pytest.approx(wanted, rel=1e-13)
    direction = np.random.default_rng(2).standard_normal(net.weights)
    step = 1e-5 * direction
    slope = gradient(net, weights, x, targets)
    costs = [mean_cost(net, weights + sign * step, x, targets) for sign in (1, -1)]
    assert slope @ direction == pytest.approx((costs[0] - costs[1]) / 2e-5, rel=1e-6, abs=1e-8)
    slopes = [gradient(net, weights + sign * step, x, targets) for sign in (1, -1)]
    product = hessian_product(net, weights, x, targets)(direction)
    np.testing.assert_allclose(product, (slopes[0] - slopes[1]) / 2e-5, rtol=1e-4, atol=1e-6)


def test_bytes_are_their_255th_part_and_parts_add_up(monkeypatch):
    net = NETS[0]
    weights, _, targets = case(net, 50)
    x = np.random.default_rng(3).integers(0, 256, (50, 6), dtype=np.uint8)
    ours = net, weights, x / 255, targets
    whole = mean_cost(*ours), gradient(*ours), hessian_product(*ours)(weights)
    monkeypatch.setattr("morsecensus.tasks.networks.evaluate.PART", 17)
    assert mean_cost(net, weights, x, targets) == pytest.approx(whole[0], rel=1e-13)
    np.testing.assert_allclose(gradient(net, weights, x, targets), whole[1], rtol=1e-10, atol=1e-14)
    for held in (0, 1, 3):  # parts whose passes a Hessian holds
        monkeypatch.setattr("morsecensus.tasks.networks.evaluate.HELD", held * held_bytes(net, 17))
        product = hessian_product(net, weights, x, targets)(weights)
        np.testing.assert_allclose(product, whole[2], rtol=1e-10, atol=1e-13)


def test_batch_norm_of_a_test_set_takes_the_statistics_of_the_training_set():
    net = NETS[5]
    weights, x, _ = case(net)
    known = statistics(net, weights, x)
    together = probabilities(net, weights, x, known)
    one_by_one = np.concatenate([probabilities(net, weights, row[None], known) for row in x])
    np.testing.assert_allclose(one_by_one, together, rtol=1e-12)
    assert not np.allclose(np.concatenate([probabilities(net, weights, row[None]) for row in x]), together)


def test_steps_are_those_of_a_softmax_regression_by_hand():
    """Whose gradient is known: X^T (p - y) / batch."""
    options = NetworkOptions(**RUN | {"layers": [6, 3]})
    data = examples_of(options, 4)
    goals = one_hot(data.labels, 3)
    found = train(options, data.inputs, goals, 4, 2).end
    start = train(NetworkOptions(**RUN | {"layers": [6, 3], "rate": 1e-300}), data.inputs, goals, 4, 2).end
    other = train(options, data.inputs, goals, 4, 3).end
    from morsecensus.tasks.networks.train import _parts

    weights = start.copy()
    seen = []
    for order, first, end in _parts(options, 0, options.steps, 4, 2):
        seen.append(np.sort(order.ravel()))
        for chosen in order[first:end]:
            ((matrix, offsets, _),) = unpack(options.net, weights)
            z = data.inputs[chosen] @ matrix + offsets
            off = np.exp(log_softmax(z, axis=1)) - goals[chosen]
            slope = pack([(data.inputs[chosen].T @ off / 10, off.mean(axis=0), None)])
            weights = weights - 0.2 * slope
    np.testing.assert_allclose(found, weights, rtol=1e-12)
    assert len(seen) == 3
    assert all((one == np.arange(60)).all() for one in seen), "an epoch takes each example once"
    assert not np.allclose(found, other)


def test_looks_change_nothing_and_one_batch_of_all_is_gradient_descent():
    data = examples_of(NetworkOptions(**RUN), 5)
    goals = one_hot(data.labels, 3)
    ends = [train(NetworkOptions(**RUN | {"keep": keep}), data.inputs, goals, 5, 0) for keep in (1, 6)]
    np.testing.assert_array_equal(ends[0].end, ends[1].end)
    options = NetworkOptions(**RUN | {"keep": 6})
    assert look_steps(options).tolist() == [0, 1, 2, 4, 8, 15]
    short = train(NetworkOptions(**RUN | {"steps": 8}), data.inputs, goals, 5, 0)
    np.testing.assert_array_equal(ends[1].weights[4], short.end)
    sgd, gd = (RUN | {"batch": 60, "algorithm": name} for name in ("sgd", "gd"))
    one, other = (train(NetworkOptions(**given), data.inputs, goals, 5, 0).end for given in (sgd, gd))
    np.testing.assert_allclose(one, other, rtol=1e-9)
    assert not np.allclose(ends[0].end, other)


def test_examples_of_clusters_are_numbered():
    small, large = (examples_of(NetworkOptions(**RUN | {"count": count}), 6) for count in (60, 90))
    np.testing.assert_array_equal(small.inputs, large.inputs[:60])
    np.testing.assert_array_equal(small.labels, large.labels[:60])
    later = examples_of(NetworkOptions(**RUN | {"count": 30, "first": 60}), 6)
    np.testing.assert_array_equal(later.inputs, large.inputs[60:])
    assert not np.array_equal(small.inputs, examples_of(NetworkOptions(**RUN), 7).inputs)


def test_a_student_of_its_teachers_shape_begins_elsewhere():
    """Else run 0 would have the first weights and the order of examples that made the teacher."""
    x, targets = np.random.default_rng(1).standard_normal((60, 6)), np.eye(3)[np.arange(60) % 3]

    def begun(run, **changed):
        return train(NetworkOptions(**RUN | {"steps": 3} | changed), x, targets, 5, run).weights

    student = {"labels": "teacher", "teacher": RUN | {"first": 60}}
    other = {"labels": "teacher", "teacher": RUN | {"first": 60, "layers": [6, 7, 3]}}
    np.testing.assert_array_equal(begun(0, **student), begun(1))
    np.testing.assert_array_equal(begun(0, **other), begun(0))
    assert not np.array_equal(begun(0), begun(1))


@pytest.mark.parametrize("change", [{"activation": "tanh"}, {"skip": True}, {"batchnorm": True}])
def test_a_student_of_its_teachers_widths_begins_elsewhere_whatever_else_differs(change):
    """First weights follow from the widths, up to their scale; control: without a teacher they are those."""
    x, targets = np.random.default_rng(1).standard_normal((60, 6)), np.eye(3)[np.arange(60) % 3]
    net = RUN | {"layers": [6, 5, 5, 3], "steps": 3}

    def first(**changed):
        begun = train(NetworkOptions(**net | changed), x, targets, 5, 0).first
        return unpack(NetworkOptions(**net | changed).net, begun)[0][0].ravel()

    student = {"labels": "teacher", "teacher": net | {"first": 60}}
    taught = first()
    assert np.corrcoef(taught, first(**change))[0, 1] > 0.999
    assert abs(np.corrcoef(taught, first(**change, **student))[0, 1]) < 0.7


def test_no_student_is_below_the_entropy_of_its_teacher():
    teacher = RUN | {"first": 60, "steps": 40}
    options = NetworkOptions(**RUN, labels="teacher", teacher=teacher)
    data = examples_of(options, 8)
    targets = targets_of(options, data, 8)
    floor = entropy(targets)
    known = NetworkOptions(**teacher)
    own = examples_of(known, 8)
    end = train(known, own.inputs, one_hot(own.labels, 3), 8, 0).end
    assert mean_cost(known.net, end, data.inputs, targets) == pytest.approx(floor, rel=1e-12)
    row = runs_of(options, 8, [1])[0]
    assert row["excess"] > 0.001
    assert row["excess"] == pytest.approx(row["end_cost"] - floor, rel=1e-12)
    # negative control: against hard labels the same difference is no relative entropy
    assert mean_cost(known.net, end, data.inputs, one_hot(data.labels, 3)) != pytest.approx(floor, rel=1e-3)


@pytest.fixture(scope="module")
def small_hessian():
    """The Hessian of a trained net with 118 weights, and its product."""
    options = NetworkOptions(**RUN | {"layers": [8, 9, 4], "count": 300, "steps": 300})
    data = examples_of(options, 9)
    targets = one_hot(data.labels, 4)
    end = train(options, data.inputs, targets, 9, 0).end
    product = hessian_product(options.net, end, data.inputs, targets)
    matrix = np.array([product(row) for row in np.eye(options.net.weights)])
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    return matrix, product


def test_lanczos_has_the_exact_spectrum(small_hessian):
    matrix, product = small_hessian
    exact = np.linalg.eigvalsh(matrix)
    source = np.random.default_rng(10)
    starts = [quadrature(product, source.standard_normal(len(exact)), 40) for _ in range(60)]
    for one in starts:
        assert one.weights.sum() == pytest.approx(1, abs=1e-12)
        assert one.nodes[-1] == pytest.approx(exact[-1], rel=1e-6)
        near = np.abs(exact[:, None] - one.nodes[None]).min(axis=0)
        assert (near <= one.residuals + 1e-12).all(), "residuals bound the distance to an eigenvalue"
    whole = quadrature(product, source.standard_normal(len(exact)), len(exact))
    np.testing.assert_allclose(whole.nodes, exact, atol=1e-9)


def _moments(starts, weights_of):
    return np.array([[(weights_of(one) * one.nodes**k).sum() for k in range(5)] for one in starts])


def test_weights_are_squared_first_components(small_hessian):
    """Moments 0 to 4 within 3 errors of the starts; equal weights, as of all components, must fail."""
    matrix, product = small_hessian
    exact = np.array([np.mean(np.linalg.eigvalsh(matrix) ** k) for k in range(5)])
    source = np.random.default_rng(11)
    starts = [quadrature(product, source.standard_normal(len(matrix)), 30) for _ in range(60)]

    def scores(weights_of):
        found = _moments(starts, weights_of)
        error = found.std(axis=0, ddof=1) / np.sqrt(len(starts))
        return np.abs(found.mean(axis=0) - exact) / np.maximum(error, 1e-12)

    assert scores(lambda one: one.weights).max() < 3
    assert scores(lambda one: np.full(len(one.nodes), 1 / len(one.nodes)))[1:].min() > 10


def test_lanczos_ends_where_the_space_is_invariant():
    values = np.array([1.0, 1, 2, 2, 5])
    found = quadrature(lambda vector: values * vector, np.ones(5), 5)
    np.testing.assert_allclose(found.nodes, [1, 2, 5], atol=1e-12)
    np.testing.assert_allclose(found.weights, [0.4, 0.4, 0.2], atol=1e-12)


@pytest.mark.parametrize("net", [NETS[0], NETS[1], NETS[5]], ids=str)
def test_hidden_units_may_be_permuted(net):
    weights, x, targets = case(net)
    orders = random_orders(net, np.random.default_rng(12))
    assert any((order != np.arange(len(order))).any() for order in orders)
    other = permuted(net, weights, orders)
    assert not np.allclose(other, weights)
    assert mean_cost(net, other, x, targets) == pytest.approx(mean_cost(net, weights, x, targets), rel=1e-13)
    # negative control: units of one layer without the weights that they have into the next
    layers = unpack(net, weights)
    matrix, offsets, scales = layers[0]
    order = np.roll(np.arange(net.hidden[0]), 1)
    torn = pack([(matrix[:, order], offsets[order], scales), *layers[1:]])
    assert mean_cost(net, torn, x, targets) != pytest.approx(mean_cost(net, weights, x, targets), rel=1e-6)


def test_matching_finds_the_permutation_of_a_copy():
    net = NETS[0]
    weights, x, _ = case(net)
    copy = permuted(net, weights, random_orders(net, np.random.default_rng(13)))
    back = permuted(net, copy, matched_orders(net, net, weights, copy, x))
    np.testing.assert_array_equal(back, weights)
    with pytest.raises(ValueError, match="pairs: got nets 6-5-5-3 and 6-5-3, allowed: two of one shape"):
        matched_orders(net, NETS[1], weights, weights, x)


def test_barriers_and_their_control():
    options = NetworkOptions(**RUN | {"layers": [6, 16, 3], "count": 200, "steps": 300, "pairs": True})
    first, second = runs_of(options, 14, [0, 1])
    trained, random, matched, copy = first["barrier"]
    assert copy < 1e-14
    assert matched < 0.7 * min(trained, random)
    for place in (0, -1):
        assert np.ptp(first["path_cost"][:3, place]) < 1e-14, "permutations change no cost"
    assert first["path_cost"][0, 0] == pytest.approx(first["end_cost"], rel=1e-12)
    assert first["path_cost"][0, -1] == pytest.approx(second["end_cost"], rel=1e-12)
    assert np.isnan(second["barrier"]).all(), "a pair stands with its first run"


def test_a_rate_too_large_diverges_and_says_so():
    row = runs_of(NetworkOptions(**RUN | {"rate": 1e200, "hessian": {"matvecs": 4}, "keep": 3}), 15, [0])[0]
    assert row["status"] == row["outcome"] == 1
    assert np.isnan(row["end_cost"])
    assert np.isnan(row["node"]).all()
    assert row["end_test_errors"] == -1
    assert np.isfinite(row["cost"][0]), "what was before is there"
