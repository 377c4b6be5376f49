"""The bias audit on data whose misses and hit probabilities are planted, and on a small real study.

Scores beyond 4.5 standard errors are called wrong: 1e-5 for each of some ten numbers. Seeds are arbitrary.
"""

import csv
import dataclasses
import re

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import beta

from morsecensus.analysis.dataset.cells import Cell, finder_labels, open_study
from morsecensus.analysis.page.markup import render
from morsecensus.analysis.report import write_report
from morsecensus.analysis.results import finder_of_family
from morsecensus.analysis.topics.audit.calibration import calibrate
from morsecensus.analysis.topics.audit.hits import features_of, fit_slopes, measure_hits, mirrored
from morsecensus.analysis.topics.audit.matching import join, read_points
from morsecensus.analysis.topics.audit.measure import audit_cells, budget_labels
from morsecensus.analysis.topics.audit.naive import naive_averages
from morsecensus.analysis.topics.audit.recall import check_claims, estimate_recall
from morsecensus.analysis.topics.audit.section import BiasAudit
from morsecensus.analysis.topics.layout import lay_out
from morsecensus.analysis.topics.verdicts.measure import repeated_cells
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.tasks.measurables.words import ERROR, REASONS
from support.audited import ENUMERATED, FEW_HITS, OPEN, make_cell, random_landscapes
from support.figures import unrendered

FARTHEST = 4.5


def joined_cells(truth, found):
    everything = np.ones(truth.landscapes, bool)
    points = read_points(truth, everything)
    return join(points, found, read_points(found, np.ones(found.landscapes, bool)))


# --- matching


def test_planted_misses_give_exactly_that_recall():
    rng = np.random.default_rng(1)
    true = random_landscapes(rng, 40, 30)
    missed = np.zeros(5, int)
    found = []
    for points in true:
        lost = rng.random(len(points)) < 0.2
        for (_, k, _), gone in zip(points, lost, strict=True):
            missed[int(k)] += gone
        # another finder agrees to round-off, not to the bit, and may list points in another order
        kept = [
            (e + rng.normal() * 1e-13, k, 7) for (e, k, _), gone in zip(points, lost, strict=True) if not gone
        ]
        found.append([kept[i] for i in rng.permutation(len(kept))])
    joined = joined_cells(make_cell("t", 5, true, finder="homotopy"), make_cell("m", 5, found))
    every, *by_index = estimate_recall(joined)
    total = np.bincount([int(k) for points in true for _, k, _ in points], minlength=5)
    assert every.index is None
    assert (every.missed, every.points) == (missed.sum(), 1200)
    assert [(row.index, row.missed, row.points) for row in by_index] == list(
        zip(range(5), missed, total, strict=True)
    )
    assert every.recall == pytest.approx(1 - missed.sum() / 1200)
    assert every.low < every.recall < every.high
    assert joined.extra.sum() == 0
    assert set(joined.hits[joined.found]) == {7}
    assert not joined.hits[~joined.found].any()


def test_a_point_that_the_truth_lacks_is_counted():
    true = [[(-1.0, 0, 1), (0.5, 1, 1)], [(-0.7, 0, 1)], [(-1.0, 0, 1)]]
    found = [
        [(-1.0, 0, 4), (0.5, 2, 4)],  # right energy, wrong index
        [(-0.7, 0, 4), (-0.7 + 1e-6, 0, 4)],  # a hundred tolerances away
        [(-0.7, 0, 4), (-1.0, 0, 4)],  # the point of another landscape
    ]
    joined = joined_cells(make_cell("t", 3, true, finder="homotopy"), make_cell("m", 3, found))
    assert list(joined.extra) == [1, 1, 1]
    assert list(joined.found) == [True, False, True, True]
    claims = check_claims(joined)
    assert claims.closed == claims.cautious == 0


