"""Whether two samples of vectors have one law: Kolmogorov and Smirnov for each component, and jointly the
energy distance (G. Szekely and M. Rizzo, J. Stat. Plan. Inference 143 (2013) 1249) by permutations."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp

PERMUTATIONS = 999
MOST = 500
"""Rows of each sample that distances are computed for."""


def smallest_p(first, second):
    """Of the tests of all components and the joint one, times their number: a level for all of them."""
    each = [ks_2samp(a, b).pvalue for a, b in zip(first.T, second.T, strict=True)]
    return min(1.0, (len(each) + 1) * min(*each, joint_p(first, second)))


def joint_p(first, second):
    """Of the energy distance of standardised components, at least 1/1000."""
    first, second = first[:MOST], second[:MOST]
    both = np.concatenate([first, second])
    both = (both - both.mean(axis=0)) / both.std(axis=0)
    apart = cdist(both, both)
    signs = np.where(np.arange(len(both)) < len(first), 1 / len(first), -1 / len(second))
    draw = np.random.default_rng(1)
    seen = -signs @ apart @ signs
    shuffled = np.array([draw.permutation(signs) for _ in range(PERMUTATIONS)])
    others = -np.einsum("ij,ij->i", shuffled @ apart, shuffled)
    return (1 + np.sum(others >= seen)) / (1 + PERMUTATIONS)
