"""Hidden units on a product of spheres: derivatives, the symmetry and its strata, what is exact, refusals."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.geometry.permutations import Permutations, arrangements, partitions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.kernels import Kernel
from morsecensus.tasks.landscapes.parameters import kernel, strength, yes_or_no
from morsecensus.tasks.measurables.words import COMPLETE, DEGENERATE, FAIL, PASS
from morsecensus.tasks.points.census import evidence_of
from morsecensus.tasks.points.ledger import assess
from morsecensus.tasks.records.census import census_one

OPTIONS = MultistartOptions()
CASES = [
    ({"kernel": "q^3", "units": 3, "coupling": 0.5}, 3),
    ({"kernel": "erf", "units": 2, "teacher": "random", "teachers": 4}, 3),
    (
        {"kernel": "q^2+0.5*q^4", "units": 2, "teacher": "orthonormal", "normalised": "no", "coupling": -2.0},
        4,
    ),
]


def landscape_of(n=3, **parameters):
    return build("units", {"kernel": "q^3", **parameters}, n)


@pytest.mark.parametrize(("parameters", "n"), CASES)
def test_derivatives_are_those_of_the_value(parameters, n):
    landscape = build("units", parameters, n)
    couplings = landscape.sample(1, 0)
    whole = jax.jit(lambda x: (jax.grad(landscape.value, 1)(couplings, x), landscape.jet(couplings, x)))
    hessian = jax.jit(jax.hessian(landscape.value, 1))
    for x in 1.05 * landscape.manifold.random_points(np.random.default_rng(0), 3):
        gradient, jet = whole(x)
        np.testing.assert_allclose(jet.gradient, gradient, atol=1e-12)
        np.testing.assert_allclose(jet.hessian, hessian(couplings, x), atol=1e-12)
        np.testing.assert_allclose(jet.value, landscape.value(couplings, x), rtol=1e-12)


def test_value_is_half_the_squared_error_of_a_committee():
    """s(z) = z^2 - 1 has the kernel 2 q^2: units of norm 1 and one teacher each, up to the students' own."""
    landscape = build("units", {"kernel": "2*q^2", "teacher": "random", "teachers": 3, "normalised": "no"}, 3)
    rows = landscape.sample(2, 0)["teachers"]
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    grid = np.stack(np.meshgrid(nodes, nodes, nodes), axis=-1).reshape(-1, 3)
    share = np.prod(
        np.stack(np.meshgrid(*[weights / np.sqrt(2 * np.pi)] * 3), axis=-1).reshape(-1, 3), axis=1
    )

    def error(x):
        units = x.reshape(2, 3) / math.sqrt(3)
        return share @ (((grid @ units.T) ** 2 - 1).sum(1) - ((grid @ rows.T) ** 2 - 1).sum(1)) ** 2 / 2

    first, second = landscape.manifold.random_points(np.random.default_rng(1), 2)
    values = [float(landscape.value({"teachers": rows}, jnp.asarray(x))) for x in (first, second)]
    assert 3 * (error(first) - error(second)) == pytest.approx(values[0] - values[1], rel=1e-10)


@pytest.mark.parametrize("text", ["erf", "q+0.5*q^3"])
def test_kernels_have_the_derivatives_that_they_name(text):
    this, at = Kernel.parse(text), jnp.linspace(-1.2, 1.2, 7)
    for order in range(3):
        slope = jax.vmap(jax.grad(lambda q, order=order: this(q, order)))(at)
        np.testing.assert_allclose(this(at, order + 1), slope, atol=1e-12)
        assert this.most(order + 1) >= float(jnp.max(jnp.abs(slope)))


def test_erf_kernel_is_the_mean_over_inputs():
    from scipy.special import erf

    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    share = np.outer(weights, weights) / (2 * np.pi)
    for q in (-0.7, 0.2, 0.9):
        other = q * nodes[:, None] + math.sqrt(1 - q**2) * nodes[None, :]
        mean = (share * erf(nodes / math.sqrt(2))[:, None] * erf(other / math.sqrt(2))).sum()
        assert Kernel.parse("erf")(q) == pytest.approx(mean, abs=1e-9)


