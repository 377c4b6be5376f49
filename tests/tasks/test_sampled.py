"""Sampled paths: unbiased counts, recall, and what isn't resolved."""

import math
from dataclasses import replace

import numpy as np
import pytest

from morsecensus.tasks.finders.choose import FINDERS
from morsecensus.tasks.finders.homotopy import sampled_census
from morsecensus.tasks.finders.homotopy.books import enumerate_solutions
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape, real_points
from morsecensus.tasks.finders.homotopy.ends import is_real
from morsecensus.tasks.finders.homotopy.paths import TrackerSettings, follow
from morsecensus.tasks.finders.homotopy.sampled import (
    agree,
    estimate_number,
    estimate_recall,
    sample_solutions,
)
from morsecensus.tasks.finders.homotopy.sampled_census import judge, sampled_homotopy
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import HomotopyOptions, MultistartOptions, SampledHomotopyOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.measurables.words import COMPLETE, FEW_HITS, OPEN
from morsecensus.tasks.points.census import evidence_of
from morsecensus.tasks.points.ledger import assess
from morsecensus.tasks.systems.polynomial import start_weights

OPTIONS = HomotopyOptions(certify="none")


def only(classes, rows):
    return replace(classes, points=classes.points.take(rows), hits=classes.hits[rows])


@pytest.mark.parametrize("xi", ["q^3", "q^4", "q^2", "q^1+q^2", "q^2+q^4"])
def test_a_sample_of_all_paths_is_the_census(xi, instance_of):
    system = instance_of(4, xi=xi)[2]
    sample = sample_solutions(system, 10**6, ("whole",), OPTIONS)
    assert list(sample.paths) == list(range(system.paths))
    assert sample.resolved.all()
    assert sample.jumps == 0
    estimate = estimate_number(sample, is_real(sample.endpoints, system))
    whole = enumerate_solutions(system, ("w",), OPTIONS).solutions
    assert estimate.estimate == pytest.approx(len(real_points(whole, system)))


def test_sampled_counts_are_unbiased_and_covered(instance_of):
    errors, covered = [], 0
    for instance in range(40):
        system = instance_of(7, instance)[2]
        truth = len(real_points(enumerate_solutions(system, (instance,), OPTIONS).solutions, system))
        sample = sample_solutions(system, 48, (instance,), OPTIONS)
        estimate = estimate_number(sample, is_real(sample.endpoints, system))
        errors.append(estimate.estimate - truth)
        covered += estimate.lower <= truth <= estimate.upper
    spread = np.std(errors, ddof=1) / math.sqrt(len(errors))
    assert abs(np.mean(errors)) < 3.5 * spread
    assert covered >= 36
    # An estimator that loses every fifth real endpoint is noticed.
    assert abs(np.mean(errors) - 0.2 * 40) > 3.5 * spread


@pytest.mark.parametrize(
    ("xi", "n"), [("q^3", 6), ("q^4", 4), ("0.5*q^2+q^3", 4), ("q^2+q^4", 4), ("q^1+q^3", 4)]
)
def test_estimates_by_index_are_unbiased(xi, n, instance_of):
    """Mixtures have points of both signs among their solutions, pure forms have classes."""
    options = SampledHomotopyOptions(paths=12 if xi == "q^3" else 20)
    errors = []
    for instance in range(60):
        model, couplings, system = instance_of(n, instance, xi)
        truth = enumerate_landscape(model, couplings, 5, instance, OPTIONS).census
        labels = (5, "by index", n, instance)
        sample = sample_solutions(system, options.paths, labels, options)
        judged = judge(truth, couplings, sample, system, 0)
        assert (judged.classes.hits > 0).all()
        estimates = np.array([interval.estimate for interval in judged.sample.number_by_index])
        errors.append(estimates - truth.ledger.points_by_index)
        assert estimates.sum() == pytest.approx(judged.sample.number.estimate)
    spread = np.std(errors, axis=0, ddof=1) / math.sqrt(len(errors))
    assert np.abs(np.mean(errors, axis=0) / spread).max() < 3.5


def test_recall_is_the_share_that_a_census_had(instance_of):
    model, couplings, system = instance_of(8)
    truth = enumerate_landscape(model, couplings, 5, 0, OPTIONS).census
    sample = sample_solutions(system, 255, ("recall",), OPTIONS)
    kept = np.arange(0, len(truth.classes.hits), 2)
    half = replace(
        truth,
        classes=replace(truth.classes, points=truth.classes.points.take(kept), hits=truth.classes.hits[kept]),
    )
    judged = judge(half, couplings, sample, system, 0)
    # Every path was sampled, so the share is exact, and the census whole again.
    assert judged.sample.recall.estimate == len(kept) / len(truth.classes.hits)
    assert judged.sample.recall.lower < 0.5 < judged.sample.recall.upper < 1
    assert len(judged.classes.hits) == len(truth.classes.hits)
    assert (judged.classes.hits == 0).sum() == len(truth.classes.hits) - len(kept)
    assert judge(truth, couplings, sample, system, 0).sample.recall.lower > 0.9


