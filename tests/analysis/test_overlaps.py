"""Overlaps and variances of counts: the reduction, the tests with their negative controls, the section."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.dataset.batches import Batch
from morsecensus.analysis.dataset.cells import Cell, Study
from morsecensus.analysis.estimates.counts import estimate_counts
from morsecensus.analysis.results import FamilyResult, StudyResult
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.two_point.kinds import Kind, every_index
from morsecensus.analysis.theory.two_point.pairs import count_pairs, uniform_share
from morsecensus.analysis.topics.base import chapter_of
from morsecensus.analysis.topics.pairs import overlaps
from morsecensus.analysis.topics.pairs.measure import ALL, MINIMA, low_minima, overlap_tests, variance_tests
from morsecensus.analysis.topics.pairs.overlaps import (
    batch_pairs,
    measure_overlaps,
    overlap_test,
    uniform_pairs,
)
from morsecensus.analysis.topics.pairs.section import Pairs
from morsecensus.analysis.topics.pairs.variances import poisson_variances, sample_variance, variance_test
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.finders.homotopy.census import homotopy
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.landscapes.spin import MixedSpin

THREE = Covariance.pure(3)
EDGES = np.linspace(-1, 1, 11)


def make_cell(n, tables, xi="q^3"):
    """A cell from (energy, index, positions) of each landscape."""
    sizes = np.array([len(energy) for energy, _, _ in tables])
    by_index = np.array([np.bincount(index, minlength=n) for _, index, _ in tables])
    landscapes = len(tables)
    columns = {name: ("landscape", np.zeros(landscapes, int)) for name in ("status", "reason")}
    columns |= {"n_points": ("landscape", sizes), "row_size": ("landscape", sizes)}
    columns |= {"bound": ("landscape", np.full(landscapes, 2.0**n * 2)), "chao1": ("landscape", sizes * 1.0)}
    columns["points_by_index"] = (("landscape", "morse_index"), by_index)
    columns["energy"] = ("row", np.concatenate([t[0] for t in tables]))
    columns["index"] = ("row", np.concatenate([t[1] for t in tables]))
    columns["position"] = (("row", "component"), np.concatenate([t[2] for t in tables]))
    dataset = xr.Dataset(columns, attrs={"model": "pspin", "xi": xi, "field": 0.0, "n": n, "seed": 1})
    return Cell("c0000", dataset, landscapes)


def thrown(n, size, rng):
    """Independent uniform points with random energies and indices."""
    x = rng.standard_normal((size, n))
    x *= np.sqrt(n) / np.linalg.norm(x, axis=1, keepdims=True)
    return rng.standard_normal(size), rng.integers(0, n, size), x


@pytest.fixture(scope="module")
def census():
    """All points of 120 landscapes of the 3-spin at N = 3, by homotopy."""
    tables = []
    landscape = MixedSpin(THREE, 3)
    for instance in range(120):
        found = homotopy(landscape, landscape.sample(3, instance), 3, instance, HomotopyOptions())
        points, _ = found.points()
        tables.append((np.asarray(points.energy), np.asarray(points.index), np.asarray(points.points)))
    return make_cell(3, tables)


@pytest.mark.parametrize("at_once", [1, 7, 40, 2**20])
def test_every_pair_is_counted_once(monkeypatch, at_once):
    monkeypatch.setattr(overlaps, "PAIRS_AT_ONCE", at_once)
    rng = np.random.default_rng(2)
    tables = [thrown(4, size, rng) for size in (5, 0, 1, 9, 5, 2)]
    tables[3][2][4] = -tables[3][2][1]
    kinds = ((Kind("all"), Kind("all")), (Kind("low", None, -9.0, 0.1), Kind("one", 1)))
    columns = {
        name: np.concatenate([t[i] for t in tables]) for i, name in enumerate(("energy", "index", "position"))
    }
    batch = Batch(6, np.repeat(np.arange(6), [5, 0, 1, 9, 5, 2]), columns, 0)
    found = batch_pairs(batch, 4, kinds, EDGES, True)
    expected = np.zeros((6, 2, 11), int)
    for place, (energy, index, x) in enumerate(tables):
        for i in range(len(x)):
            for j in range(len(x)):
                if i == j:
                    continue
                q = x[i] @ x[j] / 4
                slot = 10 if q < -1 + 1e-9 else min(int((q + 1) * 5), 9)
                expected[place, 0, slot] += 1
                expected[place, 1, slot] += energy[i] <= 0.1 and index[j] == 1
    np.testing.assert_array_equal(found, expected)
    assert batch_pairs(batch, 4, kinds, EDGES, False)[3, 0, 10] == 0


def test_uniform_points_have_the_uniform_law_and_no_other():
    rng = np.random.default_rng(4)
    cell = make_cell(5, [thrown(5, 12, rng) for _ in range(200)], xi="q^3+q^4")
    found = measure_overlaps(cell, [(ALL, ALL)], EDGES)
    assert found.moments[0].mean.sum() == 12 * 11
    right = overlap_test("", found, 0, uniform_pairs(found, 0, 5))
    wrong = overlap_test("", found, 0, uniform_share(7, EDGES) * 132)
    assert right.p_value is not None
    assert right.p_value > 1e-3
    assert wrong.p_value is not None
    assert wrong.p_value < 1e-6


def test_a_census_has_the_overlaps_of_the_two_point_formula(census):
    theory = FiniteN(THREE, 3)
    kinds = (ALL, MINIMA, low_minima(theory))
    exact = count_pairs(theory, kinds, EDGES, draws=20_000)
    found = measure_overlaps(census, [(kind, kind) for kind in kinds], EDGES)
    np.testing.assert_allclose(found.antipodes.mean, [census.points / 120, 0, 0])
    for place in range(3):
        test = overlap_test("", found, place, exact.pairs[:, place, place], exact.se[:, place, place])
        if test.p_value is not None:
            assert test.p_value > 1e-3
    for place in range(2):
        uniform = overlap_test("", found, place, uniform_pairs(found, place, 3))
        assert uniform.p_value is not None
        assert uniform.p_value < 1e-6


def test_a_census_has_the_variances_of_the_two_point_formula(census):
    kinds = every_index(3)
    exact = count_pairs(FiniteN(THREE, 3), kinds, draws=20_000)
    variances, errors = exact.variance()
    right = variance_test(census, exact.means, variances, errors)
    assert right.p_value is not None
    assert right.p_value > 1e-3
    poisson = poisson_variances(kinds, exact.means, 3, -1)
    np.testing.assert_allclose(poisson, exact.means * [2, 1, 2, 1])
    wrong = variance_test(census, exact.means, poisson)
    assert wrong.p_value is not None
    assert wrong.p_value < 1e-6


def test_errors_of_variances():
    drawn = np.random.default_rng(7).exponential(size=(400, 3000))
    variance, error = sample_variance(drawn)
    assert abs(variance.mean() - 1) < 4 * variance.std() / np.sqrt(3000)
    # of an exponential law: fourth central moment 9, so the error is sqrt(8/400); a Gaussian's would be half
    assert np.sqrt(np.mean(error**2)) == pytest.approx(variance.std(), rel=0.1)
    assert variance.std() == pytest.approx(np.sqrt(8 / 400), rel=0.1)
    assert np.isnan(sample_variance(np.ones((3, 2)))[1]).all()


def test_the_section(census, tmp_path, monkeypatch):
    monkeypatch.setattr("morsecensus.analysis.topics.pairs.measure.DRAWS", 6000)
    result = SimpleNamespace(cell=census, n=3, counts=estimate_counts(census))
    family = FamilyResult(census.family, (result,))  # pyright: ignore
    chapter = chapter_of(Pairs(), StudyResult(Study("", (), {}), (family,)))
    found = chapter.found
    entries, parts = chapter.write(tmp_path)
    assert entries[0][0] == "pairs-1"
    tables = {table.name: rows for table, rows in chapter.tables().items()}
    assert {row["kind"] for row in tables["count_variances"]} == {"all", "index 0", "index 1", "index 2"}
    assert len(tables["overlaps"]) == 3 * 40
    (cell,) = found[0].cells
    total = sum(row["pairs"] for row in tables["overlaps"] if row["kind"] == "all points")
    counts = census.dataset["n_points"].values
    assert total == pytest.approx(np.mean(counts * (counts - 1.0) - counts))  # without antipodes
    assert all(test is not None for test in (variance_tests(cell), overlap_tests(cell, 0)[0]))
    page = "".join(part.html for part in parts)
    assert "negative control" in page
    assert {path.suffix for path in tmp_path.iterdir()} == {".svg", ".png"}
    # nothing to show without positions
    bare = Cell("c0", census.dataset.drop_vars("position"), 120)
    result = SimpleNamespace(cell=bare, n=3, counts=result.counts)
    family = FamilyResult(bare.family, (result,))  # pyright: ignore
    nothing = chapter_of(Pairs(), StudyResult(Study("", (), {}), (family,)))
    assert nothing.found == []
    assert nothing.tables() == {}
    assert nothing.write(tmp_path) == ([], [])


def test_what_is_refused(census):
    bare = Cell("c0", census.dataset.drop_vars("position"), 120)
    with pytest.raises(ValueError, match="without positions"):
        measure_overlaps(bare, [(ALL, ALL)], EDGES)
    with pytest.raises(ValueError, match=r"overlap bins: got 0 \.\. 1"):
        measure_overlaps(census, [(ALL, ALL)], [0.0, 1.0])
