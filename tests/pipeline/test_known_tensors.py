"""Tensors whose Z-eigenpairs or singular tuples are known, from a file through a study to its dataset.

A Z-eigenvalue is lambda = E n^(1 - p/2), a singular value sigma = E sum(n_i)/prod(sqrt(n_i)), with E the
energy per spin (docs/couplings.md).
"""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from morsecensus.pipeline.worker.bodies import DEFAULT_BODY
from morsecensus.storage.couplings import npz_bytes
from morsecensus.storage.dataset import dataset_path
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.tensors import describe, pack
from morsecensus.tasks.measurables.words import COMPLETE
from morsecensus.tasks.runtime import inputs
from morsecensus.tasks.systems.symmetric import multi_indices, multiplicities
from oracles.closed_forms import total_pure

KOFIDIS_REGALIA = {
    "1111": 0.2883, "1112": -0.0031, "1113": 0.1973, "1122": -0.2485, "1123": -0.2939,
    "1133": 0.3847, "1222": 0.2972, "1223": 0.1862, "1233": 0.0919, "1333": -0.3619,
    "2222": 0.1241, "2223": -0.3420, "2233": 0.2127, "2333": 0.2727, "3333": -0.3054,
}  # fmt: skip
"""E. Kofidis and P. A. Regalia, SIAM J. Matrix Anal. Appl. 23 (2002) 863, example 1; its real Z-eigenvalues
in T. G. Kolda and J. R. Mayo, SIAM J. Matrix Anal. Appl. 32 (2011) 1095, example 3.5."""
Z_EIGENVALUES = [-1.0954, -0.5629, -0.0451, 0.1735, 0.2433, 0.2628, 0.2682, 0.3633, 0.5105, 0.8169, 0.8893]


def kofidis_regalia():
    full = np.zeros((3,) * 4)
    for where, value in KOFIDIS_REGALIA.items():
        for order in itertools.permutations(int(digit) - 1 for digit in where):
            full[order] = value
    return full


def state(*entries):
    """A normalised sum of basis tensors of three spins."""
    tensor = np.zeros((2, 2, 2))
    for entry in entries:
        tensor[entry] = 1 / math.sqrt(len(entries))
    return tensor


GHZ = state((0, 0, 0), (1, 1, 1))
HILBERT = 1 / (1 + np.indices((2, 2, 3)).sum(axis=0))
W = state((0, 0, 1), (0, 1, 0), (1, 0, 0))
# By hand. GHZ: the two basis states; and x = y = z = (1, 1)/sqrt 2 up to signs with product +. W, with
# angles a, b, c: cos a sin b sin c = sin a cos b sin c = sin a sin b cos c = -cos(a + b + c), so either
# a = b = c up to signs, cos^2 a = 2/3 or 0, or two sines vanish and the third cosine.
SINGULAR = {
    "ghz": [1 / 2] * 4 + [1 / math.sqrt(2)] * 2,
    "w": [0.0] + [1 / math.sqrt(3)] * 3 + [2 / 3] * 2,
}


def known_study(folder):
    (folder / "kr.npz").write_bytes(npz_bytes({"degree_4": kofidis_regalia()}))
    (folder / "states.npz").write_bytes(npz_bytes({"tensors": np.stack([GHZ, W])}))
    (folder / "hilbert.npz").write_bytes(npz_bytes({"tensor": HILBERT}))
    cell = {"model": "given", "landscapes": 1, "positions": True}
    return {
        "name": "known",
        "seed": 1,
        "cells": [
            cell | {"file": str(folder / "kr.npz"), "n": 3},
            cell | {"file": str(folder / "states.npz"), "n": 2, "landscapes": 2},
            cell | {"file": str(folder / "hilbert.npz"), "n": 1},
        ],
    }


@pytest.fixture
def known(toolbox, tmp_path):
    toolbox.run(known_study(tmp_path), tmp_path / "store", body=DEFAULT_BODY)
    return xr.open_datatree(dataset_path(str(tmp_path / "store")), engine="zarr", consolidated=False)