@pytest.mark.parametrize(("held", "missed", "extra"), [(0, 2, 0), (1, 1, 0), (2, 0, 0), (3, 0, 1)])
def test_ties_of_an_even_landscape_are_matched_by_number(held, missed, extra):
    true = [[(-1.2, 0, 1), (-1.2, 0, 1), (-0.3, 1, 1), (-0.3, 1, 1)]]
    found = [[(-1.2, 0, 5)] * held + [(-0.3, 1, 9)] * 2]
    joined = joined_cells(make_cell("t", 4, true, finder="homotopy"), make_cell("m", 4, found))
    assert int((~joined.found).sum()) == missed
    assert int(joined.extra.sum()) == extra
    assert sorted(joined.hits) == sorted([5] * min(held, 2) + [0] * missed + [9, 9])


def test_no_landscape_and_no_point():
    true = make_cell("t", 3, [[(-1.0, 0, 1)], []], finder="homotopy")
    joined = joined_cells(true, make_cell("m", 3, [[], []]))
    assert [row.missed for row in estimate_recall(joined)] == [1, 1]
    assert measure_hits(joined) is None
    empty = joined.only(np.zeros(0, np.int64))
    assert estimate_recall(empty) == []
    assert calibrate(empty, None) is None


# --- recall


def test_nothing_missed_is_no_proof():
    true = random_landscapes(np.random.default_rng(2), 60, 10)
    joined = joined_cells(make_cell("t", 5, true, finder="homotopy"), make_cell("m", 5, true))
    row = estimate_recall(joined)[0]
    assert (row.recall, row.high, row.lacking) == (1, 1, 0)
    assert row.low == pytest.approx(0.05 ** (1 / 60))
    assert "Clopper-Pearson" in row.method


def test_one_landscape_has_no_interval_of_its_misses():
    """Drawn again it is always the same, or it isn't drawn."""
    alone = [[(-1.0, 0, 1), (-0.5, 0, 1), (0.2, 1, 1)]]
    cell = make_cell("t", 3, alone, finder="homotopy")
    for row in estimate_recall(joined_cells(cell, make_cell("m", 3, [alone[0][1:]])))[:2]:
        assert row.missed == row.landscapes == 1
        assert np.isnan([row.low, row.high]).all()
        assert row.method == "none: one landscape"
    (audit,) = audit_cells([cell, make_cell("m", 3, [alone[0][1:]], options=ROUNDS)])
    page = render("t", lay_out(BiasAudit().section(audit), {}))
    assert "66.7% (one landscape)" in page
    assert "nan" not in page.lower()
    assert list(BiasAudit().figures(audit))
    # nor has an index that one of several holds
    true = [*alone, [(-0.7, 0, 1)], [(-0.7, 0, 1), (-0.6, 0, 1)]]
    found = [[(-1.0, 0, 1), (-0.5, 0, 1)], [], [(-0.7, 0, 1), (-0.6, 0, 1)]]
    every, minima, saddles = estimate_recall(
        joined_cells(make_cell("t", 3, true, finder="homotopy"), make_cell("m", 3, found))
    )
    assert every.low < every.recall < every.high
    assert (minima.method, every.method) == ("bootstrap", "bootstrap")
    assert (saddles.index, saddles.recall) == (1, 0)
    assert np.isnan([saddles.low, saddles.high]).all()


def test_interval_of_the_recall_knows_that_misses_come_together():
    """Half of the misses fall on whole landscapes; an interval for independent points covers too rarely."""
    rng = np.random.default_rng(3)
    true = random_landscapes(rng, 60, 20)
    cell = make_cell("t", 5, true, finder="homotopy")
    inside = np.zeros(2, int)
    for _ in range(200):
        found = [
            [] if gone else [row for row, one in zip(points, rng.random(20) < 0.9, strict=True) if one]
            for points, gone in zip(true, rng.random(60) < 0.1, strict=True)
        ]
        row = estimate_recall(joined_cells(cell, make_cell("m", 5, found)))[0]
        independent = 1.96 * np.sqrt(row.recall * (1 - row.recall) / row.points)
        inside += [row.low <= 0.81 <= row.high, abs(row.recall - 0.81) <= independent]
    # 95% of 200 is 190, with a standard deviation of 3; percentiles of 60 landscapes are a bit narrow
    assert 176 <= inside[0] <= 200
    assert inside[1] < 140


