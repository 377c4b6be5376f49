"""What sampled paths say of a cell, against numbers counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.paths import sampled_histogram, summarise_paths


def ragged(landscapes, xi="q^3", unresolved=0, attrs=None):
    """A cell of dimension 2 from lists of (index, hits, sample_hits), antipodes included."""
    rows = [row for landscape in landscapes for row in landscape]
    count = len(landscapes)
    by_index = np.array([np.bincount([k for k, _, _ in rows], minlength=3) for rows in landscapes])
    return Cell(
        "c0000",
        xr.Dataset(
            {
                "row_size": ("landscape", [len(landscape) for landscape in landscapes]),
                "reason": ("landscape", np.zeros(count, int)),
                "n_paths": ("landscape", np.full(count, 7)),
                "n_distinct": ("landscape", np.full(count, 7 - unresolved)),
                "n_retries": ("landscape", np.arange(count)),
                "n_jumps": ("landscape", np.zeros(count, int)),
                "n_unresolved": ("landscape", np.full(count, unresolved)),
                "n_certified": ("landscape", np.full(count, -1)),
                "n_points": ("landscape", by_index.sum(axis=1)),
                "sampled_points": ("landscape", by_index.sum(axis=1).astype(float)),
                "sampled_points_by_index": (("landscape", "morse_index"), by_index.astype(float)),
                "sampled_points_lower": ("landscape", by_index.sum(axis=1) - 1.0),
                "sampled_points_upper": ("landscape", by_index.sum(axis=1) + 1.0),
                "sampled_points_lower_by_index": (("landscape", "morse_index"), by_index - 0.5),
                "sampled_points_upper_by_index": (("landscape", "morse_index"), by_index + 0.5),
                "index": ("row", [k for k, _, _ in rows]),
                "hits": ("row", [hits for _, hits, _ in rows]),
                "sample_hits": ("row", [sample for _, _, sample in rows]),
            },
            attrs=attrs or {"model": "pspin", "xi": xi, "field": 0.0, "n": 3},
        ),
        count,
    )


def summary_of(cell):
    return scan(cell.dataset, summarise_paths(cell))


def census_only(cell):
    return replace(cell, stored=cell.dataset.assign(n_paths=("landscape", [-1] * cell.landscapes)))


# A minimum with its maximum, and a saddle with its antipode: two classes.
FOUND = [(0, 9, 1), (2, 9, 1), (1, 9, 1), (1, 9, 1)]
MISSED = [(0, 9, 1), (2, 9, 1), (1, 0, 1), (1, 0, 1)]


def test_pairs_are_one_endpoint():
    summary = summary_of(ragged([FOUND, FOUND, MISSED]))
    everything, minima, saddles, maxima = summary.recall
    assert (everything.endpoints, everything.found) == (6, 5)
    assert (minima.endpoints, minima.found) == (maxima.endpoints, maxima.found) == (3, 3)
    assert (saddles.endpoints, saddles.found) == (3, 2)
    assert saddles.share == pytest.approx(2 / 3)
    # Over landscapes: residuals 1/3, 1/3, -2/3 of a mean of one endpoint.
    assert saddles.error == pytest.approx(np.sqrt((1 / 9 + 1 / 9 + 4 / 9) * 3 / 2) / 3)
    assert summary.sampled
    assert summary.retries == 3
    np.testing.assert_allclose(summary.number, [4, 1, 2, 1])
    np.testing.assert_allclose(summary.number_limits, [[3, 0.5, 1.5, 0.5], [5, 1.5, 2.5, 1.5]])


def test_the_lower_limit_is_the_largest_recall_that_the_hits_reject():
    recall = summary_of(ragged([FOUND] * 10 + [MISSED] * 2)).recall[0]
    assert (recall.endpoints, recall.found) == (24, 22)
    assert binom.sf(21, 24, recall.lower) == pytest.approx(0.05)
    doubtful = summary_of(ragged([FOUND] * 10 + [MISSED] * 2, unresolved=1)).recall[0]
    assert binom.sf(21, 24 + 12, doubtful.lower) == pytest.approx(0.05)


def test_without_endpoints_the_limit_is_vacuous():
    unseen = [(k, hits, 0) for k, hits, _ in FOUND]
    recall = summary_of(ragged([unseen])).recall[1]
    assert recall.endpoints == 0
    assert np.isnan(recall.share)
    assert recall.lower == 0


def test_even_landscapes_have_both_signs_at_each_index():
    even = [(0, 9, 1), (0, 9, 1), (1, 9, 1), (1, 9, 1), (2, 0, 1), (2, 0, 1)]
    parts = summary_of(ragged([even], xi="q^4")).recall
    assert [(part.endpoints, part.found) for part in parts] == [(3, 2), (1, 1), (1, 1), (1, 0)]


def test_mixtures_have_no_pairs():
    parts = summary_of(ragged([[(0, 9, 1), (1, 9, 0), (2, 9, 1)]], xi="q^2+q^3")).recall
    assert [part.endpoints for part in parts] == [2, 1, 0, 1]


def test_numbers_by_energy_weigh_endpoints():
    cell = ragged([FOUND, MISSED])
    energy = [-1.0, 1.0, -0.2, 0.2] * 2
    cell.dataset["energy"] = ("row", energy)
    cell.dataset["bound"] = ("landscape", [14.0, 14.0])
    found = scan(cell.dataset, sampled_histogram(cell, np.array([-2.0, -0.5, 0.0, 2.0])))
    # All 7 classes of each landscape were sampled, so the estimate is the census.
    np.testing.assert_allclose(found.number, found.census)
    np.testing.assert_allclose(found.census, [1, 1, 2])
    assert list(found.endpoints) == [2, 2, 4]
    assert binom.sf(1, 14, found.lower[0] / 7) == pytest.approx(0.025)
    assert binom.cdf(2, 14, found.upper[0] / 7) == pytest.approx(0.025)
    assert scan(cell.dataset, sampled_histogram(census_only(cell), found.edges)) is None


def test_paths_that_end_at_no_solution_count_for_numbers_by_energy():
    cell = ragged([FOUND])
    cell.dataset["n_distinct"] = ("landscape", [2])
    cell.dataset["energy"] = ("row", [-1.0, 1.0, -0.2, 0.2])
    cell.dataset["bound"] = ("landscape", [14.0])
    found = scan(cell.dataset, sampled_histogram(cell, np.array([-2.0, 0.0, 2.0])))
    np.testing.assert_allclose(found.number, found.census)


def test_both_points_of_an_even_pair_are_one_endpoint():
    cell = ragged([[(0, 9, 1), (0, 9, 1), (2, 9, 0), (2, 9, 0)]], xi="q^4")
    cell.dataset["energy"] = ("row", [-1.0, -1.0, 0.5, 0.5])
    cell.dataset["bound"] = ("landscape", [14.0])
    found = scan(cell.dataset, sampled_histogram(cell, np.array([-2.0, 0.0, 2.0])))
    assert list(found.endpoints) == [1, 0]
    np.testing.assert_allclose(found.number, [2, 0])
    assert binom.sf(0, 7, found.lower[0] / 14) == pytest.approx(0.025)


# On two circles a class has a point at each pair of signs: a minimum, and a saddle that was missed.
CIRCLES = [(0, 9, 1)] * 2 + [(2, 9, 1)] * 2 + [(1, 0, 1)] * 4
FORMS = [{"model": "partite", "sizes": "1,1", "n": 2}, {"model": "given", "sizes": "2,2", "n": 1}]


@pytest.mark.parametrize("attrs", FORMS, ids=lambda attrs: attrs["model"])
def test_all_points_of_a_class_on_two_spheres_are_one_endpoint(attrs):
    cell = ragged([CIRCLES] * 10, attrs=attrs)
    parts = summary_of(cell).recall
    assert [(part.endpoints, part.found) for part in parts] == [(20, 10), (10, 10), (10, 0), (10, 10)]
    assert binom.sf(9, 20, parts[0].lower) == pytest.approx(0.05)
    assert parts[1].lower == pytest.approx(0.05 ** (1 / 10))


@pytest.mark.parametrize("attrs", FORMS, ids=lambda attrs: attrs["model"])
def test_numbers_by_energy_on_two_spheres(attrs):
    cell = ragged([CIRCLES] * 2, attrs=attrs)
    cell.dataset["energy"] = ("row", ([-1.0] * 2 + [1.0] * 2 + [-0.2] * 2 + [0.2] * 2) * 2)
    # All 7 classes of each landscape were sampled, so the estimate is the census.
    cell.dataset["bound"] = ("landscape", [28.0, 28.0])
    found = scan(cell.dataset, sampled_histogram(cell, np.array([-2.0, -0.5, 0.0, 0.5, 2.0])))
    assert list(found.endpoints) == [2, 2, 2, 2]
    np.testing.assert_allclose(found.number, found.census)
    assert binom.sf(1, 14, found.lower[0] / 14) == pytest.approx(0.025)


@pytest.mark.parametrize(("like", "endpoints"), [("q^3", 2), ("q^4", 2), ("q^2+q^3", 4)])
def test_couplings_of_a_file_have_the_signs_of_their_degrees(like, endpoints):
    cell = ragged([FOUND], attrs={"model": "given", "xi_like": like, "n": 3})
    assert summary_of(cell).recall[0].endpoints == endpoints


def test_a_cell_without_paths_has_no_summary():
    cell = ragged([FOUND])
    cell.dataset["n_paths"] = ("landscape", [-1])
    assert summary_of(cell) is None
