"""Cells of low indices: what they say, what they don't, and the section on the bottom of landscapes.

The truth is drawn: energies and spectra by the exact law of q^3 at N = 12, numbers by Poisson's law with the
exact means, so that counts tests have the right null; mirror images are there as in an odd census.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import xarray as xr
from scipy.stats import f, ncf

from morsecensus.analysis.agreement.exact import judge_counts, low_law
from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.agreement.sampled import judge_means
from morsecensus.analysis.dataset.cells import Cell, Study
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.counts import estimate_counts
from morsecensus.analysis.results import StudyResult, measure_study
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.sampler import sample_critical_points
from morsecensus.analysis.topics.base import Chapter, Topic, chapter_of
from morsecensus.analysis.topics.bottom import scaling
from morsecensus.analysis.topics.bottom.bands import jackknife, measure, shape
from morsecensus.analysis.topics.bottom.gaps import expected_below, gaps_of
from morsecensus.analysis.topics.bottom.measure import find
from morsecensus.analysis.topics.bottom.section import BottomOfLandscapes
from morsecensus.analysis.topics.bottom.tables import BANDS, DECLARED, NUMBERS
from morsecensus.analysis.topics.counts.section import count_rows
from morsecensus.analysis.topics.energies.section import histogram_rows
from morsecensus.analysis.topics.registry import TOPICS
from morsecensus.tasks.covariance import Covariance

N, POOL = 12, 20000


@lru_cache
def pool(n, index):
    """Many equally weighted exact points of one index: energy, smallest and largest eigenvalue."""
    law = sample_critical_points(FiniteN(Covariance.pure(3), n), index, POOL, seed=index)
    drawn = law.resample(POOL, seed=index)
    return np.stack([drawn.energy, drawn.hessian.min(axis=1), drawn.hessian.max(axis=1)], axis=1)


@lru_cache
def means(n):
    return FiniteN(Covariance.pure(3), n).by_index()


def whole_counts(n, landscapes, rng):
    """Poisson numbers of the lower half of the indices: their images have the same."""
    return rng.poisson(means(n)[: n // 2], (landscapes, n // 2))


def dataset(n, counts, rng, sought=None, state=None):
    """A census with these numbers of index 0, 1, ...; of a search of low indices if ``sought`` is given."""
    landscapes = len(counts)
    rows, owner = [], []
    for k in range(counts.shape[1]):
        own = np.repeat(np.arange(landscapes), counts[:, k])
        energy, low, high = pool(n, k)[rng.integers(0, POOL, len(own))].T
        hits = rng.integers(1, 50, len(own))
        rows += [np.stack([energy, np.full(len(own), k), low, high, hits], axis=1)]
        rows += [np.stack([-energy, np.full(len(own), n - 1 - k), -high, -low, hits], axis=1)]
        owner += [own, own]
    table, place = np.concatenate(rows), np.concatenate(owner)
    order = np.lexsort((table[:, 0], place))
    energy, index, low, high, hits = table[order].T
    by_index = np.zeros((landscapes, n), int)
    by_index[:, : counts.shape[1]] = counts
    by_index += by_index[:, ::-1]
    held = by_index.sum(axis=1)
    one, several = np.ones(landscapes, int), np.ones((landscapes, n))
    columns = {name: 2 * one for name in ("morse_check", "parity_check")}
    columns |= {name: 0 * one for name in ("bound_check", "reason", "n_degenerate")}
    columns |= {"status": one * (sought is not None), "n_points": held, "row_size": held, "n_rounds": one}
    columns |= {"n_starts": one, "bound": np.full(landscapes, 2.0**n - 2), "chao1": held + 1.0}
    columns |= {"coverage_lower": 0.9 * one, "n_paths": -one, "n_jumps": -one}
    wide = {"points_by_index": by_index, "coverage_lower_by_index": 0.9 * several}
    if sought is not None:
        known = np.full((landscapes, n), -1)
        known[:, : sought + 1] = 0 if state is None else state
        known[:, n - 1 - sought :] = known[:, sought::-1]
        wide |= {"state_by_index": known, "recapture_by_index": by_index.astype(float)}
        wide |= {"recapture_upper_by_index": by_index + 2.0, "chao1_by_index": by_index + 1.0}
        columns["graph_components"] = one
    points = {"energy": energy, "index": index.astype(int), "lambda_min": low, "lambda_max": high}
    points |= {"hits": hits.astype(int), "hits_below": (hits // 2).astype(int)}
    return xr.Dataset(
        {name: ("landscape", values) for name, values in columns.items()}
        | {name: (("landscape", "morse_index"), values) for name, values in wide.items()}
        | {name: ("row", values) for name, values in points.items()},
        attrs={"model": "pspin", "xi": "q^3", "field": 0.0, "n": n, "seed": 1},
    )


def low_cell(counts, seed, sought=1, n=N, name="c0000", state=None):
    held = dataset(n, counts[:, : sought + 1], np.random.default_rng(seed), sought, state)
    return Cell(name, held, len(counts), "low-index {}")


def draw(seed, landscapes=200, n=N):
    return whole_counts(n, landscapes, np.random.default_rng(seed))


def study_of(*cells):
    study = Study("bottom", cells, {})
    return StudyResult(study, tuple(measure_study(study)))


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


def test_bands_are_of_points_and_of_hits():
    low = low_cell(draw(8, 40), 8)
    data, bottom = low.dataset, measure(low)
    minima = data["index"].values == 0
    energy = data["energy"].values[minima]
    above = (data["hits"] - data["hits_below"]).values[minima]
    assert bottom.bands[0].points == minima.sum()
    assert bottom.bands[0].mean == pytest.approx(energy.mean())
    assert bottom.bands[0].sd == pytest.approx(energy.std())
    assert bottom.bands[0].lowest == energy.min()
    assert bottom.bands[0].highest == energy.max()
    assert bottom.weighted.mean == pytest.approx(np.average(energy, weights=above))
    assert bottom.softest.lowest == data["lambda_min"].values[minima].min() > 0
    own = energy[: int(data["points_by_index"].values[0, 0])]
    np.testing.assert_array_equal(bottom.levels[0][: len(own)], own[:6])
    assert np.nansum(bottom.shares, axis=1) == pytest.approx(np.ones(40))


def test_errors_by_leaving_out_are_those_of_the_mean():
    rng = np.random.default_rng(1)
    values = rng.exponential(size=(50, 30))  # landscapes of 30 points
    sums = np.stack([np.sum(values**power, axis=1) for power in range(4)], axis=1)
    value, error = jackknife(sums, shape)
    means = values.mean(axis=1)
    assert value[0] == pytest.approx(means.mean())
    assert error[0] == pytest.approx(means.std(ddof=1) / np.sqrt(50))
    assert abs(value[1] - 1) < 4 * error[1] < 0.3
    assert abs(value[2] - 2) < 4 * error[2] < 2


def test_levels_of_a_poisson_process_unfold_to_one():
    law = low_law(low_cell(draw(9, 5), 9))
    rng = np.random.default_rng(2)
    number = np.cumsum(rng.exponential(size=(400, 4)), axis=1)
    grid = np.linspace(-2.4, -0.6, 4001)
    below = np.cumsum(law.count_by_index(np.concatenate([[-np.inf], grid]))[0])
    levels = np.where(number < below[-1], np.interp(number, below, grid), np.nan)[:, :2]
    np.testing.assert_allclose(expected_below(law, levels)[:, 0], number[:, 0], rtol=1e-3, atol=1e-3)
    for gap in gaps_of(levels, law):
        assert abs(gap.unfolded - 1) < 4 * gap.unfolded_se + 0.1  # levels that are nan were the highest
    even = np.interp(np.arange(1, 3) + rng.normal(0, 0.05, (400, 1)), below, grid)
    assert gaps_of(even, law)[1].p_value < 1e-6


def test_exponents_have_the_errors_that_they_say():
    sizes, rng = [20, 30, 40, 60, 80, 100], np.random.default_rng(4)
    n = np.array(sizes, float)
    found = []
    for _ in range(200):
        noise = 0.01 * rng.standard_normal((2, 6))
        power = scaling.power("width", sizes, -(n**-0.7) * (1 + noise[0]), 0.01 * n**-0.7)
        lowest = 0.8 * np.log(n) / n + 0.3 / n + 0.001 * noise[1]
        log = scaling.logarithm("lowest", sizes, lowest, np.full(6, 1e-5), 0.8)
        found.append([(power.value - 0.7) / power.error, power.p_value, (log.value - 0.8) / log.error])
    found = np.array(found)
    assert np.abs(found.mean(axis=0)[[0, 2]]).max() < 0.28  # 4 / sqrt(200)
    np.testing.assert_allclose(found.std(axis=0)[[0, 2]], 1, atol=0.2)
    assert 0.4 < found[:, 1].mean() < 0.6


def test_no_exponent_without_a_sign_or_through_two_points():
    errors = np.full(3, 0.1)
    assert scaling.power("x", [20, 30, 40], np.array([0.3, 0.25, -0.3]), errors) is None
    assert scaling.power("x", [20, 30, 40], np.array([0.3, 0.25, 0.1]), errors) is None
    assert scaling.power("x", [20, 30], np.array([0.3, 0.25]), errors[:2]) is None


def test_the_section(tmp_path):
    cells = [low_cell(draw(n, 15, n), n, 1, n, f"c{n:04d}") for n in (8, 10, 12)]
    found = chapter_of(BottomOfLandscapes(), study_of(*cells))
    entries, parts = found.write(tmp_path)
    assert [title for _, title in entries] == ["Bottom of the landscape: Spherical p-spin, ξ = q^3"]
    assert len(list(tmp_path.glob("bottom-1-*.svg"))) == 3
    text = " ".join(part.html for part in parts)
    assert "no mean lacks anything" in text
    rows = found.tables()
    for table in DECLARED:
        table.write(tmp_path, rows[table])
    assert [row["index"] for row in rows[NUMBERS]] == [0, 1] * 3
    assert {row["weight"] for row in rows[BANDS]} == {"counted", "hits"}
    for row in rows[BANDS]:
        if row["weight"] == "counted":
            assert abs(row["mean"] - row["exact_mean"]) < 5 * row["mean_se"]
    assert any(row["quantity"] == "index 0: sd" and row["value"] > 0 for row in rows[DECLARED[-1]])


def test_an_index_without_any_point_has_its_rows(tmp_path):
    found = chapter_of(BottomOfLandscapes(), study_of(low_cell(np.array([[1, 0, 0, 0]] * 5), 1, 1, 8)))
    _, parts = found.write(tmp_path)
    minima, saddles = found.tables()[NUMBERS]
    assert (minima["mean"], saddles["mean"], saddles["complexity"]) == (1, 0, None)
    assert saddles["exact_complexity"] < 0.5
    assert "Bottom" in " ".join(part.html for part in parts)


def test_what_is_sought_of_an_odd_landscape_is_its_lower_half():
    assert low_cell(draw(2, 5, 8), 2, sought=3, n=8).sought == 3
    assert low_cell(draw(2, 5, 8), 2, sought=1, n=8).sought == 1


def test_minima_of_one_energy_are_one_level():
    """An even landscape has each minimum twice; nobody need know that it is even."""
    low = low_cell(draw(8, 10), 8)
    data = low.dataset
    twice = data.isel(row=np.repeat(np.arange(data.sizes["row"]), 2))
    twice["row_size"] = twice["n_points"] = 2 * data["row_size"]
    twice["points_by_index"] = 2 * data["points_by_index"]
    once, again = measure(low), measure(Cell("c0000", twice, 10, "low-index {}"))
    for name in ("levels", "distinct", "shares", "ground"):
        np.testing.assert_array_equal(getattr(once, name), getattr(again, name))
    np.testing.assert_array_equal(once.distinct, data["points_by_index"].values[:, 0])


def test_errors_of_fits_take_in_what_open_indices_may_lack():
    """Of a band that lost half of its highest tenth: only widened errors hold the shift."""
    counts = draw(12, 200)
    whole = find(study_of(low_cell(counts, 12)).families)[0].cells[0]
    assert whole.with_missing(1) is whole.bottom.bands[1]  # all closed
    state = np.zeros((200, 2), int)
    state[:, 1] = 1
    cell = low_cell(counts, 12, state=state)
    data, index = cell.stored, cell.stored["index"].values
    energy = data["energy"].values.copy()
    lost = (energy > np.quantile(energy[index == 1], 0.9)) & (np.arange(len(energy)) % 2 == 0)
    kept = ~((index == 1) & lost)
    owner = np.repeat(np.arange(200), data["row_size"].values)
    fewer = data.isel(row=np.flatnonzero(kept))
    gone = np.bincount(owner[~kept], minlength=200)
    fewer["row_size"] = fewer["n_points"] = data["row_size"] - gone
    numbers = data["points_by_index"].values.copy()
    numbers[:, 1] -= gone
    fewer["points_by_index"] = (("landscape", "morse_index"), numbers)
    fewer["recapture_upper_by_index"] = data["points_by_index"]
    fewer["chao1_by_index"] = data["points_by_index"]
    found = find(study_of(Cell("c0000", fewer, 200, "low-index {}")).families)[0].cells[0]
    cut, wide, true = found.bottom.bands[1], found.with_missing(1), whole.bottom.bands[1]
    for name in ("mean", "sd"):
        off = abs(getattr(cut, name) - getattr(true, name))
        assert getattr(cut, f"{name}_se") < off < getattr(wide, f"{name}_se")


def test_the_rate_is_that_of_the_scale_of_the_couplings():
    scaled = low_cell(draw(2, 5, 8), 2, n=8)
    scaled.stored.attrs["xi"] = "2*q^3"
    slope = find(study_of(scaled).families)[0].slope
    assert slope == pytest.approx(find(study_of(low_cell(draw(2, 5, 8), 2, n=8)).families)[0].slope / 2**0.5)


def test_studies_without_low_cells_have_no_section():
    cell = Cell("c0000", dataset(8, draw(1, 12, 8), np.random.default_rng(0)), 12, "homotopy {}")
    assert find(study_of(cell).families) == []
    assert Chapter(BottomOfLandscapes(), []).sections == []