def test_claims_against_what_is_lacking():
    true = random_landscapes(np.random.default_rng(4), 6, 8)
    found = [points[:-1] if i in (0, 3) else points for i, points in enumerate(true)]
    status = [0, 0, 0, OPEN, OPEN, OPEN]
    joined = joined_cells(make_cell("t", 5, true, finder="homotopy"), make_cell("m", 5, found, status=status))
    claims = check_claims(joined)
    assert (claims.closed, claims.wrong, claims.cautious) == (3, 1, 2)
    assert claims.wrong_upper == pytest.approx(beta.ppf(0.95, 2, 2))


def test_indices_of_products_of_spheres_go_beyond_n():
    """Three circles of n = 2: dimension 3. Counts of index 2 and 3 belong to no other landscape or index."""
    true = [[(-1.0, 0, 1), (-0.2, 1, 1), (0.2, 2, 1), (1.0, 3, 1)], [(-0.5, 0, 1), (0.5, 3, 1)]]
    found = [[(-1.0, 0, 4), (-0.2, 1, 4), (1.0, 3, 4)], [(-0.5, 0, 4), (0.5, 3, 4)]]
    truth = make_cell("t", 2, true, finder="homotopy", levels=4)
    joined = joined_cells(truth, make_cell("m", 2, found, levels=4))
    rows = [(row.index, row.points, row.missed) for row in estimate_recall(joined)]
    assert rows == [(None, 6, 1), (0, 2, 0), (1, 1, 0), (2, 1, 1), (3, 2, 0)]
    np.testing.assert_allclose(features_of(joined.truth)["index"], [0, 1 / 3, 1 / 3, 0, 0, 0])


# --- hits


def drawn_hits(rng, truth, chance, starts=300):
    """Multinomial hits in every landscape with these chances of the true points (not normalised)."""
    hits = np.zeros(len(truth.owner))
    for landscape in range(truth.landscapes):
        rows = truth.owner == landscape
        hits[rows] = rng.multinomial(starts, chance[rows] / chance[rows].sum())
    return hits


@pytest.fixture(scope="module")
def truth():
    cell = make_cell("t", 5, random_landscapes(np.random.default_rng(5), 80, 25), finder="homotopy")
    return read_points(cell, np.ones(80, bool))


def test_slopes_recover_what_was_planted(truth):
    rng = np.random.default_rng(6)
    features = features_of(truth)
    table = np.stack([features["energy"], features["index"]], axis=1)
    assert abs(np.corrcoef(table.T)[0, 1]) > 0.4  # index follows energy: alone, each sees the other's effect
    hits = drawn_hits(rng, truth, np.exp(-1.5 * features["energy"]))
    assert (hits == 0).any()
    slope, se = fit_slopes(truth, table, hits)
    assert abs(slope[0] + 1.5) < FARTHEST * se[0]
    assert abs(slope[0]) > 10 * se[0]
    assert abs(slope[1]) < FARTHEST * se[1]
    alone, alone_se = fit_slopes(truth, table[:, [1]], hits)
    assert abs(alone[0]) > 10 * alone_se[0]


def test_uniform_hits_have_no_slope(truth):
    """The negative control."""
    features = features_of(truth)
    table = np.stack(list(features.values()), axis=1)
    hits = drawn_hits(np.random.default_rng(7), truth, np.ones(len(truth.owner)))
    slope, se = fit_slopes(truth, table, hits)
    assert (np.abs(slope) < FARTHEST * se).all()
    # and it would have seen a change by a tenth over the range of the energies
    assert se[0] * np.ptp(table[:, 0]) < 0.1