def test_a_miss_that_the_sample_finds_opens_the_landscape(instance_of):
    model, couplings, system = instance_of(6)
    census = multistart(model, couplings, 5, 0, MultistartOptions())
    assert census.ledger.status == COMPLETE
    sample = sample_solutions(system, 63, ("miss",), OPTIONS)
    assert judge(census, couplings, sample, system, 5).ledger.status == COMPLETE
    # A pair of neighbouring index, so that neither the Morse sum nor the parity notices.
    index = census.classes.points.index
    lost = [int(np.flatnonzero(index == k)[0]) for k in (1, 2)]
    kept = np.setdiff1d(np.arange(len(index)), lost)
    robbed = replace(
        census,
        classes=replace(
            census.classes, points=census.classes.points.take(kept), hits=census.classes.hits[kept]
        ),
    )
    judged = judge(robbed, couplings, sample, system, 5)
    assert (judged.ledger.status, judged.ledger.reason) == (OPEN, FEW_HITS)
    assert judged.sample.recall.estimate < 1
    assert len(judged.classes.hits) == len(index)


def test_the_finder_is_multistart_and_its_judge(instance_of):
    model, couplings, system = instance_of(7, 2)
    options = SampledHomotopyOptions(paths=64, certify="real")
    census = sampled_homotopy(model, couplings, 5, 2, options)
    alone = multistart(model, couplings, 5, 2, MultistartOptions())
    assert np.array_equal(census.points()[0].energy, alone.points()[0].energy)
    assert census.books.paths == census.books.distinct == 64
    assert census.books.jumps == 0
    assert (census.certified_radius > 0).all()
    real = is_real(sample_solutions(system, 64, (5, "pspin", 7, 2), options).endpoints, system)
    assert census.sample.hits.sum() == real.sum()
    assert census.sample.recall.lower == pytest.approx(0.05 ** (1 / real.sum()))


@pytest.mark.parametrize("changes", [{"index": 1}, {"degenerate": 1}])
def test_books_are_of_the_points_as_they_are_proven(instance_of, monkeypatch, changes):
    """A class that multistart gives a wrong index, or doubts, until the proof says otherwise."""
    model, couplings, _ = instance_of(6)
    honest = multistart(model, couplings, 5, 0, MultistartOptions())

    def mistaken(*_):
        found = honest.classes.points
        wrong = {name: getattr(found, name).copy() for name in changes}
        for name, more in changes.items():
            wrong[name][0] += more
        classes = replace(honest.classes, points=replace(found, **wrong))
        return replace(honest, classes=classes, ledger=assess(evidence_of(model, classes), 5))

    monkeypatch.setattr(sampled_census, "multistart", mistaken)
    census = sampled_homotopy(model, couplings, 5, 0, SampledHomotopyOptions(paths=63, certify="real"))
    points = census.points()[0]
    assert not points.degenerate.any()
    assert np.array_equal(np.bincount(points.index, minlength=6), census.ledger.points_by_index)
    assert census.ledger.status == honest.ledger.status == COMPLETE
    assert census.ledger.morse_sum == honest.ledger.morse_sum


def test_unresolved_paths_are_counted_both_ways(instance_of):
    model, couplings, system = instance_of(6)
    truth = enumerate_landscape(model, couplings, 5, 0, OPTIONS).census
    sample = sample_solutions(system, 40, ("both",), OPTIONS)
    doubtful = replace(sample, resolved=np.arange(40) >= 3)
    sure, unsure = (judge(truth, couplings, s, system, 0) for s in (sample, doubtful))
    assert unsure.sample.recall.lower < sure.sample.recall.lower
    assert unsure.sample.number.upper - unsure.sample.number.lower > (
        sure.sample.number.upper - sure.sample.number.lower
    )
    assert unsure.books.unresolved == 3


def test_disagreement_between_runs_is_unresolved(instance_of):
    system = instance_of(6)[2]
    tracked = follow(system, start_weights(6, "book"), np.arange(63), TrackerSettings())
    endpoints = tracked.endpoints.copy()
    endpoints[[3, 4]] = endpoints[[4, 3]]
    other = replace(tracked, endpoints=endpoints)
    assert list(np.flatnonzero(~agree(tracked, other, system))) == [3, 4]


def test_hurried_paths_stay_unresolved(instance_of):
    model, couplings, _ = instance_of(6)
    hurried = SampledHomotopyOptions(paths=20, most_steps=2, attempts=2)
    census = sampled_homotopy(model, couplings, 5, 0, hurried)
    assert census.books.unresolved == 20
    assert math.isnan(census.sample.number.estimate)
    assert (census.sample.recall.lower, census.sample.recall.upper) == (0, 1)


def test_no_miss_is_worth_as_much_as_was_sampled():
    # 300 sampled points and no miss: recall >= 99% at 95%.
    assert estimate_recall(np.ones(300, bool)).lower == pytest.approx(0.05 ** (1 / 300))


def test_too_many_paths_to_number_are_refused():
    with pytest.raises(ValueError, match=r"at most 2\^62; use finder multistart"):
        FINDERS["sampled-homotopy"].effort(build("pspin", {"xi": "q^3"}, 64), SampledHomotopyOptions())
    effort = FINDERS["sampled-homotopy"].effort(build("pspin", {"xi": "q^3"}, 40), SampledHomotopyOptions())
    assert effort.seconds > 1