def test_a_file_gives_the_eigenvalues_and_singular_values_of_the_literature(known):
    cells = [known[f"c{k:04d}"].to_dataset() for k in range(3)]
    for cell in cells:
        assert (cell["status"] == COMPLETE).all()
        assert (cell["degenerate"] == 0).all()
    eigenvalues = np.sort(cells[0]["energy"]) / 3  # p = 4, n = 3
    np.testing.assert_allclose(eigenvalues, np.repeat(Z_EIGENVALUES, 2), atol=5.1e-5)
    vectors = cells[0]["position"].to_numpy() / math.sqrt(3)
    image = np.einsum("ijkl,rj,rk,rl->ri", kofidis_regalia(), vectors, vectors, vectors)
    np.testing.assert_allclose(image, cells[0]["energy"].to_numpy()[:, None] / 3 * vectors, atol=1e-12)

    energy, owner = cells[1]["energy"].to_numpy(), cells[1]["row_landscape"].to_numpy()
    for landscape, values in enumerate(SINGULAR.values()):
        found = np.sort(np.abs(energy[owner == landscape]) * 6 / 2**1.5)
        np.testing.assert_allclose(found, np.repeat(values, 8), atol=1e-12)

    # A nonnegative tensor has one positive tuple, of the largest singular value: power iterations find it.
    tensor = HILBERT
    x, y, z = np.ones(2), np.ones(2), np.ones(3)
    for _ in range(200):
        x = np.einsum("ijk,j,k->i", tensor, y, z)
        y = np.einsum("ijk,i,k->j", tensor, x, z)
        z = np.einsum("ijk,i,j->k", tensor, x, y)
        x, y, z = (v / np.linalg.norm(v) for v in (x, y, z))
    largest = float(np.einsum("ijk,i,j,k->", tensor, x, y, z))
    np.testing.assert_allclose(cells[2]["energy"].max() * 7 / math.sqrt(12), largest, rtol=1e-12)


FEW = MultistartOptions(starts_per_round=128, max_rounds=16)


def census(arrays, n):
    packed = pack(arrays, n)
    known = describe(packed)
    inputs.keep(known["sha256"], packed)
    landscape = build("given", known, n)
    options = MultistartOptions(starts_per_round=512, max_rounds=20)
    return multistart(landscape, landscape.sample(1, 0), 1, 0, options)


def eigenvalues(arrays, n, degree):
    """Of a complete census, one for each class of +-x, sorted; of odd degree the positive ones."""
    found = census(arrays, n)
    assert found.ledger.status == COMPLETE
    return np.sort(np.abs(found.classes.points.energy)) * n ** (1 - degree / 2)


def supports(weights):
    return [s for k in range(1, len(weights) + 1) for s in itertools.combinations(weights, k)]


def powers(weights, vectors, degree):
    """sum_i a_i v_i^p as a full tensor."""
    letters = "abcdef"[:degree]
    return np.einsum(f"z,{','.join('z' + c for c in letters)}->{letters}", weights, *[vectors] * degree)


WEIGHTS = np.array([0.7, 1.0, 1.6, 2.5])


@pytest.mark.parametrize("rotated", [False, True])
def test_odeco_tensors_have_the_eigenvalues_of_their_closed_form(rotated):
    """sum a_i (v_i.x)^p, v_i orthonormal. On a support S the coordinates are c a_i^(-1/(p-2)) up to roots of
    unity of order p-2: for p = 3 one class each, (2^n - 1) in all; for p = 4 and a_i > 0 one for each choice
    of signs, (3^n - 1)/2: as many real ones as there are complex ones (Robeva, arXiv:1409.6685)."""
    n = len(WEIGHTS)
    vectors = np.linalg.qr(np.random.default_rng(3).standard_normal((n, n)))[0] if rotated else np.eye(n)
    cubic = sorted(sum(a**-2.0 for a in s) ** -0.5 for s in supports(WEIGHTS))
    assert len(cubic) == 2**n - 1
    found = eigenvalues({"degree_3": powers(WEIGHTS, vectors, 3)}, n, 3)
    np.testing.assert_allclose(found, cubic, rtol=1e-12)
    quartic = sorted(1 / sum(1 / a for a in s) for s in supports(WEIGHTS) for _ in range(2 ** (len(s) - 1)))
    assert len(quartic) == (3**n - 1) // 2
    found = eigenvalues({"degree_4": powers(WEIGHTS, vectors, 4)}, n, 4)
    np.testing.assert_allclose(found, quartic, rtol=1e-12)