def test_errors_of_slopes_are_over_landscapes(truth):
    """Slopes that differ from landscape to landscape: the sandwich against leaving out landscapes."""
    rng = np.random.default_rng(8)
    energy = features_of(truth)["energy"]
    own = rng.normal(-1.0, 1.0, truth.landscapes)[truth.owner]
    hits = drawn_hits(rng, truth, np.exp(own * energy))
    _, se = fit_slopes(truth, energy[:, None], hits)
    left = []
    for out in range(truth.landscapes):
        ids = np.delete(truth.ids, out)
        rows = truth.owner != out
        left.append(fit_slopes(truth.only(ids), energy[rows][:, None], hits[rows])[0][0])
    jackknife = np.sqrt(79 / 80 * np.sum((np.array(left) - np.mean(left)) ** 2))
    assert se[0] == pytest.approx(jackknife, rel=0.05)


def test_slopes_that_the_data_do_not_fix_are_unknown(truth):
    energy = features_of(truth)["energy"][:, None]
    only = np.zeros(len(energy))
    only[np.unique(truth.owner, return_index=True)[1]] = 5  # the lowest point of each landscape
    lowest = truth.energy[:, None]
    assert np.isnan(fit_slopes(truth, lowest, only)[0]).all()
    assert np.isnan(fit_slopes(truth, np.ones_like(energy), only)[0]).all()
    assert np.isnan(
        fit_slopes(truth.only(truth.ids[:2]), energy[truth.owner < 2], only[truth.owner < 2])[1]
    ).all()


def test_profiles_of_hits_by_hand():
    """Two landscapes with mean hits 10 and 100; spectra give the determinants; mirror images fold."""
    true = [[(-1.0, 0, 1), (1.0, 2, 1)], [(-0.5, 0, 1), (0.1, 1, 1), (0.5, 2, 1)]]
    found = [[(-1.0, 0, 15), (1.0, 2, 5)], [(-0.5, 0, 200), (0.5, 2, 100)]]
    spectra = np.array([[1, 2], [-2, -1], [1, 3], [-1, 1], [-3, -1]], dtype=float)
    joined = joined_cells(
        make_cell("t", 3, true, finder="homotopy", spectra=spectra), make_cell("m", 3, found)
    )
    features = features_of(joined.truth)
    np.testing.assert_allclose(features["energy"], [-1, -1, -0.5, -0.1, -0.5])
    np.testing.assert_allclose(features["index"], [0, 0, 0, 0.5, 0])
    np.testing.assert_allclose(features["log_det"], np.log([2, 2, 3, 1, 3]) / 3)
    result = measure_hits(joined)
    profile = next(p for p in result.profiles if p.feature == "index")
    np.testing.assert_allclose(profile.centre, [0, 0.5])
    np.testing.assert_allclose(profile.mean, [(1.5 + 0.5 + 2 + 1) / 4, 0])
    # residuals of the first bin: -0.5 and 0.5 in the sums over landscapes, over 4 points
    # one landscape fills the second, which has no error over landscapes
    np.testing.assert_allclose(profile.se, [np.sqrt(2 * 0.5) / 4, np.nan])
    assert list(profile.points) == [4, 1]
    assert result.fixed
    assert result.mean_hits == pytest.approx(64)


def law_of(model, **parameters):
    """A cell of another model, as far as its law goes."""
    cell = make_cell("m", 3, [[(-1.0, 0, 9), (0.5, 2, 1)]])
    attrs = {"model": model, "n": 3, "seed": 1} | parameters
    return Cell("m", cell.stored.drop_attrs().assign_attrs(attrs), 1, cell.finder)


