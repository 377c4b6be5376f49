"""Certificates: given to every true point, to no forged one."""

import itertools
import math
from dataclasses import replace

import flint
import numpy as np
import pytest

from morsecensus.tasks.finders.homotopy import certify
from morsecensus.tasks.finders.homotopy.balls import precision
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
from morsecensus.tasks.finders.homotopy.certify import certify_points, separated
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.geometry.symmetry import no_flips
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.measurables.words import DEGENERATE, ENUMERATED, OPEN, UNCERTIFIED
from morsecensus.tasks.points.census import evidence_of
from morsecensus.tasks.points.ledger import assess_enumeration
from morsecensus.tasks.systems.polynomial import PolynomialSystem

UNPROVEN = HomotopyOptions(certify="none")


def classified(instance):
    model, couplings, system = instance
    return enumerate_landscape(model, couplings, 5, 0, UNPROVEN).census.classes.points, system


@pytest.mark.parametrize(
    ("xi", "n"),
    [("q^3", 6), ("q^4", 4), ("q^6", 3), ("q^2", 5), ("0.2*q^1+0.3*q^2+0.5*q^3", 5), ("q^2+q^4", 4)],
)
def test_every_real_point_is_certified(xi, n, instance_of):
    model, *rest = instance_of(n, xi=xi)
    points, system = classified((model, *rest))
    certificates = certify_points(system, points.points)
    assert certificates.proven.all()
    # Signs of eigenvalues in doubles, and signs of Gershgorin's discs after a congruence in balls.
    assert list(certificates.index) == list(points.index)
    assert separated(certificates, model.flips).all()


def test_forged_and_perturbed_points_get_no_certificate(instance_of):
    points, system = classified(instance_of(5))
    rng = np.random.default_rng(0)
    nowhere = rng.standard_normal((20, 5))
    nowhere *= math.sqrt(5) / np.linalg.norm(nowhere, axis=1, keepdims=True)
    assert not (certify_points(system, nowhere).radius > 1e-5).any()
    # What Newton's method in balls finds from there, if anything, lies elsewhere.
    forged = certify_points(system, nowhere)
    assert (np.abs(forged.points - nowhere).max(axis=1)[forged.proven] > 1e-6).all()
    # In doubles' precision a point that is 1e-3 off has no box.
    other = instance_of(5, landscape=1)[2]
    assert not (np.abs(certify_points(other, points.points).points - points.points).max(axis=1) < 1e-6)[
        certify_points(other, points.points).proven
    ].any()


def test_one_point_listed_twice_is_not_separated(instance_of):
    model = instance_of(5)[0]
    points, system = classified(instance_of(5))
    twice = np.concatenate([points.points, -points.points[:1] * (1 + 1e-12)])
    certificates = certify_points(system, twice)
    assert list(np.flatnonzero(~separated(certificates, model.flips))) == [0, len(points.points)]
    assert separated(certify_points(system, points.points), model.flips).all()
    # Without the symmetry the two are different points.
    assert separated(certificates, no_flips(model.manifold)).all()


def test_a_degenerate_point_is_flagged():
    """x_1^3 alone: its critical points with x_1 = 0 fill a sphere."""
    tensor = np.zeros(10)
    tensor[0] = 1.0
    points = math.sqrt(3) * np.eye(3)
    assert list(certify_points(PolynomialSystem(3, {3: tensor}), points).proven) == [True, False, False]


def true_points(system):
    """The critical points of a binary cubic form on the circle of radius sqrt(2), one of each sign, to many
    digits: y = t x with (d/dy - t d/dx) H(1, t) = 0, whose roots Arb isolates."""
    a, b, c, d = (flint.fmpq(*float(v).as_integer_ratio()) for v in system.tensors[3])
    slope = flint.fmpq_poly([3 * b, 6 * c - 3 * a, 3 * d - 6 * b, -3 * c])
    integers = flint.fmpz_poly([int(v * slope.denom()) for v in slope.coeffs()])
    with precision(300):
        roots = [root.real for root, _ in integers.complex_roots() if root.imag == 0]
        lengths = [(2 / (1 + t * t)).sqrt() for t in roots]
        return [(s, s * t) for t, s in zip(roots, lengths, strict=True)]


def apart(one, two):
    """Largest difference of a component, of this solution to the other and its antipode."""
    with precision(300):
        return min(max(abs(float(a - s * b)) for a, b in zip(one, two, strict=True)) for s in (1, -1))


