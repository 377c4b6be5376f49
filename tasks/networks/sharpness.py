"""How sharp the cost is at trained weights: what rescaling makes of it, and what rescaling leaves.

ReLU is homogeneous, so the output of hidden units may be multiplied by c > 0 and the layer after them divided
by c: the function is the same, and the Hessian isn't (L. Dinh et al., arXiv:1703.04933). So its largest
eigenvalue alone says nothing of a function. With |w| the diagonal matrix of absolute weights the largest
eigenvalue of

    |w| H |w|

does: a rescaling w_i -> c_i w_i that leaves the cost takes H_ij to H_ij/(c_i c_j), and all entries of the
product stay. It is the adaptive sharpness of J. Kwon et al. (ASAM, arXiv:2102.11600) to second order: twice
the most that the quadratic part of the cost rises, over rho^2, if relative changes of weights have length
rho.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.networks.evaluate import hessian_product, mean_cost
from morsecensus.tasks.networks.lanczos import quadrature
from morsecensus.tasks.networks.shapes import Layer, Net, pack, unpack

Weights = Float[np.ndarray, " weights"]
COLUMNS = ("rescaled_cost", "sharpness", "sharpness_residual", "adaptive", "adaptive_residual")
"""What is measured at each scale."""


def together(net: Net) -> int:
    """How many hidden layers, from the first on, have to be multiplied by one number: skips add outputs."""
    count = 1
    while net.skip and count < len(net.hidden) and net.hidden[count] == net.hidden[count - 1]:
        count += 1
    return count


def rescaled(net: Net, weights: Weights, c: float) -> Weights:
    """The same function with the first hidden layer c times as large, and those that skips tie to it.

    Without batch norm that is W_1 -> c W_1, W_2 -> W_2/c; with it, of the scales and offsets in place of W_1.
    """
    layers: list[Layer] = list(unpack(net, weights))
    count = together(net)
    for number in range(count):
        matrix, offsets, scales = layers[number]
        if scales is not None:
            layers[number] = (matrix, offsets * c, scales * c)
        else:
            layers[number] = (matrix * c if number == 0 else matrix, offsets * c, None)
    matrix, offsets, scales = layers[count]
    # what batch norm gets is normalised again, but for its epsilon
    layers[count] = (matrix / c, offsets, scales)
    return pack(layers)


def curvatures(
    net: Net,
    weights: Weights,
    examples: np.ndarray,
    targets: Float[np.ndarray, "examples answers"],
    asked: Mapping[str, Any],
    source: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Largest eigenvalues of H and of |w| H |w| at rescaled weights, with their residuals.

    Args:
        asked: ``matvecs``, products of Lanczos for each; ``scales``, what c is.

    Returns:
        `COLUMNS`, shape (scales,) each.
    """
    rows = []
    for c in asked["scales"]:
        here = rescaled(net, weights, c)
        product = hessian_product(net, here, examples, targets)
        size = np.abs(here)
        start = source.standard_normal(len(here))
        plain = quadrature(product, start, asked["matvecs"])
        own = quadrature(lambda v, p=product, s=size: s * p(s * v), size * start, asked["matvecs"])
        ends = [value for one in (plain, own) for value in (one.nodes[-1], one.residuals[-1])]
        rows.append([mean_cost(net, here, examples, targets), *ends])
    return dict(zip(COLUMNS, np.array(rows).T, strict=True))


def unknown(scales: int) -> dict[str, np.ndarray]:
    """The same of a run that diverged."""
    return {name: np.full(scales, np.nan) for name in COLUMNS}
