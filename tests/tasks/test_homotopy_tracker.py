"""Complex algebra on lanes, monomials and systems against NumPy; paths that depend on themselves alone."""

import itertools
import math

import numpy as np
import pytest

from morsecensus.tasks.finders.homotopy import equations, series
from morsecensus.tasks.finders.homotopy.algebra import (
    accumulate,
    contract,
    factorise,
    multiply_symmetric,
    solve,
)
from morsecensus.tasks.finders.homotopy.control import FIT, PADE, choose_steps, fit_denominators, predict
from morsecensus.tasks.finders.homotopy.paths import TrackerSettings, _buffers, follow
from morsecensus.tasks.finders.homotopy.tracker import ARRIVED
from morsecensus.tasks.runtime.simd_wide import LANES, aligned
from morsecensus.tasks.systems import symmetric
from morsecensus.tasks.systems.monomials import monomials, offset, positions, recurrence
from morsecensus.tasks.systems.polynomial import solution_count, start_weights

EVERY_SHAPE = ["q^3", "q^4", "q^5", "q^6", "q^2+q^3", "q^1+q^3", "q^1+q^2+q^4", "q^2+q^5", "q^1+q^3+q^6"]


def lanes(values):
    buffer = aligned(2 * len(values))
    buffer.reshape(-1, 2, LANES)[:, 0] = values.real
    buffer.reshape(-1, 2, LANES)[:, 1] = values.imag
    return buffer


def unpacked(buffer, rows):
    view = buffer.reshape(-1, 2, LANES)[:rows]
    return view[:, 0] + 1j * view[:, 1]


