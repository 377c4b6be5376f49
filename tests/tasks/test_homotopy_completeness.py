"""Completeness proven: on true landscapes, and never on forged or robbed lists of solutions."""

from dataclasses import replace

import flint
import numpy as np
import pytest

from morsecensus.tasks.block import run_block
from morsecensus.tasks.finders.homotopy.balls import precision
from morsecensus.tasks.finders.homotopy.books import enumerate_solutions
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
from morsecensus.tasks.finders.homotopy.completeness import count_pairs, prove_completeness
from morsecensus.tasks.finders.homotopy.complex_points import on_complex_spheres, prove_points
from morsecensus.tasks.finders.homotopy.disks import Disks
from morsecensus.tasks.finders.homotopy.ends import is_real
from morsecensus.tasks.finders.options import HomotopyOptions, SampledHomotopyOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.measurables.words import ENUMERATED, OPEN, UNCERTIFIED

ALL = HomotopyOptions(certify="all")

MODELS = [
    ("pspin", {"xi": "q^3"}, 6),
    ("pspin", {"xi": "q^4"}, 4),
    ("pspin", {"xi": "q^5"}, 3),
    ("pspin", {"xi": "q^2"}, 5),
    ("pspin", {"xi": "q^2", "field": 0.1}, 5),
    ("pspin", {"xi": "q^2+q^3", "field": 0.5}, 4),
    ("pspin", {"xi": "q+q^3"}, 4),
    ("pspin", {"xi": "q^2+q^4"}, 3),
    ("spiked", {"xi": "q^3", "signal": "2*q^2"}, 4),
    ("matrix-tensor", {"p": 3, "delta2": 0.5, "deltap": 1.0}, 4),
    ("partite", {"sizes": "1,1,1"}, 3),
    ("partite", {"sizes": "1,2,1"}, 2),
    ("partite", {"sizes": "1,1,1,1"}, 2),
    ("partite", {"sizes": "1,2"}, 3),
]


@pytest.mark.parametrize(("name", "parameters", "n"), MODELS)
def test_completeness_is_proven_for_every_model(name, parameters, n):
    model = build(name, parameters, n)
    found = enumerate_landscape(model, model.sample(5, 0), 5, 0, ALL)
    assert found.completeness.proven
    assert found.census.books.proven == found.enumeration.expected
    assert found.census.ledger.reason == ENUMERATED


@pytest.fixture(scope="module")
def solved(instance_of):
    system = instance_of(6)[2]
    solutions = enumerate_solutions(system, ("all",), ALL).solutions
    return system, solutions[~is_real(solutions, system)]


def test_a_lost_or_doubled_pair_is_no_proof(solved):
    system, solutions = solved
    real = system.paths - len(solutions)
    assert prove_completeness(system, solutions, real).proven
    assert not prove_completeness(system, solutions, real - 1).proven
    points = on_complex_spheres(system, solutions)
    key = points @ np.arange(1.0, system.n + 1)
    partner = int(np.abs(np.abs(key) - np.abs(key[0])).argsort()[1])
    robbed = np.delete(solutions, [0, partner], axis=0)
    assert prove_completeness(system, robbed, real).solutions == system.paths - 2
    # The lost pair replaced by another one that is there already, turned by a phase.
    doubled = np.concatenate([robbed, -robbed[:1], -robbed[:1].conj()])
    assert not prove_completeness(system, doubled, real).proven


def test_forged_points_are_not_enclosed(solved):
    system, solutions = solved
    true = prove_points(system, on_complex_spheres(system, solutions))
    assert true.proven.all()
    draw = np.random.default_rng(1)
    noise = draw.standard_normal((20, system.n)) + 1j * draw.standard_normal((20, system.n))
    forged = prove_points(system, on_complex_spheres(system, noise))
    # What Newton's method in balls finds from there, if anything, is one of the solutions.
    every = np.concatenate([true.points, true.points.conj()])
    for point in forged.points[forged.proven]:
        if np.abs(point.imag).max() > 1e-8:
            assert min(np.abs(s * point - every).max(axis=1).min() for s in (1, -1)) < 1e-9