def test_diagonal_quartics_of_both_signs_have_no_eigenvector_across():
    signed = WEIGHTS * np.array([1, -1, 1, -1])
    expected = sorted(
        1 / sum(1 / a for a in s)
        for part in (signed[signed > 0], -signed[signed < 0])
        for s in supports(part)
        for _ in range(2 ** (len(s) - 1))
    )
    assert len(expected) == 8
    found = eigenvalues({"degree_4": powers(signed, np.eye(4), 4)}, 4, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(("n", "degree"), [(2, 5), (3, 3), (3, 4)])
def test_gaussian_files_have_the_closed_forms_mean_number(n, degree):
    """Draisma and Horobet, Breiding: 2 sqrt(3p - 2) at n = 2, 2 + 8 (p-1)^(3/2)/sqrt(3p - 2) at n = 3. The
    law is invariant under rotations only if an entry's variance is 1/m, m the number of orders of its
    indices; the same number of iid entries has another mean (the control)."""
    draw = np.random.default_rng(5)
    entries = draw.standard_normal((300, len(multi_indices(n, degree))))

    def mean(packed):
        counts = []
        held = pack({f"packed_{degree}": packed}, n)
        known = describe(held)
        inputs.keep(known["sha256"], held)
        landscape = build("given", known, n)
        for k in range(len(packed)):
            found = multistart(
                landscape,
                landscape.sample(1, k),
                1,
                k,
                MultistartOptions(starts_per_round=128, max_rounds=16),
            )
            assert found.ledger.status == COMPLETE
            counts.append(found.ledger.points_by_index.sum())
        return np.mean(counts), np.std(counts) / math.sqrt(len(counts))

    found, error = mean(entries / np.sqrt(multiplicities(n, degree)))
    assert abs(found - total_pure(degree, n)) < 3.5 * error
    if (n, degree) == (2, 5):
        wrong, error = mean(entries)
        assert abs(wrong - total_pure(degree, n)) > 3.5 * error


def test_the_worked_example_of_the_docs():
    text = (Path(__file__).parents[2] / "docs" / "couplings.md").read_text()
    rows = re.findall(
        r"^\| \((\d), (\d)\)(?:/sqrt 5)? \| ([-.\d]+) \| ([-.\d]+) \| (\d) \| ([-.\d]+) \|", text, re.M
    )
    stated = np.array(rows, dtype=float)
    assert len(stated) == 3
    found, _ = census({"degree_3": powers(np.array([1.0, 2.0]), np.eye(2), 3)}, 2).points()
    up = np.flatnonzero(found.energy > 0)
    nearest = (
        found.points[up] / math.sqrt(2) @ (stated[:, :2] / np.linalg.norm(stated[:, :2], axis=1)[:, None]).T
    )
    assert len(up) == 3
    np.testing.assert_allclose(nearest.max(axis=0), 1, atol=1e-12)
    up = up[nearest.argmax(axis=0)]
    np.testing.assert_allclose(found.energy[up] / math.sqrt(2), stated[:, 2], atol=5e-7)
    np.testing.assert_allclose(found.energy[up], stated[:, 3], atol=5e-6)
    np.testing.assert_array_equal(found.index[up], stated[:, 4])
    np.testing.assert_allclose(found.spectrum[up, 0] / (3 * math.sqrt(2)), stated[:, 5], atol=5e-7)
    np.testing.assert_allclose(found.radial_derivative, 3 * found.energy, rtol=1e-12)