@pytest.mark.parametrize("excess", [-1e-6, -1e-8, -1e-10, -1e-12])
@pytest.mark.parametrize("t0", [0.4, 1.3, 2.2])
def test_no_other_solution_lies_within_the_radius(excess, t0, nearly_folded):
    """At a fold two points are near: boxes that merely overlap their image would reach to the other one."""
    system = nearly_folded(excess, t0)[2]
    truth = true_points(system)
    assert len(truth) == 3
    points = np.array([[float(v) for v in point] for point in truth])
    found = certify_points(system, points)
    assert found.proven.all()
    for row, (point, radius) in enumerate(zip(truth, found.radius, strict=True)):
        others = [other for k, other in enumerate(truth) if k != row]
        nearest = min(apart(point, other) for other in others)
        assert apart(point, [flint.arb(v) for v in found.points[row].tolist()]) <= found.error[row] * 2**0.5
        assert 0 < radius * 2**0.5 < nearest
    # The box is worth something: no smaller than the nearest solution allows by three orders or so.
    assert found.radius.max() > 1e-12
    gap = min(apart(one, two) for one, two in itertools.combinations(truth, 2))
    # The two that nearly merge are so by construction: half the distance is sqrt(2 |excess| ...).
    assert 0.1 < gap / math.sqrt(abs(excess)) < 10


@pytest.mark.parametrize("excess", [-1e-11, -1e-13, -1e-15])
def test_nearly_merged_points_are_certified_in_higher_precision(excess, nearly_folded):
    model, couplings, _ = nearly_folded(excess)
    result = enumerate_landscape(model, couplings, 1, 0, HomotopyOptions())
    assert result.census.ledger.reason == ENUMERATED
    assert len(result.census.classes.hits) == 3
    assert result.certificates.proven.all()
    # A minimum and a maximum merge, a third point looks on; classes hold one of each pair.
    assert sorted(result.census.ledger.points_by_index) == [3, 3]


def test_blurred_points_need_more_bits(nearly_folded, monkeypatch):
    """Doubles near a fold are off by round-off over the gap: the first boxes don't hold the points."""
    model, couplings, system = nearly_folded(-1e-13)
    sharp = enumerate_landscape(model, couplings, 1, 0, HomotopyOptions()).census.classes.points.points
    blurred = sharp + 3e-9
    again = certify_points(system, blurred)
    assert again.proven.all()
    np.testing.assert_allclose(again.points, sharp, atol=1e-14)
    monkeypatch.setattr(certify, "ATTEMPTS", certify.ATTEMPTS[:1])
    assert not certify_points(system, blurred).proven.all()


def test_what_is_degenerate_stays_open():
    """A double eigenvalue: eigenvectors are found, and nothing about them can be proven."""
    model = build("pspin", {"xi": "q^2"}, 3)
    tensor = np.zeros(6)
    tensor[[0, 3, 5]] = 1.0, 1.0, 2.0
    couplings = {"degree_2": model.pack(tensor, 2)}
    census = enumerate_landscape(model, couplings, 1, 0, HomotopyOptions()).census
    assert census.ledger.status == OPEN
    assert census.ledger.reason in (DEGENERATE, UNCERTIFIED)
    assert (census.certified_radius == 0).sum() == 2


def test_a_withdrawn_certificate_opens_the_landscape(instance_of):
    model, couplings, _ = instance_of(5)
    census = enumerate_landscape(model, couplings, 5, 0, HomotopyOptions()).census
    evidence = evidence_of(model, census.classes)
    assert assess_enumeration(evidence, True, True).reason == ENUMERATED
    ledger = assess_enumeration(evidence, True, False)
    assert (ledger.status, ledger.reason) == (OPEN, UNCERTIFIED)


def test_a_forged_index_or_box_does_not_survive_a_second_look(instance_of):
    points, system = classified(instance_of(5))
    honest = certify_points(system, points.points)
    forged = replace(honest, index=honest.index + (np.arange(len(honest.index)) == 2))
    again = certify_points(system, forged.points)
    assert list(np.flatnonzero(again.index != forged.index)) == [2]
    moved = replace(honest, points=honest.points + 1e-3 * (np.arange(len(honest.index)) == 2)[:, None])
    again = certify_points(system, moved.points)
    far = np.abs(again.points - moved.points).max(axis=1) > moved.radius
    assert list(np.flatnonzero(far | ~again.proven)) == [2]
