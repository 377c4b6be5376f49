"""Couplings from outside: what arrays may be, and landscapes that are the same as those they came from."""

import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.tensors import describe, digest, pack
from morsecensus.tasks.runtime import inputs
from morsecensus.tasks.systems.symmetric import unpack

RANDOM = np.random.default_rng(4)


def symmetric(n, degree, landscapes=None):
    size = 1 if landscapes is None else landscapes
    full = unpack(RANDOM.standard_normal((size, len(multi(n, degree)))), n, degree)
    return full[0] if landscapes is None else full


def multi(n, degree):
    from morsecensus.tasks.systems.symmetric import multi_indices

    return multi_indices(n, degree)


def spoiled(array, at, value):
    changed = array.copy()
    changed[at] = value
    return changed


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_full_and_packed_forms_are_the_same_couplings(degree):
    full = symmetric(3, degree, 5)
    quadratic = {"degree_2": symmetric(3, 2, 5)} if degree == 1 else {}
    packed = pack({f"degree_{degree}": full, **quadratic}, 3)
    again = pack(packed, 3)
    assert digest(again) == digest(packed)
    np.testing.assert_array_equal(unpack(packed[f"packed_{degree}"], 3, degree), full)


def test_the_digest_is_of_the_numbers():
    full = symmetric(3, 3, 2)
    same = digest(pack({"degree_3": full}, 3))
    assert digest(pack({"degree_3": np.asfortranarray(full)}, 3)) == same
    assert digest(pack({"degree_3": spoiled(full, (1, 0, 0, 0), 9.0)}, 3)) != same
    assert digest(pack({"degree_3": full[0]}, 3)) == digest(pack({"degree_3": full[:1]}, 3))


def test_the_weights_of_degrees_are_those_of_the_first_landscape():
    landscape = build("pspin", {"xi": "2*q^3", "field": 0.5}, 30)
    held = [landscape.tensors(landscape.sample(1, k)) for k in range(2)]
    held[1][3] = 1e9 * held[1][3]
    known = describe(pack({f"packed_{p}": 1e-100 * np.stack([h[p] for h in held]) for p in (1, 3)}, 30))
    assert known["held"] == 2
    like = build("pspin", {"xi": known["xi_like"]}, 30).covariance
    # mean squares of 30 and 4960 normals: relative errors 0.26 and 0.02
    np.testing.assert_allclose(like.coefficients[1] / like.coefficients[3], 0.25, rtol=1.0)
    np.testing.assert_allclose(sum(like.coefficients), 1, atol=2e-3)


def given(arrays, n):
    packed = pack(arrays, n)
    known = describe(packed)
    inputs.keep(known["sha256"], packed)
    return build("given", known, n)


@pytest.mark.parametrize(
    ("model", "parameters", "n"),
    [("pspin", {"xi": "q^2+0.5*q^3", "field": 0.2}, 3), ("partite", {"sizes": "1,1,2"}, 2)],
)
def test_given_landscapes_are_those_they_came_from(model, parameters, n):
    source = build(model, parameters, n)
    couplings = source.sample(2, 7)
    arrays = {"tensor": couplings} if model == "partite" else None
    if arrays is None:
        arrays = {f"packed_{p}": entries for p, entries in source.tensors(couplings).items()}
    landscape = given(arrays, n)
    x = jnp.asarray(source.manifold.random_points(RANDOM, 1)[0])
    for mine, theirs in zip(landscape.jet(landscape.sample(9, 0), x), source.jet(couplings, x), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert landscape.parities == source.parities
    assert landscape.complex_points is None
    options = MultistartOptions(starts_per_round=256, max_rounds=8)
    found = multistart(landscape, landscape.sample(9, 0), 1, 0, options).ledger.points_by_index
    np.testing.assert_array_equal(found, multistart(source, couplings, 1, 0, options).ledger.points_by_index)
    with pytest.raises(ValueError, match="landscape: got 1, allowed: the 1 that were given"):
        landscape.sample(9, 1)


def test_content_that_nobody_handed_in_is_named():
    parameters = {"sha256": "0" * 64, "held": 3, "xi_like": "q^3"}
    inputs._find.clear()
    with pytest.raises(LookupError, match="not here; hand them in"):
        build("given", parameters, 4).sample(1, 0)


CUBE = symmetric(3, 3, 4)
WRONG = {
    "nothing": ({}, "no arrays, allowed: degree_p"),
    "name": ({"J": CUBE}, "array 'J', allowed: degree_p"),
    "degree": ({"degree_7": CUBE}, "array 'degree_7', allowed"),
    "shape": (
        {"degree_3": CUBE[:, :2]},
        r"degree_3: got shape \(4, 2, 3, 3\), allowed at n = 3: \(3, 3, 3\)",
    ),
    "size": ({"degree_3": symmetric(4, 3)}, r"got shape \(4, 4, 4\), allowed at n = 3"),
    "packed": (
        {"packed_3": np.ones(9)},
        r"got shape \(9,\), allowed at n = 3: \(10,\) or \(landscapes, 10\)",
    ),
    "twice": ({"degree_3": CUBE, "packed_3": np.ones((4, 10))}, "got degree_3 and packed_3"),
    "counts": ({"degree_3": CUBE, "degree_2": symmetric(3, 2, 5)}, "numbers of landscapes differ"),
    "nan": ({"degree_3": spoiled(CUBE, (2, 0, 1, 2), np.nan)}, r"1 entries are not finite.*\[2, 0, 1, 2\]"),
    "kind": ({"degree_3": CUBE.astype(complex)}, "numbers of type complex128"),
    "asymmetric": (
        {"degree_3": spoiled(CUBE, (2, 0, 1, 2), CUBE[2, 0, 1, 2] + 0.25)},
        r"not symmetric: landscape 2 differs by 0.25 \(its largest entry is",
    ),
    "linear": ({"degree_1": np.ones(3)}, "degree 1 alone"),
    "zero": ({"degree_3": 0 * CUBE, "degree_1": np.ones((4, 3))}, "^degree_3: all entries are zero"),
    "together": ({"tensor": np.ones((3, 3)), "degree_2": np.eye(3)}, "together"),
    "sizes": ({"tensor": np.ones((3, 4))}, r"got sizes \(3, 4\), allowed: 2 to 8 spheres"),
    "scale": (
        {"degree_3": CUBE * np.array([1, 1, 1, 1e-290])[:, None, None, None]},
        "^degree_3: the largest entry of landscape 3 is .*; multiply that landscape by a number",
    ),
    "no landscape": ({"degree_3": CUBE[:0]}, "no landscape"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_arrays_are_named(what):
    arrays, message = WRONG[what]
    with pytest.raises(ValueError, match=message) as error:
        describe(pack(arrays, 3))
    assert "\n" not in str(error.value)


def test_a_unit_of_sizes_is_no_size_of_a_sphere():
    with pytest.raises(ValueError, match="n: got 1 with degree_3, allowed: the size of the sphere, from 2"):
        pack({"degree_3": CUBE}, 1)
    assert describe(pack({"tensor": np.ones((2, 2, 3))}, 1))["sizes"] == "2,2,3"
    with pytest.raises(ValueError, match="with n = 1 they may be any"):
        pack({"tensor": np.ones((2, 2, 3))}, 2)


def test_rounding_is_no_asymmetry():
    noisy = CUBE * (1 + 1e-14 * RANDOM.standard_normal(CUBE.shape))
    assert pack({"degree_3": noisy}, 3)["packed_3"].shape == (4, 10)
