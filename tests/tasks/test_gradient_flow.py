"""Gradient flow on landscapes: against matrix exponentials, and against the equations at N -> infinity."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.analysis.theory.dynamics.kernels import Kernels
from morsecensus.analysis.theory.dynamics.romberg import romberg
from morsecensus.analysis.theory.dynamics.two_time import integrate
from morsecensus.tasks.bodies.flow import describe
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.records.facts import ENDS
from morsecensus.tasks.records.flow import flow_landscape, planted_direction
from morsecensus.tasks.records.threshold import spiked_lowest, threshold_states
from morsecensus.tasks.trajectories.gradient_flow import flow, starts_at_overlap

CUBIC = Covariance.pure(3)
TIMES = np.array([0.0, 0.3, 1.0, 4.0])


def _flow(model, couplings, starts, times=TIMES, directions=None, **more):
    none = np.zeros((0, model.manifold.ambient))
    return flow(model, couplings, starts, times, none if directions is None else directions, **more)


def test_a_quadratic_landscape_flows_as_a_matrix_exponential(instance_of):
    model, couplings, _ = instance_of(12, xi="q^2")
    starts = model.manifold.random_points(np.random.default_rng(1), 5)
    values, vectors = np.linalg.eigh(np.asarray(model.jet(couplings, starts[0]).hessian))
    errors = []
    for tolerance in (1e-5, 1e-7):
        found = _flow(model, couplings, starts, tolerance=tolerance)
        decay = np.exp(-values * TIMES[:, None])
        exact = np.einsum("ij,tj,lj->tli", vectors, decay, starts @ vectors)
        exact *= 12**0.5 / np.linalg.norm(exact, axis=2, keepdims=True)
        energy = np.einsum("tli,ij,tlj->lt", exact, vectors * values @ vectors.T, exact) / 24
        correlation = np.einsum("tli,li->lt", exact, starts) / 12
        errors.append(np.abs(found.energy - energy).max())
        np.testing.assert_allclose(found.correlation, correlation, atol=20 * tolerance)
        np.testing.assert_allclose(found.points, exact[-1], atol=100 * tolerance)
    assert errors[0] < 1e-4
    assert errors[1] < errors[0] / 20


def test_lanes_are_alone(instance_of):
    model, couplings, _ = instance_of(8)
    starts = model.manifold.random_points(np.random.default_rng(2), 4)
    together = _flow(model, couplings, starts)
    turned = _flow(model, couplings, starts[::-1])
    np.testing.assert_allclose(together.energy, turned.energy[::-1], atol=1e-12)
    assert np.all(np.diff(np.asarray(together.energy), axis=1) < 0)


def test_what_is_not_reached_is_said(instance_of):
    model, couplings, _ = instance_of(8)
    starts = model.manifold.random_points(np.random.default_rng(2), 4)
    found = np.asarray(_flow(model, couplings, starts, most_steps=8).energy)
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, -1]).all()


def test_products_of_spheres_flow_on_each(bilinear):
    couplings = bilinear.sample(1, 0)
    starts = bilinear.manifold.random_points(np.random.default_rng(3), 6)
    found = _flow(bilinear, couplings, starts, np.array([0.0, 1.0, 30.0]))
    for part, size in bilinear.manifold.parts():
        np.testing.assert_allclose(np.sum(np.asarray(found.points)[:, part] ** 2, axis=1), size, rtol=1e-12)
    singular = np.linalg.svd(couplings, compute_uv=False)[0] * 12**0.5
    # A uniform start ends in the lowest singular pair.
    np.testing.assert_allclose(np.asarray(found.energy)[:, -1], -singular / 7, rtol=1e-3)


def test_starts_have_the_overlap_asked_for():
    model = build("matrix-tensor", {"p": 3, "delta2": 0.5, "deltap": 1.0}, 9)
    direction = planted_direction(model)[0]
    points = starts_at_overlap(model.manifold, np.random.default_rng(4), 7, direction, -0.3)
    np.testing.assert_allclose(points @ direction / 9, -0.3)
    np.testing.assert_allclose(np.sum(points**2, axis=1), 9)
    with pytest.raises(ValueError, match=r"overlap of the starts: got 1\.2"):
        starts_at_overlap(model.manifold, np.random.default_rng(4), 7, direction, 1.2)


@pytest.fixture(scope="module")
def extrapolated_flows():
    """Energies and correlations with the start of the pure 3-spin at a few times, at two N and from there
    linearly in 1/N to the limit, with standard errors."""
    times, means = np.array([0.25, 0.5, 1.0]), {}
    for n in (24, 48):
        model = build("pspin", {"xi": "q^3"}, n)
        rows = []
        for instance in range(60):
            starts = model.manifold.random_points(np.random.default_rng([n, instance]), 8)
            found = _flow(model, model.sample(11, instance), starts, times)
            rows.append(np.concatenate([np.mean(found.energy, axis=0), np.mean(found.correlation, axis=0)]))
        means[n] = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / len(rows) ** 0.5
    (small, small_se), (large, large_se) = means[24], means[48]
    return times, 2 * large - small, np.sqrt(4 * large_se**2 + small_se**2)


def _z(kernels, measured):
    times, mean, error = measured
    levels = []
    for steps in (20, 40, 80):
        found = integrate(kernels, 1.0, steps)
        places = np.round(times * steps).astype(int)
        levels.append(np.concatenate([found.energy[places], found.correlation[places, 0]]))
    return (mean - romberg(levels)[0]) / error


def test_flows_extrapolate_to_the_equations(extrapolated_flows):
    # Six numbers, one test: 4 standard errors.
    assert np.abs(_z(Kernels.of(CUBIC), extrapolated_flows)).max() < 4


@pytest.mark.parametrize("wrong", ["sign", "derivative"])
def test_flows_reject_wrong_equations(extrapolated_flows, wrong):
    """Negative controls: the memory's sign turned, xi' in the place of xi''."""
    right = Kernels.of(CUBIC)
    kernels = {
        "sign": dataclasses.replace(right, memory_sign=-1.0),
        "derivative": dataclasses.replace(right, noise_second=right.noise_first),
    }[wrong]
    assert np.abs(_z(kernels, extrapolated_flows)).max() > 6


SPEC = {"n": 10, "seed": 3, "starts": 6, "overlap": None, "times": [0.0, 1.0]}


def test_a_record_ends_in_minima():
    parameters = {"p": 4, "delta2": 0.3, "deltap": 1.0}
    record = flow_landscape({**SPEC, "model": "matrix-tensor", "parameters": parameters}, 0)
    assert describe({**SPEC, "model": "matrix-tensor", "parameters": parameters})["attrs"]["even"]
    assert [ENDS[end] for end in record["end"]] == ["minimum"] * 6
    assert min(record["end_softest"]) > 0
    assert np.all(np.array(record["end_energy"]) < np.array(record["energy"])[:, -1] + 1e-9)
    assert np.shape(record["overlap"]) == (6, 2)


def test_an_overlap_needs_a_signal():
    spec = {**SPEC, "model": "pspin", "parameters": {"xi": "q^3"}}
    assert "overlap" not in flow_landscape(spec, 0)
    with pytest.raises(ValueError, match=r"overlap: got 0\.2 with model pspin"):
        describe({**spec, "overlap": 0.2})


def test_outliers_by_a_tangent_basis(instance_of):
    model, couplings, _ = instance_of(9)
    draw = np.random.default_rng(5)
    point = model.manifold.random_points(draw, 1)
    basis = np.linalg.svd(point)[2][1:]
    u = basis.T @ draw.standard_normal(8)
    u /= np.linalg.norm(u)
    strengths = np.array([0.0, 3.0, 20.0])
    values, overlaps, radial = spiked_lowest(model, couplings, jnp.asarray(point), u[None], strengths)
    jet = model.jet(couplings, point[0])
    derivative = float(point[0] @ jet.gradient / 9)
    assert float(radial[0]) == pytest.approx(derivative)
    for k, strength in enumerate(strengths):
        matrix = basis @ (np.asarray(jet.hessian) - strength * np.outer(u, u)) @ basis.T
        lowest, vectors = np.linalg.eigh(matrix - derivative * np.eye(8))
        assert float(values[0, k]) == pytest.approx(lowest[0])
        assert float(overlaps[0, k]) == pytest.approx((basis @ u @ vectors[:, 0]) ** 2)


def test_threshold_states_need_isotropic_noise():
    spec = {**SPEC, "model": "distinct", "parameters": {}, "until": 1.0, "strengths": [1.0]}
    with pytest.raises(ValueError, match="isotropic noise"):
        threshold_states(spec, 0)
