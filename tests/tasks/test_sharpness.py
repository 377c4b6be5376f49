"""Sharpness under rescaling, against exact spectra, each with a control that fails."""

import numpy as np
import pytest

from morsecensus.tasks.networks.evaluate import hessian_product, mean_cost, probabilities
from morsecensus.tasks.networks.shapes import Net, first_weights, pack, unpack
from morsecensus.tasks.networks.sharpness import curvatures, rescaled, together

NETS = [
    Net((5, 4, 3)),
    Net((5, 4, 4, 3)),
    Net((5, 4, 3), "linear"),
    Net((5, 4, 4, 3), skip=True),
    Net((5, 4, 3), batchnorm=True),
    Net((5, 4, 4, 3), skip=True, batchnorm=True),
    Net((5, 4, 6, 3), skip=True),
]


def case(net):
    source = np.random.default_rng(1)
    weights = first_weights(net, source) + 0.3 * source.standard_normal(net.weights)
    return weights, source.standard_normal((30, 5)), source.dirichlet(np.ones(3), 30)


@pytest.mark.parametrize("net", NETS, ids=str)
def test_rescaling_leaves_the_function(net):
    weights, x, targets = case(net)
    other = rescaled(net, weights, 3.0)
    assert np.linalg.norm(other - weights) > 1
    # a second layer under batch norm is normalised again, but for the epsilon beside its variance
    rel = 1e-3 if net.batchnorm and len(net.hidden) > 1 else 1e-12
    np.testing.assert_allclose(probabilities(net, other, x), probabilities(net, weights, x), rtol=rel)
    # negative control: without the offsets it is another function
    layers = unpack(net, other)
    matrix, _, scales = layers[0]
    torn = pack([(matrix, unpack(net, weights)[0][1], scales), *layers[1:]])
    assert mean_cost(net, torn, x, targets) != pytest.approx(mean_cost(net, weights, x, targets), rel=1e-3)


def test_skips_tie_layers_of_one_width():
    assert [together(net) for net in NETS] == [1, 1, 1, 2, 1, 2, 1]


@pytest.mark.parametrize("net", [NETS[1], NETS[3], NETS[4]], ids=str)
def test_eigenvalues_are_those_of_whole_matrices_and_one_of_them_is_left(net):
    weights, x, targets = case(net)
    asked = {"matvecs": net.weights, "scales": [0.25, 1.0, 4.0]}
    found = curvatures(net, weights, x, targets, asked, np.random.default_rng(2))
    for place, c in enumerate(asked["scales"]):
        here = rescaled(net, weights, c)
        product = hessian_product(net, here, x, targets)
        matrix = np.array([product(row) for row in np.eye(net.weights)])
        size = np.abs(here)
        assert found["sharpness"][place] == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-9)
        exact = np.linalg.eigvalsh(size[:, None] * matrix * size)[-1]
        assert found["adaptive"][place] == pytest.approx(exact, rel=1e-9)
    np.testing.assert_allclose(found["adaptive"], found["adaptive"][1], rtol=1e-8)
    assert np.ptp(found["sharpness"]) > 0.5 * found["sharpness"][1], "Dinh's point"
    assert (found["sharpness_residual"] < 1e-8 * found["sharpness"]).all()