@pytest.mark.parametrize(
    ("cell", "both_signs"),
    [
        (law_of("pspin", xi="q^3", field=0.0), True),
        (law_of("pspin", xi="0.5*q^3+0.5*q^4", field=0.0), True),
        (law_of("spiked", xi="q^3", signal="2*q^3"), True),
        (law_of("spiked", xi="q^3+q^4", signal="2*q^3"), True),
        (law_of("spiked", xi="q^3", signal="2*q^2"), False),
        (law_of("matrix-tensor", p=3, delta2=0.5, deltap=1.0), False),
        (law_of("partite", sizes="1,1,1"), True),
        (law_of("a stranger's"), False),
    ],
)
def test_only_what_has_both_signs_is_folded(cell, both_signs):
    """An even signal is below zero in every landscape: maxima of H aren't its minima upside down."""
    assert mirrored(cell) == both_signs


def test_without_the_symmetry_nothing_is_folded():
    true, found = [[(-1.0, 0, 1), (0.5, 2, 1)]] * 3, [[(-1.0, 0, 9), (0.5, 2, 1)]] * 3
    attrs = {"model": "spiked", "xi": "q^3", "signal": "2*q^2", "n": 3, "seed": 1}
    truth, cell = make_cell("t", 3, true, finder="homotopy"), make_cell("m", 3, found, options=ROUNDS)
    for one in (truth, cell):
        one.stored.attrs.clear()
        one.stored.attrs.update(attrs)
    joined = joined_cells(truth, cell)
    (index,) = [profile for profile in measure_hits(joined).profiles if profile.feature == "index"]
    np.testing.assert_allclose((index.centre, index.mean), ([0, 1], [1.8, 0.2]))
    rows = {(row.quantity, row.kind): row for row in naive_averages(joined)}
    assert rows["energy", "hits"].naive == pytest.approx(-0.9 + 0.05)
    (audit,) = audit_cells([truth, cell])
    page = str(BiasAudit().section(audit))
    assert "nothing is folded" in page
    assert "H and −H have one law" not in page


# --- naive averages


def test_naive_averages_by_hand():
    true = [
        [(-1.0, 0, 1), (-0.2, 1, 1), (0.2, 1, 1), (1.0, 2, 1)],
        [(-0.6, 0, 1), (0.6, 2, 1)],
        [(-0.1, 0, 1)],
    ]
    found = [[(-1.0, 0, 3), (0.2, 1, 1)], [(-0.6, 0, 8), (0.6, 2, 8)], []]
    joined = joined_cells(make_cell("t", 3, true, finder="homotopy"), make_cell("m", 3, found))
    rows = {(row.quantity, row.kind): row for row in naive_averages(joined)}
    by_hits, distinct = rows["energy", "hits"], rows["energy", "distinct"]
    assert by_hits.landscapes == distinct.landscapes == 2  # the third has no average
    assert by_hits.truth == pytest.approx((-0.6 - 0.6) / 2)
    assert by_hits.naive == pytest.approx(((-3 - 0.2) / 4 - 0.6) / 2)
    assert by_hits.difference == pytest.approx((-0.8 + 0.6) / 2)
    assert by_hits.se == pytest.approx(0.2 / 2)
    assert distinct.difference == pytest.approx(0)
    assert rows["minima", "hits"].difference == pytest.approx((3 / 4 - 1 / 4 + 0) / 2)
    assert rows["index", "hits"].naive == pytest.approx((0.5 / 4 + 0) / 2)


# --- calibration