def test_group_table_is_that_of_the_images():
    group, draw = Permutations(3, 2), np.random.default_rng(3)
    x = draw.standard_normal((1, 6))
    images, table = group.orbit(x), group.products()
    for a in range(6):
        for b in range(6):
            np.testing.assert_array_equal(group.orbit(images[b : b + 1])[a], images[table[a, b]])
    np.testing.assert_array_equal(
        group.representatives(images), np.repeat(group.representatives(x), 6, axis=0)
    )


def test_orbits_have_the_size_that_equal_units_leave():
    group, draw = Permutations(4, 3), np.random.default_rng(4)
    a, b, c, d = draw.standard_normal((4, 3))
    points = np.stack([np.concatenate(p) for p in [(a, b, c, d), (a, a, b, c), (a, b, b, a), (a, a, a, a)]])
    members = group.members(points, np.full(4, 1e-6))
    assert members.sum(axis=1).tolist() == [24, 12, 6, 1]
    for point, mine in zip(points, members, strict=True):
        images = group.orbit(point[None])
        assert len(np.unique(images, axis=0)) == mine.sum() == len(np.unique(images[mine], axis=0))


def test_strata_hold_the_images_that_are_equal_within_blocks():
    assert partitions(4) == ((4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1))
    assert arrangements((2, 1), (0, 0, 2)) == [(0, 2)]
    assert arrangements((2, 1), (0, 0, 0)) == [(0, 0)]
    assert arrangements((2, 1), (0, 1, 2)) == []
    assert len(arrangements((1, 1, 1), (0, 0, 2))) == 3
    assert arrangements((2, 2), (0, 1, 1, 0)) == [(0, 1), (1, 0)]


def points_of_one(n, number, xi="q^3"):
    spin = build("pspin", {"xi": xi}, n)
    return multistart(spin, spin.sample(1, number), 1, number, OPTIONS).points()[0]


@pytest.mark.parametrize(("n", "units"), [(3, 2), (2, 3)])
def test_uncoupled_units_have_all_tuples_landscape_by_landscape(n, units):
    """N^K points, indices that add up, energies that are means."""
    landscape = landscape_of(n, units=units, coupling=0.0)
    for number in range(2):
        one = points_of_one(n, number)
        census = multistart(landscape, landscape.sample(1, number), 1, number, OPTIONS)
        found, _ = census.points()
        index, energy = one.index, one.energy
        for _ in range(units - 1):
            index = np.add.outer(index, one.index).ravel()
            energy = np.add.outer(energy, one.energy).ravel()
        assert census.ledger.status == COMPLETE
        assert len(found.energy) == len(one.energy) ** units == census.ledger.points_by_index.sum()
        np.testing.assert_allclose(found.energy, np.sort(energy) / units, atol=1e-12)
        assert np.bincount(found.index).tolist() == np.bincount(index).tolist()


def doubled_index(curvatures, units, pull):
    """#{lambda < 0} + (K - 1) #{lambda < K coupling kappa'(1)} with pull = K coupling kappa'(1)."""
    return int((curvatures < 0).sum() + (units - 1) * (curvatures < pull).sum())


@pytest.mark.parametrize(("units", "coupling"), [(2, 0.5), (3, 0.2), (3, -0.3)])
def test_equal_units_are_critical_with_the_index_of_the_theorem(units, coupling):
    n, landscape = 4, landscape_of(4, units=units, coupling=coupling)
    one, couplings, manifold = points_of_one(4, 0), landscape.sample(1, 0), landscape.manifold
    pull, forgetful = units * coupling * 3.0, 0
    for u, curvatures, energy in zip(one.points, one.spectrum, one.energy, strict=True):
        x = jnp.asarray(np.tile(u, units))
        jet = landscape.jet(couplings, x)
        np.testing.assert_allclose(manifold.project(x, jet.gradient), 0, atol=1e-9)
        pairs = coupling * units * (units - 1) / 2 * n
        assert float(jet.value) == pytest.approx(units * n * energy + pairs, abs=1e-10)
        spectrum = np.linalg.eigvalsh(manifold.tangent_hessian(x, jet.gradient, jet.hessian, 100.0))
        expected = np.sort([*curvatures, *np.tile(curvatures - pull, units - 1)])
        np.testing.assert_allclose(spectrum[: manifold.dimension], expected, atol=1e-8)
        assert (spectrum < 0).sum() == doubled_index(curvatures, units, pull)
        # Negative control: the pull of one pair alone, without the factor K.
        forgetful += (spectrum < 0).sum() != doubled_index(curvatures, units, pull / units)
    assert forgetful > 0