def complex_normal(rng, *shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def gradient(tensors, n, x):
    """grad H term by term: another route than Hessians and low monomials. x has shape (points, n)."""
    total = np.zeros(x.shape, dtype=complex)
    for degree, tensor in tensors.items():
        multiplicity = symmetric.multiplicities(n, degree) if degree > 1 else np.ones(n)
        for indices, entry, weight in zip(
            symmetric.multi_indices(n, degree), tensor, multiplicity, strict=True
        ):
            for a in set(indices.tolist()):
                rest = indices.tolist()
                rest.remove(a)
                times = (indices == a).sum()
                total[:, a] += entry * weight * times * np.prod(x[:, rest], axis=1)
    return total


def expanded(system, weights, path, order, number, unit=1.0):
    """The coefficients of a path's series at t = 0, by the kernels."""
    m, buffers = system.unknowns, _buffers(system, order, number)
    packed = system.packed(weights, number)
    start = system.starts(weights, np.array([path]))[0]
    buffers.y.reshape(m, 2, LANES)[:] = np.stack([start.real, start.imag], axis=1)[..., None]
    buffers.unit[:] = unit
    equations.correct(packed, m, buffers.y, buffers.t, buffers.work)
    buffers.series[: len(buffers.y)] = buffers.y
    series.expand(packed, m, order, buffers.t, buffers.work, buffers.series, buffers.room, buffers.unit)
    found = buffers.series.reshape(order + 1, m, 2, LANES)[..., LANES - 1]
    return found[:, :, 0] + 1j * found[:, :, 1]


@pytest.mark.parametrize("xi", ["q^3", "q^1+q^2+q^3", "q^4", "q^2+q^5"])
def test_power_series_solve_the_homotopy(xi, instance_of):
    """The residual of the series cut at order k is of order k + 1: halving h divides it by 2^{k+1}."""
    n, order = 4, 6
    system = instance_of(n, xi=xi)[2]
    weights = start_weights(n, "series")
    coefficients = expanded(system, weights, 9, order, np.float64)

    def equations(h, k):
        y = sum(coefficients[j] * h**j for j in range(k + 1))
        x, mu = y[:n], y[n]
        target = gradient(system.turned.tensors, n, x[None])[0]
        force = h * target + (1 - h) * weights * x ** (system.degree - 1) - mu * x
        return max(np.abs(force).max(), abs(np.sum(x * x) - n))

    # Well inside the radius of convergence, and far from round-off.
    h = 0.05 * np.linalg.norm(coefficients[order - 1]) / np.linalg.norm(coefficients[order])
    for k in range(1, order):
        assert math.log2(equations(2 * h, k) / equations(h, k)) == pytest.approx(k + 1, abs=0.5)


@pytest.mark.parametrize("xi", ["q^3", "q^4"])
def test_series_in_single_precision_are_those_of_doubles_in_any_unit_of_time(xi, instance_of):
    system, order = instance_of(5, xi=xi)[2], 8
    weights = start_weights(5, "single")
    exact = expanded(system, weights, 17, order, np.float64)
    assert np.abs(exact[order] / exact[1]).max() > 100  # a small radius: units matter
    for unit in (1.0, 0.03):
        single = expanded(system, weights, 17, order, np.float32, unit)
        error = np.linalg.norm(single - exact, axis=1) / np.linalg.norm(exact, axis=1)
        assert 1e-9 < error[1:].max() < 3e-5
    # Without a unit the last orders of a path near another are beyond what single precision holds.
    assert np.isfinite(expanded(system, weights, 17, order, np.float32, 1e-4)).all()


def rational(rng, m, order):
    """A curve with four simple poles, its series in every lane, and the nearest pole's distance."""
    poles = np.array([0.6 + 0.3j, 0.6 - 0.3j, -0.8 + 0.1j, 1.1j])
    residues = complex_normal(rng, 4, m)
    terms = [np.sum(residues / poles[:, None] ** k, axis=0) for k in range(order + 1)]
    return lanes(np.repeat(np.concatenate(terms)[:, None], LANES, axis=1)), poles, residues


def test_a_denominator_of_fourth_degree_takes_four_poles_away():
    """Prediction is exact beyond the radius of convergence, where the series alone is worth nothing."""
    m, order = 7, 8
    rows, poles, residues = rational(np.random.default_rng(1), m, order)
    products, pade, tail, h, y = (aligned(size) for size in (FIT, PADE, 1, 1, 2 * m))
    fit_denominators(rows, m, order, products, pade, tail)
    h[:] = 0.9
    predict(rows, m, order, pade, h, y)
    truth = np.sum(residues / (1 - 0.9 / poles)[:, None], axis=0)
    # The ridge of the fit leaves 1e-10 of the last orders.
    np.testing.assert_allclose(unpacked(y, m)[:, 0], truth, rtol=1e-6)
    partial = sum(unpacked(rows, m * (order + 1))[k * m : (k + 1) * m, 0] * 0.9**k for k in range(order + 1))
    assert np.abs(partial - truth).max() > 0.1


def test_a_step_is_as_long_as_its_predicted_error_allows():
    m, order, rng = 5, 8, np.random.default_rng(2)
    rows = lanes(complex_normal(rng, m * (order + 1), LANES))
    products, pade = aligned(FIT), aligned(PADE)
    tail, h, factor, tolerance, guess = (aligned(1) for _ in range(5))
    fit_denominators(rows, m, order, products, pade, tail)
    factor[:], tolerance[:], h[:] = rng.uniform(0.5, 2, LANES), 1e-4, 1.0
    choose_steps(pade, tail, order, factor, tolerance, h, guess)
    a = unpacked(pade, 4).T

    def denominators(step):
        return np.abs(1 - sum(a[:, j] * step ** (j + 1) for j in range(4)))

    error = tail * h**order / denominators(h)
    np.testing.assert_allclose(guess, error, rtol=1e-12)
    assert (factor * error <= 1e-4).all()
    assert (denominators(h) >= 0.1).all()
    longer = h / 0.9
    over = factor * tail * longer**order / denominators(longer) > 1e-4
    # Nothing longer would do; the first one tried has no longer one before it.
    assert (over | (denominators(longer) < 0.1) | (factor * tail * longer**order > 1e-4)).all()


def test_errors_that_single_precision_cannot_hold_take_doubles():
    assert TrackerSettings().number is np.float32
    assert TrackerSettings(aim=1e-6).number is np.float64


def residual(system, solutions):
    x = solutions[:, : system.n]
    mu = solutions[:, system.n :]
    force = np.abs(gradient(system.tensors, system.n, x) - mu * x).max()
    norm = np.abs(np.sum(x**2, axis=1) - system.n).max()
    return max(force, norm)


@pytest.mark.parametrize("n", [1, 2, 7, 12])
def test_algebra_of_lanes_equals_numpy(n):
    rng = np.random.default_rng(n)
    full = complex_normal(rng, n, n, LANES)
    full = full + full.transpose(1, 0, 2)
    x = complex_normal(rng, n, LANES)
    packed, vector = lanes(full[np.tril_indices(n)]), lanes(x)
    image = aligned(2 * n)
    multiply_symmetric(packed, n, vector, 0, image)
    np.testing.assert_allclose(unpacked(image, n), np.einsum("abl,bl->al", full, x), atol=1e-12)
    factorise(packed, n, aligned(2 * n))
    solve(packed, n, vector, 0)
    expected = np.stack([np.linalg.solve(full[..., lane], x[:, lane]) for lane in range(LANES)], axis=1)
    np.testing.assert_allclose(unpacked(vector, n), expected, rtol=1e-9, atol=1e-10)
    matrix = rng.standard_normal((8, n))
    image = aligned(16)
    contract(matrix, lanes(np.concatenate([x[:1], x])), 1, image)
    np.testing.assert_allclose(unpacked(image, 8), matrix @ x, atol=1e-12)
    accumulate(matrix, 5, lanes(x), image)
    np.testing.assert_allclose(unpacked(image, 8)[:5], 2 * (matrix @ x)[:5], atol=1e-12)
    np.testing.assert_allclose(unpacked(image, 8)[5:], (matrix @ x)[5:], atol=1e-12)


@pytest.mark.parametrize("n", [1, 3, 5])
def test_each_monomial_is_an_earlier_one_times_a_variable(n):
    table = recurrence(n, 5)
    x = np.random.default_rng(n).standard_normal(n)
    values: list[float] = []
    for row, (parent, variable) in enumerate(table):
        earlier = x[parent] if row < symmetric.packed_size(n, 2) else values[parent]
        values.append(earlier * x[variable])
    for degree in range(2, 6):
        first = offset(n, degree, 2)
        expected = np.prod(x[monomials(n, degree)], axis=1)
        np.testing.assert_allclose(values[first : first + len(expected)], expected, rtol=1e-13)
        assert list(positions(monomials(n, degree), n)) == list(range(len(expected)))


@pytest.mark.parametrize("degree", [3, 4, 5, 6])
def test_starts_are_all_solutions_of_the_start_form(degree, instance_of):
    n = 4
    weights = start_weights(n, "starts")
    pure = instance_of(n, xi=f"q^{degree}")[2]
    starts = pure.starts(weights, np.arange(pure.paths))
    assert len(starts) == solution_count(n, degree) == ((degree - 1) ** n - 1) // (degree - 2)
    x, mu = starts[:, :n], starts[:, n:]
    assert np.abs(weights * x ** (degree - 1) - mu * x).max() < 1e-10
    np.testing.assert_allclose(np.sum(x**2, axis=1), n, atol=1e-10)
    # No two are multiples of each other: their ratios of components differ, or their supports do.
    every = np.concatenate([x, -x])
    distance = np.linalg.norm(every[:, None] - every[None], axis=-1) + np.eye(len(every))
    assert distance.min() > 0.05
    mixed = instance_of(n, xi=f"q^2+q^{degree}")[2]
    points = mixed.starts(weights, np.arange(mixed.paths))
    assert len(points) == 2 * len(starts)
    x, mu = points[:, :n], points[:, n:]
    assert np.abs(weights * x ** (degree - 1) - mu * x).max() < 1e-10
    np.testing.assert_allclose(np.sum(x**2, axis=1), n, atol=1e-10)
    distance = np.linalg.norm(x[:, None] - x[None], axis=-1) + np.eye(len(x))
    assert distance.min() > 0.05


@pytest.mark.parametrize("xi", EVERY_SHAPE)
def test_every_path_ends_at_a_solution(xi, instance_of):
    system = instance_of(4, xi=xi)[2]
    tracked = follow(system, start_weights(4, xi), np.arange(system.paths), TrackerSettings())
    assert (tracked.status == ARRIVED).all()
    assert residual(system, tracked.endpoints) < 1e-9


@pytest.mark.parametrize(("xi", "n"), [("q^3", 6), ("q^1+q^2+q^4", 3)])
def test_a_path_depends_on_nothing_but_itself(xi, n, instance_of):
    system = instance_of(n, xi=xi)[2]
    weights = start_weights(n, "alone")
    together = follow(system, weights, np.arange(system.paths), TrackerSettings())
    order = np.random.default_rng(0).permutation(system.paths)
    shuffled = follow(system, weights, order, TrackerSettings())
    alone = follow(system, weights, np.array([17]), TrackerSettings())
    assert np.array_equal(together.endpoints[order], shuffled.endpoints)
    assert np.array_equal(together.steps[order], shuffled.steps)
    assert np.array_equal(together.endpoints[17], alone.endpoints[0])


def test_couplings_come_back_from_their_matrices(instance_of):
    for n, degree in itertools.product((2, 5), (1, 2, 3, 4, 5, 6)):
        model = instance_of(n, xi=f"q^2+q^{degree}" if degree == 1 else f"q^{degree}")[0]
        tensor = np.random.default_rng(n).standard_normal(symmetric.packed_size(n, degree))
        again = model.tensors({f"degree_{degree}": model.pack(tensor, degree)})[degree]
        # Multiplicities that are no powers of two round.
        np.testing.assert_allclose(again, tensor, rtol=0 if degree <= 4 else 1e-15)