def test_calibration_by_hand():
    true = [[(-1.0, 0, 1), (-0.2, 1, 1), (0.2, 1, 1), (1.0, 2, 1)], [(-0.6, 0, 1), (0.6, 2, 1)]]
    much = [[(-1.0, 0, 60), (-0.2, 1, 30), (0.2, 1, 10)], [(-0.6, 0, 50), (0.6, 2, 50)]]
    little = [[(-1.0, 0, 2), (0.2, 1, 1)], [(-0.6, 0, 3)]]
    truth = make_cell("t", 3, true, finder="homotopy")
    reference = joined_cells(truth, make_cell("r", 3, much))
    columns = {
        "n_starts": [64, 64],
        "coverage": [0.9, 0.7],
        "coverage_lower": [0.6, 0.6],
        "chao1": [3.0, 2.0],
        "chao1_lower": [2.0, 1.0],
        "chao1_upper": [3.5, 5.0],
    }
    joined = joined_cells(truth, make_cell("m", 3, little, **columns))
    found = calibrate(joined, reference)
    np.testing.assert_allclose(found.coverage.true, [0.7, 0.5])
    assert found.coverage.error == pytest.approx(0.2)
    assert found.coverage.error_se == pytest.approx(0)
    assert found.coverage.held == 0.5
    assert (found.chao_ratio, found.found_ratio) == (pytest.approx(0.875), pytest.approx(0.5))
    assert found.inside == 0.5
    assert found.inside_interval == pytest.approx((1 - 0.975**0.5, 0.975**0.5))
    # a cell may share its starts with the reference: then the reference knows nothing of what both missed
    assert (
        calibrate(joined_cells(truth, make_cell("m", 3, little, n_starts=[101, 101])), reference).coverage
        is None
    )


# --- cells of a study

ROUNDS = {"starts_per_round": 64, "max_rounds": 1, "min_hits": 5}


def test_only_enumerated_and_computed_landscapes_count():
    rng = np.random.default_rng(9)
    true = random_landscapes(rng, 5, 6)
    reason = [ENUMERATED, ENUMERATED, REASONS.index("paths_open"), ENUMERATED, ENUMERATED]
    truth = make_cell("c0", 5, true, finder="homotopy", reason=reason, status=[0, 0, 1, 0, 0])
    computed = [[] if i == 4 else points[1:] for i, points in enumerate(true)]
    cell = make_cell(
        "c1", 5, computed, options=ROUNDS, reason=[FEW_HITS] * 4 + [ERROR], status=[1, 1, 1, 1, 2]
    )
    (audit,) = audit_cells([truth, cell])
    (size,) = audit.sizes
    assert (size.enumerated, size.landscapes) == (4, 5)
    (found,) = size.cells
    assert found.landscapes == 3
    assert (found.recall[0].points, found.recall[0].missed) == (18, 3)
    assert found.calibration.coverage is None  # it is its own reference


def test_no_audit_without_truth_or_without_multistart(census_store):
    assert audit_cells(open_study(census_store).cells) == []
    truth = make_cell("c0", 5, random_landscapes(np.random.default_rng(10), 3, 6), finder="homotopy")
    assert audit_cells([truth]) == []
    other_seed = make_cell("c1", 5, random_landscapes(np.random.default_rng(10), 3, 6), options=ROUNDS)
    other_seed.dataset.attrs["seed"] = 2
    assert audit_cells([truth, other_seed]) == []


def test_the_reference_has_a_fixed_number_of_starts():
    true = random_landscapes(np.random.default_rng(11), 4, 6)
    truth = make_cell("c0", 5, true, finder="homotopy")
    stops = make_cell("c1", 5, true, options=ROUNDS | {"max_rounds": 48}, n_starts=[9000, 9000, 9000, 9064])
    fixed = make_cell("c2", 5, true, options=ROUNDS)
    (audit,) = audit_cells([truth, stops, fixed])
    assert audit.sizes[0].reference == "c2"
    assert audit.budgets == ("64 starts", "until closed")
    (alone,) = audit_cells([truth, stops])
    assert alone.sizes[0].reference == "c1"
    assert not alone.sizes[0].hits.fixed


def test_budgets_and_finders_are_told_apart():
    points = [[(-1.0, 0, 1)]]
    cells = [
        make_cell("c0", 3, points, options=ROUNDS),
        make_cell("c1", 3, points, options=ROUNDS | {"min_hits": 9}),
        make_cell("c2", 3, points, options=ROUNDS | {"max_rounds": 3}),
    ]
    assert list(budget_labels(cells).values()) == [
        "64 starts (multistart, max_rounds 1, min_hits 5)",
        "64 starts (multistart, max_rounds 1, min_hits 9)",
        "until closed",
    ]
    assert list(finder_labels(cells[:1]).values()) == ["multistart"]


