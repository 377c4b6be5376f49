"""Universality: moments of the GOE by two routes, the Gaussian bulk at critical points, and the section."""

from types import SimpleNamespace

import numpy as np
import pytest

from morsecensus.analysis.estimates.counts import estimate_counts, summarise_ledger
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.theory.goe.moments import catalan, density_moment, gluings, goe_moment
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.sampler import sample_critical_points
from morsecensus.analysis.topics.base import Chapter
from morsecensus.analysis.topics.universality.measure import (
    ORDERS,
    Universality,
    _fit,
    critical_moments,
    decays,
    find_universality,
    measured_moments,
    moments_below,
)
from morsecensus.analysis.topics.universality.section import OtherLaws
from morsecensus.tasks.covariance import Covariance

THREE = Covariance.pure(3)


def test_gluings_are_the_published_polynomials():
    assert [gluings(k)[1:] for k in (1, 2, 3)] == [(1, 1), (5, 5, 2), (41, 52, 22, 5)]
    for k in (1, 2, 3, 4):
        assert gluings(k)[-1] == catalan(k)
        assert sum(gluings(k)) == 2**k * np.prod(np.arange(1, 2 * k, 2))


@pytest.mark.parametrize("n", [1, 2, 3, 8, 21])
def test_moments_by_gluings_and_by_the_density_agree(n):
    for order in (2, 4, 6, 8):
        assert density_moment(n, order) == pytest.approx(goe_moment(n, order), rel=1e-12)
    assert goe_moment(n, 3) == 0.0
    # off by one in N, they do not
    assert abs(density_moment(n + 1, 4) / goe_moment(n, 4) - 1) > 0.004
    with pytest.raises(ValueError, match="k: got 5, allowed: 1 to 4"):
        goe_moment(n, 10)


def test_bulk_at_critical_points_agrees_with_the_sampler_of_points():
    n = 4
    mean, se = critical_moments(THREE, n)
    numbers = FiniteN(THREE, n).by_index()
    found = []
    for seed in range(12):
        each = []
        for index in range(n):
            law = sample_critical_points(FiniteN(THREE, n), index, 1500, seed=100 * seed + index)
            bulk = (law.hessian + law.radial[:, None]) / np.sqrt(THREE.x2 * (n - 1) / n)
            each.append([law.weight @ np.mean(bulk**order, axis=1) for order in ORDERS])
        found.append(numbers @ np.array(each) / numbers.sum())
    other, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / len(found) ** 0.5
    assert np.max(np.abs(other - mean) / np.hypot(error, se)) < 4.5
    # a plain GOE matrix is something else there
    plain = np.array([goe_moment(n - 1, order) for order in ORDERS])
    assert np.min(np.abs(plain - mean) / se) > 10


@pytest.fixture(scope="module")
def families(census_store, synthetic):
    """A census of Gaussian law, and the same one called Rademacher's."""
    cell = synthetic.cell(census_store, "c0000")
    attrs = {"model": "entries", "law": "rademacher", "xi": "q^3", "field": 0.0}
    other = type(cell)("c0009", cell.dataset.assign_attrs(attrs), cell.planned, cell.finder)

    def family(one):
        counts, ledger = estimate_counts(one), summarise_ledger(one)
        return FamilyResult(one.family, (SimpleNamespace(cell=one, n=one.n, counts=counts, ledger=ledger),))  # type: ignore[arg-type]

    return family(cell), family(other)


def test_a_study_needs_another_law(families):
    gaussian, other = families
    assert find_universality([gaussian]) == []
    assert Chapter(OtherLaws(), []).tables() == {}
    (found,) = find_universality([other, gaussian])
    assert [law.law for law in found.laws] == ["gaussian", "rademacher"]
    (alone,) = find_universality([other])
    assert [law.law for law in alone.laws] == ["rademacher"]


def test_rows_and_the_page(families, tmp_path):
    (found,) = find_universality(families)
    for row in found.totals:
        exact = FiniteN(THREE, row["n"]).total()
        assert row["relative"] == pytest.approx(row["mean"] / exact - 1)
        assert abs(row["standard_errors"]) < 4.5
    cell = families[0].cells[0].cell
    mean, se = measured_moments(cell, THREE)
    exact, exact_se = critical_moments(THREE, cell.n)
    assert np.max(np.abs(mean - exact) / np.hypot(se, exact_se)) < 4.5
    # negative control: without adding the radial derivative, the spectrum is no bulk
    wrong = cell.dataset.assign(radial_derivative=0 * cell.dataset["radial_derivative"])
    off = measured_moments(type(cell)(cell.name, wrong, cell.planned, cell.finder), THREE)
    assert np.max(np.abs(off[0] - exact) / np.hypot(off[1], exact_se)) > 10
    # nor are there errors over landscapes of points that one has alone
    rows = cell.dataset["row_landscape"].values == 2
    sizes = np.where(np.arange(cell.landscapes) == 2, rows.sum(), 0)
    alone = cell.dataset.isel(row=rows).assign(row_size=("landscape", sizes))
    mean, se = measured_moments(type(cell)(cell.name, alone, cell.planned, cell.finder), THREE)
    assert np.isfinite(mean).all()
    assert np.isnan(se).all()
    html = "".join(part.html for part in Chapter(OtherLaws(), [found]).write(tmp_path)[1])
    assert "no exponent is fitted" in html
    assert "rademacher" in html
    names = [table.name for table in Chapter(OtherLaws(), [found]).tables()]
    assert names == ["universality", "universality_by_index", "universality_bulk"]


def test_an_exponent_is_found_where_it_can_be_seen():
    def row(n, relative, se):
        return {"n": n, "relative": relative, "standard_errors": relative / se}

    draw = np.random.default_rng(2)
    slopes = []
    for _ in range(200):
        rows = [row(n, 0.8 / n + 0.005 * draw.standard_normal(), 0.005) for n in (3, 5, 8, 12)]
        fit = _fit("rademacher", "moment 4", rows)
        assert fit is not None
        slopes.append((fit.exponent - 1) / fit.exponent_se)
    assert abs(np.mean(slopes)) < 0.35  # the logarithm of a noisy number is biased a little
    assert 0.8 < np.std(slopes) < 1.25
    unseen = [row(n, 0.01 * draw.standard_normal(), 0.01) for n in (3, 5, 8)]
    assert _fit("rademacher", "moment 4", unseen) is None
    mixed = [row(3, 0.5, 0.01), row(5, -0.2, 0.01), row(8, 0.1, 0.01)]
    assert _fit("rademacher", "moment 4", mixed) is None


def test_infinite_moments_are_known():
    assert moments_below("student(2.5)") == 2.5
    assert moments_below("rademacher") == moments_below("diluted(0.3)") == np.inf
    assert Universality(THREE, ()).totals == []


def test_another_finder_of_the_same_landscapes_is_no_further_measurement():
    rows = [
        {"law": "rademacher", "n": n, "relative": 2 / n, "standard_errors": error}
        for n, error in ((4, 9.0), (6, 7.0), (8, 5.0))
    ]
    once, twice = (decays(SimpleNamespace(totals=own, bulk=[])) for own in (rows, [*rows, *rows]))
    assert once == twice
    assert once[0].exponent == pytest.approx(1)