@pytest.fixture(scope="module")
def coupled():
    landscape = landscape_of(3, units=3, coupling=0.5)
    couplings = landscape.sample(1, 4)
    return landscape, couplings, multistart(landscape, couplings, 1, 4, OPTIONS)


def test_every_stratum_has_its_sum(coupled):
    _, _, census = coupled
    assert (census.ledger.status, census.ledger.morse_check) == (COMPLETE, PASS)
    sums = [(s.partition, s.total, s.expected) for s in census.ledger.strata]
    assert sums == [((3,), 2, 2), ((2, 1), 4, 4), ((1, 1, 1), 8, 8)]
    sizes = census.classes.separate(6).sum(axis=1)
    assert set(sizes.tolist()) == {1, 3, 6}
    assert len(census.points()[0].energy) == sizes.sum() == census.ledger.points_by_index.sum()
    assert census.ledger.overall.chao1 * census.ledger.scale >= sizes.sum() - 1e-9
    # All units equal: exactly the points of one unit.
    alone = points_of_one(3, 4)
    mine = np.sort(census.classes.points.energy[sizes == 1])
    np.testing.assert_allclose(mine, np.sort(alone.energy) + 0.5 / 3 * 3, atol=1e-10)


def test_strata_see_losses_that_the_plain_sum_does_not(coupled):
    """Take away any class, and any two whose signs cancel in the plain sum."""
    landscape, couplings, census = coupled
    classes = census.classes
    sizes, index = classes.separate(6).sum(axis=1), classes.points.index
    small = np.flatnonzero(sizes < 6)

    def check(gone, with_strata):
        kept = classes.take(np.setdiff1d(np.arange(len(index)), gone))
        evidence = evidence_of(landscape, kept, couplings if with_strata else None)
        return assess(evidence, 1).morse_check

    for k in [*small[:3], *np.flatnonzero(sizes == 6)[:3]]:
        assert check([k], True) == FAIL
    hidden = seen = 0
    for a in small[:6]:
        for b in small[:6]:
            if a < b and sizes[a] == sizes[b] and (index[a] + index[b]) % 2:
                hidden += check([a, b], False) == PASS
                seen += check([a, b], True) == FAIL
    assert hidden > 0
    assert seen > 0


def test_one_unit_in_a_field_is_the_spin_glass():
    landscape, spin = landscape_of(4, units=1), build("pspin", {"xi": "q^3"}, 4)
    x = landscape.manifold.random_points(np.random.default_rng(5), 1)[0]
    values = [float(each.value(each.sample(3, 2), x)) for each in (landscape, spin)]
    assert values[0] == values[1]


def test_teachers_orthogonal_to_a_point_make_it_degenerate():
    """q^3 with M = n - 1: what no teacher sees is a cubic zero."""
    landscape = landscape_of(3, units=1, teacher="random", teachers=2)
    couplings = landscape.sample(1, 0)
    census = multistart(landscape, couplings, 1, 0, MultistartOptions(max_rounds=2))
    assert census.ledger.reason == DEGENERATE


@pytest.mark.parametrize(("parameters", "n"), CASES)
def test_bound_on_the_third_derivative_holds(parameters, n):
    landscape, draw = build("units", parameters, n), np.random.default_rng(6)
    couplings = landscape.sample(2, 0)
    bound = landscape.hessian_variation(couplings)
    hessian = jax.jit(lambda x, v: jax.jvp(lambda y: landscape.jet(couplings, y).hessian, (x,), (v,))[1])
    largest, count = 0.0, landscape.units
    for x in 1.1 * landscape.manifold.random_points(draw, 20):
        # Equal units are where pairs change most.
        x, v = np.tile(x[:n], count) if draw.random() < 0.5 else x, draw.standard_normal(x.size)
        for direction in (v, x):
            rate = hessian(x, direction / np.linalg.norm(direction))
            largest = max(largest, float(np.linalg.norm(rate, 2)))
    assert bound / 12 < largest <= bound


