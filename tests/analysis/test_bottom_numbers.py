"""Cells of low indices: what they say of numbers and what they don't, and the power of what tests them."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import f, ncf

from morsecensus.analysis.agreement.exact import judge_counts, low_law
from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.agreement.sampled import judge_means
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.counts import estimate_counts
from morsecensus.analysis.topics.base import Topic, chapter_of
from morsecensus.analysis.topics.counts.section import count_rows
from morsecensus.analysis.topics.energies.section import histogram_rows
from morsecensus.analysis.topics.registry import TOPICS
from support.low_cells import N, dataset, draw, low_cell, means, study_of, whole_counts


@pytest.fixture(scope="module")
def both():
    """The same numbers as an enumeration has them, and as a search of index 0 and 1 does."""
    counts = draw(3, 60)
    enumerated = Cell("c0000", dataset(N, counts, np.random.default_rng(0)), 60, "homotopy {}")
    return study_of(enumerated, low_cell(counts, 0, name="c0001"))


def test_low_indices_have_the_means_of_an_enumeration_and_others_none(both):
    enumerated, low = (family.cells[0] for family in both.families)
    assert low.cell.sought == 1
    assert enumerated.cell.sought is None
    known = np.isin(np.arange(N), (0, 1, N - 2, N - 1))
    np.testing.assert_array_equal(low.cell.known, known)
    for name in ("mean", "se", "missing"):
        values = low.counts[name].values
        np.testing.assert_array_equal(values[known], enumerated.counts[name].values[known])
        assert np.isnan(values[~known]).all()
    for name in ("total", "total_se", "missing_total", "plausible_missing"):
        assert np.isnan(float(low.counts[name]))
    for name in ("annealed", "quenched", "gap"):
        assert np.isnan(float(low.complexity[name]))
        assert float(low.minima_complexity[name]) == float(enumerated.minima_complexity[name])
    assert np.isnan(float(low.ledger["coverage_lower"]))
    for row in histogram_rows([low]):
        assert np.isnan([row["all"], row["mean_index"]]).all()
        assert np.isfinite(row["minima"])
    for row in count_rows([low]):
        told = [row[name] for name in ("mean", "se", "missing_bound", "missing_plausible", "z")]
        assert np.isfinite(np.array(told, float)).any() == (row["index"] in (0, 1, N - 2, N - 1))
    np.testing.assert_array_equal(low.by_index[:2], enumerated.by_index[:2])
    assert np.isnan(low.by_index[2:]).all()


def test_tests_are_of_what_was_sought(both):
    enumerated, low = ([j.result for j in family.cells[0].judged] for family in both.families)
    assert {"coupling variance", "energy law of all points"} < {each.name for each in enumerated}
    names = {each.name for each in low}
    assert "counts by index" in names
    assert not names & {"coupling variance", "energy law of all points"}
    counts = next(each for each in low if each.name == "counts by index")
    assert counts.note == "indices 0, 1"
    assert counts.dof == 2  # no Morse sum takes one away
    assert counts.p_missing == counts.p_value


def test_topics_of_all_points_are_not_shown_low_cells(both):
    assert [family.cells[0].cell.sought for family in both.whole.families] == [None]
    assert [cell.name for cell in both.whole.study.cells] == ["c0000"]

    class Names(Topic[str]):
        anchor = "names"

        def find(self, study):
            return [cell.name for cell in study.cells]

        def section(self, found):
            return None

    class OfAllPoints(Names):
        whole = True

    assert chapter_of(Names(), both).found == ["c0000", "c0001"]
    assert chapter_of(OfAllPoints(), both).found == ["c0000"]
    alone = study_of(both.study.cells[1])
    for topic in TOPICS:
        if topic.whole:
            assert not chapter_of(topic, alone).found, topic.anchor


def test_open_indices_count_with_a_bound_and_an_estimate():
    counts = draw(5, 20)
    state = np.zeros((20, 2), int)
    state[:5, 1] = 1  # few hits
    low = low_cell(counts, 5, state=state)
    found = estimate_counts(low)
    np.testing.assert_allclose(found["closed"].values[:2], [1, 0.75])
    assert found["missing"].values[0] == 0
    room = 2**N - 2 - 2 * counts[:5, :2].sum(axis=1)
    assert found["missing"].values[1] == pytest.approx(0.5 * room.sum() / 20)
    assert found["plausible"].values[0] == 0
    assert found["plausible"].values[1] == pytest.approx(2 * 5 / 20)  # recapture's upper limit: 2 more each
    assert found["mean"].values[1] == pytest.approx(counts[:, 1].mean())
    lost = counts.copy()
    lost[:, 1] //= 2
    for few in (0, 1):  # half of index 1 is missing, and the ledger says so or doesn't
        cell = low_cell(lost, 5, state=np.full((20, 2), few))
        judged = judge_counts(cell, low_law(cell), estimate_counts(cell)["missing"].values[:2]).result
        assert judged.p_value < 1e-4
        assert (judged.p_missing > 0.05) == few


def test_models_with_sampled_theory_have_tests_of_known_indices():
    """`judge_means` is for models such as products of spheres; exact means stand in for sampled ones here."""
    counts, edges = draw(10, 40), np.linspace(-2, 2, 25)
    low = low_cell(counts, 10)
    theory = low.theory.means(N, edges)
    expected = replace(theory, by_index_covariance=1e-4 * np.eye(N)).of_indices(low.known)
    judged = [one.result for one in scan(low.dataset, judge_means(low, expected, edges))]
    assert [each.name for each in judged] == ["counts by index", "energies of minima"]
    assert judged[0].note == "indices 0, 1"
    assert judged[0].dof == 2
    assert min(each.p_value for each in judged) > 1e-3


def test_states_of_landscapes_that_were_not_computed():
    low = low_cell(draw(6, 4), 6, state=np.full((4, 2), -1))
    assert low.sought == 0
    assert not low.closed.any()


LANDSCAPES, REPEATS = 2400, 40


def rejections(spoil):
    """Share of censuses with spoilt numbers that the counts test rejects."""
    count = 0
    for seed in range(REPEATS):
        rng = np.random.default_rng([7, seed])
        cell = bare(spoil(whole_counts(N, LANDSCAPES, rng)[:, :2], rng))
        count += judge_counts(cell, low_law(cell), np.zeros(2)).result.p_value < LEVEL
    return count / REPEATS


def power(shift):
    """Of T^2 when the mean numbers of index 0 and 1 are off by this, variances being the means."""
    away = LANDSCAPES * np.sum(np.square(shift) / means(N)[:2])
    return ncf.sf(f.isf(LEVEL, 2, LANDSCAPES - 2), 2, LANDSCAPES - 2, away)


def near(share, expected):
    """Within four standard errors of so many repeats."""
    return abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / REPEATS) + 1e-9


def bare(counts):
    """A cell with numbers alone."""
    by_index = np.zeros((len(counts), N), int)
    by_index[:, :2] = counts
    by_index += by_index[:, ::-1]
    state = np.where(by_index.any(axis=0), 0, -1) + 0 * by_index
    wide = {"points_by_index": by_index, "state_by_index": state}
    held = xr.Dataset(
        {name: (("landscape", "morse_index"), values) for name, values in wide.items()}
        | {"bound": ("landscape", np.full(len(counts), 2.0**N - 2))},
        attrs={"model": "pspin", "xi": "q^3", "field": 0.0, "n": N, "seed": 1},
    )
    return Cell("c0000", held, len(counts), "low-index {}")


def test_a_right_census_is_accepted():
    assert rejections(lambda counts, rng: counts) <= 0.1  # 4 of 40; P(5 or more) = 6e-5


def test_hidden_minima_are_noticed_with_the_power_that_is_said():
    """3% of the minima of 2,400 landscapes: power 0.84."""
    expected = power([0.03 * means(N)[0], 0])
    assert expected == pytest.approx(0.84, abs=0.005)

    def hidden(counts, rng):
        return np.stack([rng.binomial(counts[:, 0], 0.97), counts[:, 1]], axis=1)

    assert near(rejections(hidden), expected)


def test_a_wrong_index_by_one_is_noticed_with_the_power_that_is_said():
    """3% of the minima told to be saddles of index 1: power 0.94."""
    wrong = 0.03 * means(N)[0]
    expected = power([-wrong, wrong])
    assert expected == pytest.approx(0.94, abs=0.005)

    def told(counts, rng):
        moved = rng.binomial(counts[:, 0], 0.03)
        return counts + np.stack([-moved, moved], axis=1)

    assert near(rejections(told), expected)


def test_the_loss_that_is_said_to_be_seen_is_seen():
    rng = np.random.default_rng(3)
    cell = bare(whole_counts(N, LANDSCAPES, rng)[:, :2])
    share = judge_counts(cell, low_law(cell), np.zeros(2)).detectable
    assert 0.005 < share < 0.03
    assert near(rejections(lambda counts, rng: rng.binomial(counts, 1 - share)), 0.9)