def test_finders_are_one_family_unless_they_share_an_n():
    points = [[(-1.0, 0, 1)]]
    small = make_cell("c0", 3, points, finder="homotopy")
    large = make_cell("c1", 4, points)
    both = make_cell("c2", 3, points)
    assert finder_of_family([small, large]) == {}
    assert repeated_cells([small, large]) == set()
    assert finder_of_family([small, large, both]) == {
        "c0": "homotopy",
        "c1": "multistart",
        "c2": "multistart",
    }
    assert repeated_cells([small, large, both]) == {"c2"}


# --- a real study, end to end

STUDY = {
    "name": "audit",
    "seed": 3,
    "cells": [
        {"xi": "q^3", "n": 5, "landscapes": 12, "block": 12, "finder": "homotopy"},
        {"xi": "q^3", "n": 5, "landscapes": 12, "block": 12},
        {
            "xi": "q^3",
            "n": 5,
            "landscapes": 12,
            "block": 12,
            "options": {"starts_per_round": 64, "max_rounds": 1},
        },
    ],
}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    store = str(tmp_path_factory.mktemp("audit") / "store")
    outcome = run_study(parse_study(STUDY), store, Settings("serial"), Console(quiet=True))
    assert not outcome.failed
    return store


@pytest.mark.soak
def test_a_real_study(real, tmp_path):
    study = open_study(real)
    (audit,) = audit_cells(study.cells)
    assert audit.budgets == ("64 starts", "until closed")
    size = audit.sizes[0]
    little = next(cell for cell in size.cells if cell.budget == "64 starts")
    much = next(cell for cell in size.cells if cell.budget == "until closed")
    # counted another way: by numbers of points alone
    true, few = (cell.dataset["n_points"].values for cell in (study.cells[0], study.cells[2]))
    assert little.extra == much.extra == 0
    assert little.recall[0].missed == (true - few).sum() > 0
    assert much.recall[0].missed == 0
    assert much.claims.wrong == 0
    # starts see low points more often than others
    energies = [row for row in little.naive if row.quantity == "energy"]
    assert all(row.difference < 0 for row in energies)

    with unrendered():
        page = write_report(real, tmp_path).read_text(encoding="utf-8")
    assert "Bias audit of multistart: Spherical p-spin" in page
    words = re.sub(r"<[^>]+>", "", page)
    assert words.count("Spherical p-spin, ξ=q3 (homotopy)") >= 2
    with (tmp_path / "tables" / "audit_recall.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["cell"], row["index"]): row for row in csv.DictReader(file)}
    assert int(rows["c0002", "all"]["missed"]) == little.recall[0].missed
    assert rows["c0001", "all"]["recall"] == "1.0"
    vectors = {path.name for path in (tmp_path / "figures").glob("audit-*.svg")}
    assert vectors == {"audit-1-hits.svg", "audit-1-estimates.svg"}


@pytest.mark.soak
def test_a_finder_that_loses_points_is_seen(real):
    """The negative control of the whole audit: one true point in ten is not real."""
    cells = open_study(real).cells
    data = cells[1].dataset.load()
    lost = np.random.default_rng(12).random(cells[1].points) < 0.1
    sizes = np.bincount(data["row_landscape"].values[~lost], minlength=12)
    wrong = data.isel(row=~lost).assign(row_size=("landscape", sizes))
    (audit,) = audit_cells([cells[0], dataclasses.replace(cells[1], stored=wrong)])
    (cell,) = audit.sizes[0].cells
    assert cell.recall[0].missed == lost.sum() > 0
    assert cell.claims.wrong == len(np.unique(data["row_landscape"].values[lost]))