def test_record_has_the_strata():
    spec = {
        "model": "units",
        "parameters": {"kernel": "q^3", "units": 3, "coupling": 0.5, "teacher": "field"},
        "n": 3,
        "seed": 1,
        "finder": "multistart",
        "finder_options": vars(OPTIONS),
    }
    record = census_one(spec, 4)
    assert record["strata"] == [
        {"partition": [3], "sum": 2, "expected": 2},
        {"partition": [2, 1], "sum": 4, "expected": 4},
        {"partition": [1, 1, 1], "sum": 8, "expected": 8},
    ]
    assert record["complete"]
    assert (record["reason"], record["total"]) == ("closed", sum(record["by_index"]))
    assert record["total"] == len(record["points"]["energy"])


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        (
            {"teacher": "random", "teachers": 1},
            r"teachers: got 1 at n = 3, allowed: n - 1 or more, .* spheres",
        ),
        ({"kernel": "erf"}, r"kernel: got erf with teacher field, allowed: a polynomial"),
        ({"kernel": "q"}, r"covariance xi: got no term of degree >= 2"),
        ({"units": 6}, r"units: got 6 at n = 3, with about .* critical points, allowed: up to"),
        ({"teacher": "goe"}, r"teacher: got 'goe', allowed: field, random, orthonormal"),
        ({"width": 2}, r"parameters of units: got \['width'\]"),
    ],
)
def test_what_cannot_be_searched_is_refused(parameters, text):
    with pytest.raises(ValueError, match=text):
        landscape_of(3, **parameters)


def test_texts_of_parameters():
    assert kernel("0.5*q^2 + q^3") == "0.5*q^2+q^3"
    assert (yes_or_no(True), yes_or_no("no"), strength(1)) == ("yes", "no", 1.0)
    with pytest.raises(ValueError, match=r"got 'relu', whose kernel isn't smooth at q = 1 and -1"):
        kernel("relu")
    with pytest.raises(ValueError, match='or "erf"'):
        kernel("sin(q)")
    with pytest.raises(ValueError, match="got nan, allowed: a number from -1000 to 1000"):
        strength(math.nan)


def points_on_a_circle(landscape, couplings):
    """Critical points of h on the circle, by another route: the zeros of the slope of a trigonometric
    polynomial of degree 3, from its values at eight angles."""
    angle = 2 * np.pi * np.arange(8) / 8
    at = math.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    modes = np.fft.fft([float(landscape.value(couplings, jnp.asarray(x))) for x in at]) / 8
    slope = [1j * k * modes[k] for k in range(-3, 4)]
    return int((np.abs(np.abs(np.roots(slope[::-1])) - 1) < 1e-6).sum())


@pytest.mark.parametrize("coupling", [0.0, 1.0])
def test_three_units_on_circles_landscape_by_landscape(coupling):
    """Every landscape closes on all three strata; where units are equal lie the zeros of one unit; without
    coupling there are their cubes, and with it other numbers."""
    landscape, spin = landscape_of(2, units=3, coupling=coupling), build("pspin", {"xi": "q^3"}, 2)
    totals, equal, alone = [], [], []
    for number in range(10):
        census = multistart(landscape, landscape.sample(3, number), 3, number, OPTIONS)
        assert census.ledger.status == COMPLETE
        sums = [(s.partition, s.total, s.expected) for s in census.ledger.strata]
        assert sums == [((3,), 0, 0), ((2, 1), 0, 0), ((1, 1, 1), 0, 0)]
        totals.append(int(census.ledger.points_by_index.sum()))
        equal.append(int((census.classes.separate(6).sum(axis=1) == 1).sum()))
        alone.append(points_on_a_circle(spin, spin.sample(3, number)))
    assert equal == alone
    assert len(set(alone)) > 1
    assert (totals == [one**3 for one in alone]) == (coupling == 0)