def test_real_points_are_no_pairs(instance_of):
    """A real point's key lies on the axis: it may not count as a pair of others."""
    system = instance_of(6)[2]
    solutions = enumerate_solutions(system, ("all",), ALL).solutions
    real = prove_points(system, on_complex_spheres(system, solutions[is_real(solutions, system)]))
    assert real.proven.any()
    assert count_pairs(system, real) == 0
    moved = replace(real, points=real.points + 1e-13j)
    assert count_pairs(system, replace(moved, reach=moved.reach + 1e-12)) == 0


@pytest.mark.parametrize("excess", [1e-9, 1e-11, 1e-13])
def test_a_pair_near_a_fold_is_proven_by_more_bits(excess, nearly_folded):
    model, couplings, _ = nearly_folded(excess)
    found = enumerate_landscape(model, couplings, 1, 0, ALL)
    assert found.completeness.proven
    assert (found.completeness.real, found.completeness.pairs) == (1, 1)


def test_disks_hold_what_balls_of_many_bits_hold():
    draw = np.random.default_rng(2)
    one, two = (
        Disks(draw.standard_normal((4, 5, 5)) * (1 + 1j), draw.uniform(0, 1e-8, (4, 5, 5))) for _ in range(2)
    )
    product = one @ two
    turn = np.exp(2j * np.pi * draw.random(one.mid.shape))
    a, b = one.mid + one.rad * turn * (1 - 1e-9), two.mid + two.rad * turn * (1 - 1e-9)
    with precision(200):
        for k in range(4):
            truth = (flint.acb_mat(a[k].tolist()) * flint.acb_mat(b[k].tolist())).tolist()
            for i, j in np.ndindex(5, 5):
                off = abs(truth[i][j] - flint.acb(complex(product.mid[k, i, j])))
                assert off < float(product.rad[k, i, j])
    # Not wider than twice the first-order spread.
    spread = np.abs(one.mid) @ two.rad + one.rad @ np.abs(two.mid)
    assert (product.rad < 2 * spread + 1e-12).all()


@pytest.mark.parametrize("n", [3, 5])
def test_rounding_alone_is_bounded(n):
    """Without radii of their own, products hold the exact one, and miss it if the bound is left out."""
    draw = np.random.default_rng(n)
    a, b = (draw.standard_normal((50, n, n)) + 1j * draw.standard_normal((50, n, n)) for _ in range(2))
    product = Disks.exact(a) @ Disks.exact(b)
    missed = 0
    with precision(200):
        for k in range(50):
            truth = (flint.acb_mat(a[k].tolist()) * flint.acb_mat(b[k].tolist())).tolist()
            for i, j in np.ndindex(n, n):
                off = float(abs(truth[i][j] - flint.acb(complex(product.mid[k, i, j]))))
                assert off <= product.rad[k, i, j]
                missed += off > 1e-290
    assert missed > 100


def test_what_is_asked_for_and_not_proven_opens_the_landscape(instance_of, monkeypatch):
    model, couplings, _ = instance_of(5)
    monkeypatch.setattr("morsecensus.tasks.finders.homotopy.complex_points.RADII", ())
    monkeypatch.setattr("morsecensus.tasks.finders.homotopy.complex_points.EXTENDED", ())
    found = enumerate_landscape(model, couplings, 5, 0, ALL)
    assert (found.census.ledger.status, found.census.ledger.reason) == (OPEN, UNCERTIFIED)
    assert found.census.books.proven == found.completeness.real < found.enumeration.expected


def test_options_and_columns():
    assert HomotopyOptions(certify=True).certify == "real"  # type: ignore[arg-type]
    assert HomotopyOptions(certify=False).certify == "none"  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="allowed: none, real, all"):
        HomotopyOptions(certify="every")
    with pytest.raises(ValueError, match="sample of paths"):
        SampledHomotopyOptions(certify="all")
    spec = {"model": "pspin", "parameters": {"xi": "q^3", "field": 0.0}, "n": 4, "seed": 1}
    spec |= {"finder": "homotopy", "block_size": 2, "positions": False, "spectra": False}
    for certify, proven in (("all", [15, 15]), ("real", [-1, -1])):
        landscapes = run_block(spec | {"finder_options": {"certify": certify}}, 0)["landscape"]
        assert list(landscapes["n_certified_complex"]) == proven
        assert list(landscapes["n_paths_singular"]) == [0, 0]
