"""Ensemble estimates of homology on random filtrations of spheres whose homology is computed here anew.

A landscape is the boundary of a cross-polytope, each simplex a "critical point" of its dimension, with random
energies that grow along faces: a filtered complex whose pairs `tasks.topology.persistence` finds, and whose
ranks over Z/2 are found here by elimination. Seeds are arbitrary.
"""

import csv
import re
from dataclasses import replace
from functools import lru_cache
from itertools import combinations, product

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.complexes import exact_degrees
from morsecensus.analysis.page.markup import render
from morsecensus.analysis.topics.base import Chapter, draw
from morsecensus.analysis.topics.layout import Section, lay_out
from morsecensus.analysis.topics.topology.homology import sublevels
from morsecensus.analysis.topics.topology.homology.betti import estimate_betti
from morsecensus.analysis.topics.topology.homology.figure import chosen_cells
from morsecensus.analysis.topics.topology.homology.measure import (
    measure_homology,
    pooled_classes,
    typical_classes,
)
from morsecensus.analysis.topics.topology.homology.persistent import estimate_persistent
from morsecensus.analysis.topics.topology.homology.ratios import fit_rates, measure_ratios, series_degrees
from morsecensus.analysis.topics.topology.homology.section import Homology
from morsecensus.analysis.topics.topology.homology.sublevels import chunks, energy_levels
from morsecensus.analysis.topics.topology.line_fit import fit_line
from morsecensus.tasks.measurables.words import CHECKS, ERROR, STATUSES, TOPOLOGIES
from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.persistence import pairs
from support.fuzzing import examples

FARTHEST = 4.5
"""Standard errors: 1e-5 for each of some ten numbers."""
CERTIFIED, UNRESOLVED, CONTRADICTED, REFUSED = map(
    TOPOLOGIES.index, ("certified", "unresolved", "contradicted", "refused")
)
COMPLETE, OPEN, FAILED = map(STATUSES.index, ("complete", "open", "failed"))
PASS, FAIL = CHECKS.index("pass"), CHECKS.index("fail")


@lru_cache
def cross_polytope(dimension):
    """Simplices of its boundary, a sphere: one of each antipodal pair of vertices, from some of the axes."""
    axes = range(dimension + 1)
    found = [
        tuple(sorted(zip(chosen, signs, strict=True)))
        for size in range(1, dimension + 2)
        for chosen in combinations(axes, size)
        for signs in product((0, 1), repeat=size)
    ]
    return {simplex: row for row, simplex in enumerate(found)}


def random_complex(n, rng):
    """A filtered sphere of dimension n - 1, rows in order of energy."""
    simplices = cross_polytope(n - 1)
    energy, arcs = np.zeros(len(simplices)), []
    for simplex, row in simplices.items():
        faces = [simplices[face] for face in combinations(simplex, len(simplex) - 1) if face]
        # Vertices are spread out and others follow soon: some classes live long.
        energy[row] = rng.normal() if not faces else energy[faces].max() + 0.3 * rng.exponential()
        arcs += [(len(simplex) - 1, row, face) for face in faces]
    place = np.argsort(np.argsort(energy))
    arcs = np.array([(k, place[up], place[low]) for k, up, low in arcs])
    index = np.array([len(simplex) - 1 for simplex in simplices])
    order = np.argsort(energy)
    boundary = {k: arcs[arcs[:, 0] == k, 1:] for k in range(1, n)}
    return MorseComplex(energy[order], index[order], n - 1, boundary)


def make_cell(complexes, name="c0000", **columns):
    """A complete, certified cell; columns are per landscape."""
    n, count = complexes[0].dimension + 1, len(complexes)
    found = [pairs(one) for one in complexes]
    by_index = np.array([np.bincount(one.index, minlength=n) for one in complexes])
    arcs = [
        np.column_stack([np.full(len(part), k), part])
        for one in complexes
        for k, part in sorted(one.boundary.items())
    ]
    death = [np.append(c.energy, np.nan)[p.death] for c, p in zip(complexes, found, strict=True)]
    birth = [c.energy[p.birth] for c, p in zip(complexes, found, strict=True)]
    per_landscape = {
        "status": np.full(count, COMPLETE),
        "reason": np.zeros(count, int),
        "n_points": by_index.sum(axis=1),
        "bound": np.full(count, 1.5 * by_index.sum(axis=1).max()),
        "chao1": by_index.sum(axis=1).astype(float),
        "row_size": by_index.sum(axis=1),
        "arc_size": np.array([sum(map(len, one.boundary.values())) for one in complexes]),
        "pair_size": np.array([len(one.dim) for one in found]),
        "topology": np.full(count, CERTIFIED),
        "square_check": np.full(count, PASS),
        "dual_check": np.full(count, PASS),
    } | columns
    values = {key: ("landscape", value) for key, value in per_landscape.items()}
    both = ("landscape", "morse_index")
    values |= {"points_by_index": (both, by_index), "exact_degree": (both, np.ones((count, n), int))}
    values |= {"homology_check": (both, np.full((count, n), PASS))}
    values |= {
        "energy": ("row", np.concatenate([one.energy for one in complexes])),
        "index": ("row", np.concatenate([one.index for one in complexes])),
        "pair_dim": ("pair", np.concatenate([one.dim for one in found])),
        "pair_birth": ("pair", np.concatenate(birth)),
        "pair_death": ("pair", np.concatenate(death)),
    }
    values |= zip(
        ("arc_degree", "arc_upper", "arc_lower"), ((("arc"), c) for c in np.concatenate(arcs).T), strict=True
    )
    attrs = {"model": "triangulation", "n": n}
    return Cell(name, xr.Dataset(values, attrs=attrs), count, "multistart {}")


@lru_cache
def ensemble(n, count, seed=1):
    rng = np.random.default_rng([seed, n])
    return tuple(random_complex(n, rng) for _ in range(count))


def with_columns(cell, planned=None, **columns):
    """The cell with some columns put in place of its own."""
    dims = {name: cell.dataset[name].dims for name in columns}
    data = cell.dataset.assign({name: (dims[name], value) for name, value in columns.items()})
    return replace(cell, stored=data, planned=planned or cell.planned)


def without_pairs(cell, hidden, failed=()):
    """Landscapes whose homology isn't known; of failed ones nothing is left at all."""
    hidden = np.union1d(hidden, failed).astype(int)
    data, exact = cell.dataset, cell.dataset["exact_degree"].values.copy()
    outcome, status = data["topology"].values.copy(), data["status"].values.copy()
    exact[hidden], outcome[hidden], status[np.asarray(failed, int)] = 0, REFUSED, FAILED
    lost = {"row": np.asarray(failed, int), "pair": hidden, "arc": hidden}
    sizes = {}
    for dimension, gone in lost.items():
        name = f"{dimension}_size"
        size = data[name].values.copy()
        data = data.isel({dimension: ~np.isin(np.repeat(np.arange(len(size)), size), gone)})
        size[gone] = 0
        sizes[name] = size
    by_index = data["points_by_index"].values.copy()
    by_index[np.asarray(failed, int)] = 0
    reason = np.where(status == FAILED, ERROR, data["reason"].values)
    bare = replace(cell, stored=data)
    return with_columns(
        bare,
        **sizes,
        exact_degree=exact,
        topology=outcome,
        status=status,
        points_by_index=by_index,
        reason=reason,
    )


# --- the other route: ranks over Z/2


def reduce(columns):
    """Pivot -> column of an echelon basis; columns are integers whose bits are rows."""
    basis = {}
    for column in columns:
        while column and column.bit_length() in basis:
            column ^= basis[column.bit_length()]
        if column:
            basis[column.bit_length()] = column
    return basis


def boundary_columns(one, degree, level):
    """Boundaries of the cells of a degree at or below a level."""
    rows = np.flatnonzero((one.index == degree) & (one.energy <= level))
    columns = dict.fromkeys(rows.tolist(), 0)
    for upper, lower in one.boundary.get(degree, ()):
        if int(upper) in columns:
            columns[int(upper)] ^= 1 << int(lower)
    return columns


def cycles(one, degree, level):
    """A basis of the cycles: combinations of cells whose boundaries cancel."""
    kernel, basis = [], {}
    for row, column in boundary_columns(one, degree, level).items():
        made = 1 << row
        while column and column.bit_length() in basis:
            other, of = basis[column.bit_length()]
            column, made = column ^ other, made ^ of
        if column:
            basis[column.bit_length()] = column, made
        else:
            kernel.append(made)
    return kernel


def rank_of_inclusion(one, degree, first, last):
    """Rank of H_k{<= first} -> H_k{<= last}: cycles less those of them that are boundaries later."""
    own = cycles(one, degree, first)
    bounding = list(reduce(boundary_columns(one, degree + 1, last).values()).values())
    return len(reduce(own + bounding)) - len(bounding)


@pytest.mark.parametrize("n", [3, 4])
def test_mean_betti_numbers_are_those_of_ranks(n):
    complexes = ensemble(n, 12)
    cell = make_cell(complexes)
    levels = energy_levels([cell])[::8]
    found = estimate_betti(cell, levels, draws=2)
    ranks = np.array(
        [[[rank_of_inclusion(one, k, u, u) for u in levels] for k in range(n)] for one in complexes]
    )
    for k in range(n):
        own = found.sel(group=str(k))
        np.testing.assert_allclose(own["betti"], ranks[:, k].mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(own["betti_se"], ranks[:, k].std(axis=0, ddof=1) / 12**0.5, atol=1e-12)
        for name in ("betti_lower", "betti_upper"):
            np.testing.assert_allclose(own[name], own["betti"], atol=1e-12)
    signs = (-1.0) ** np.arange(n)
    alone = found.sel(group=[str(k) for k in range(n)])
    np.testing.assert_allclose(signs @ alone["betti"].values, signs @ alone["points"].values, atol=1e-12)
    np.testing.assert_allclose(found["betti"].sel(group="all"), alone["betti"].sum("group"), atol=1e-12)
    np.testing.assert_allclose(found["betti"].sel(group="0+1"), alone["betti"][:2].sum("group"), atol=1e-12)


def test_a_level_that_is_a_critical_energy_holds_its_point():
    one = ensemble(3, 1)[0]
    found = estimate_betti(make_cell([one]), one.energy, draws=2)
    ranks = [[rank_of_inclusion(one, k, u, u) for u in one.energy] for k in range(3)]
    np.testing.assert_array_equal(found["betti"].sel(group=["0", "1", "2"]), ranks)


@pytest.mark.parametrize("n", [3, 4])
def test_points_without_partner_are_classes(n):
    """The share that is left over, counted pair by pair."""
    complexes = ensemble(n, 6)
    cell = make_cell(complexes)
    levels = energy_levels([cell])[::8]
    found = estimate_betti(cell, levels, draws=2)
    for k in range(n):
        alone = np.zeros(len(levels))
        for one in complexes:
            partner = np.full(len(one.energy), np.inf)
            both = pairs(one)
            finite = both.death >= 0
            partner[both.birth[finite]] = one.energy[both.death[finite]]
            partner[both.death[finite]] = one.energy[both.birth[finite]]
            mine = one.index == k
            alone += ((one.energy[mine, None] <= levels) & (partner[mine, None] > levels)).sum(axis=0)
        np.testing.assert_allclose(found["betti"].sel(group=str(k)), alone / 6, atol=1e-12)


def test_persistent_betti_numbers_are_ranks_of_inclusions():
    complexes = ensemble(4, 5)
    cell = make_cell(complexes)
    levels = energy_levels([cell])[::8]
    found = estimate_persistent(cell, levels)
    for degree, (i, a), (j, b) in product((0, 1), enumerate(levels), enumerate(levels)):
        value = found["mean"].sel(degree=degree)[i, j]
        if a > b:
            assert np.isnan(value)
        else:
            ranks = [rank_of_inclusion(one, degree, a, b) for one in complexes]
            assert value == pytest.approx(np.mean(ranks))
            assert found["se"].sel(degree=degree)[i, j] == pytest.approx(np.std(ranks, ddof=1) / 5**0.5)
    np.testing.assert_allclose(found["lower"], found["mean"])
    np.testing.assert_allclose(found["upper"], found["mean"])
    diagonal = estimate_betti(cell, levels, draws=2).sel(group=["0", "1"])["betti"]
    np.testing.assert_allclose(np.diagonal(found["mean"], axis1=1, axis2=2), diagonal)


@pytest.mark.parametrize("n", [4, 5])
def test_duality(n):
    """H_{N-2-k} of {H <= u} counts what H_k of {-H < -u} does, but for one component (Alexander)."""

    def mirror(one):
        last = len(one.energy) - 1
        boundary = {n - k: last - arcs[:, ::-1] for k, arcs in one.boundary.items()}
        return MorseComplex(-one.energy[::-1], n - 1 - one.index[::-1], n - 1, boundary)

    complexes = ensemble(n, 4)
    cell, dual = make_cell(complexes), make_cell([mirror(one) for one in complexes])
    levels = energy_levels([cell])
    found, other = estimate_betti(cell, levels, draws=2), estimate_betti(dual, levels, draws=2)
    inside = (levels > max(one.energy[0] for one in complexes)) & (
        levels < min(one.energy[-1] for one in complexes)
    )
    assert inside.sum() > 20
    for k in (0, 1):
        turned = other["betti"].sel(group=str(k)).values[::-1] - (k == 0)
        np.testing.assert_allclose(
            found["betti"].sel(group=str(n - 2 - k))[inside], turned[inside], atol=1e-12
        )


# --- unknown landscapes


@settings(max_examples=examples(25))
@given(
    st.sets(st.integers(0, 11), max_size=11),
    st.sets(st.integers(0, 11), max_size=4),
    st.integers(0, 3),
)
def test_limits_hold_whatever_is_unknown(hidden, failed, absent):
    """Of twelve landscapes some aren't known, some failed, and some were never computed."""
    complexes = ensemble(4, 12)
    whole = make_cell(complexes)
    levels = energy_levels([whole])[::4]
    truth = estimate_betti(whole, levels, draws=2)
    lasting = estimate_persistent(whole, levels)
    masked = without_pairs(whole, sorted(hidden), sorted(failed))
    if absent:
        size = masked.dataset["row_size"].values, masked.dataset["pair_size"].values
        masked = replace(
            masked,
            stored=masked.dataset.isel(
                landscape=slice(0, 12 - absent),
                row=slice(0, size[0][: 12 - absent].sum()),
                pair=slice(0, size[1][: 12 - absent].sum()),
            ),
        )
    found, kept = estimate_betti(masked, levels, draws=2), estimate_persistent(masked, levels)
    unknown = len((hidden | failed) & set(range(12 - absent))) + absent
    if unknown == 12:
        assert found is None
        assert kept is None
        return
    assert found.attrs["planned"] == 12
    assert np.all(found["known"] == 12 - unknown)
    slack = 1e-12
    assert np.all(found["betti_lower"] <= truth["betti"] + slack)
    assert np.all(found["betti_upper"] >= truth["betti"] - slack)
    ratio = truth["points"].values / np.where(truth["betti"] > 0, truth["betti"], np.nan)
    there = np.isfinite(ratio)
    assert np.all(found["ratio_lower"].values[there] <= ratio[there] + slack)
    assert np.all(found["ratio_upper"].values[there] >= ratio[there] - slack)
    allowed = np.isfinite(lasting["mean"].values)
    assert np.all((kept["lower"] <= lasting["mean"] + slack).values[allowed])
    assert np.all((kept["upper"] >= lasting["mean"] - slack).values[allowed])
    # At the ends nothing but failures leaves doubt: no set, or the sphere.
    if not failed and not absent:
        for place in (0, -1):
            assert np.all((found["betti_upper"] - found["betti_lower"])[:, place] == 0)


def test_a_mean_of_chosen_landscapes_is_wrong_and_its_limits_are_not():
    """Negative control: where those with most classes are unknown, the others' mean isn't everyone's."""
    whole = make_cell(ensemble(4, 60))
    levels = energy_levels([whole])
    truth = estimate_betti(whole, levels, draws=2).sel(group="1")
    peak = int(truth["peak"])
    at_peak = np.concatenate([chunk.betti for chunk in chunks(whole, levels)])[:, 1, peak]
    most = np.argsort(at_peak)[-20:]
    found = estimate_betti(without_pairs(whole, most), levels, draws=2).sel(group="1").isel(level=peak)
    assert abs(float(found["betti"] - truth["betti"][peak])) > FARTHEST * float(found["betti_se"])
    assert float(found["betti_lower"]) <= float(truth["betti"][peak]) <= float(found["betti_upper"])


def test_points_that_may_be_missing_widen_limits():
    """An open landscape with points taken away: without room for them the limits would be wrong."""
    whole = make_cell(ensemble(3, 4))
    levels = energy_levels([whole])
    truth = estimate_betti(whole, levels, draws=2)
    bare = without_pairs(whole, [0, 1, 2], failed=[0, 1, 2])
    found = estimate_betti(bare, levels, draws=2)
    assert np.all(found["betti_upper"] >= truth["betti"] - 1e-12)
    believed = with_columns(bare, status=np.full(4, COMPLETE))
    assert np.any(estimate_betti(believed, levels, draws=2)["betti_upper"] < truth["betti"] - 1e-9)


@pytest.mark.parametrize("degenerate", [[1], [0, 1, 3]])
def test_landscapes_with_degenerate_points_may_lack_what_the_bound_leaves(degenerate):
    """They have no number; means run over the others, homology over all that are held."""
    complexes = ensemble(3, 4)
    whole = make_cell(complexes, n_degenerate=np.zeros(4, int))
    levels = energy_levels([whole])
    truth = estimate_betti(whole, levels, draws=2)
    bare = without_pairs(whole, degenerate, failed=degenerate)
    open_ones = np.isin(np.arange(4), degenerate)
    cell = with_columns(bare, n_degenerate=np.where(open_ones, 2, 0), reason=np.zeros(4, int))
    lacking = np.concatenate([chunk.lacking for chunk in chunks(cell, levels)])
    np.testing.assert_array_equal(lacking, np.where(open_ones[:, None], cell.most_points, 0.0) * np.ones(3))
    found, kept = estimate_betti(cell, levels, draws=2), estimate_persistent(cell, levels)
    assert found.attrs["landscapes"] == 4
    assert np.all(found["known"] == 4 - len(degenerate))
    assert np.all(found["betti_lower"] <= truth["betti"] + 1e-12)
    assert np.all(found["betti_upper"] >= truth["betti"] - 1e-12)
    assert np.all(kept["known"] == 4 - len(degenerate))
    assert measure_homology([cell]) is not None


def test_what_a_check_speaks_against_is_unknown():
    cell = make_cell(ensemble(3, 6))
    assert exact_degrees(cell).all()
    checks = np.full((6, 3), PASS)
    checks[0, 1] = FAIL
    doubtful = with_columns(
        cell,
        homology_check=checks,
        square_check=np.array([PASS, FAIL, PASS, PASS, PASS, PASS]),
        dual_check=np.array([PASS, PASS, FAIL, PASS, PASS, PASS]),
        topology=np.array([UNRESOLVED, CERTIFIED, CERTIFIED, CONTRADICTED, REFUSED, UNRESOLVED]),
    )
    np.testing.assert_array_equal(exact_degrees(doubtful).all(axis=1), [False] * 5 + [True])


def test_degrees_that_nobody_knows_are_left_out():
    cell = make_cell(ensemble(4, 6))
    exact = np.ones((6, 4), int)
    exact[:, 2] = 0
    exact[:2, 1] = 0
    partial = with_columns(cell, exact_degree=exact)
    found = estimate_betti(partial, energy_levels([cell]), draws=2)
    assert found["group"].values.tolist() == ["0", "1", "3", "0+1"]
    assert found["known"].values.tolist() == [6, 4, 6, 4]
    result = measure_homology([partial])
    assert result.cells[0].degrees == (0, 1, 3)
    assert 2 not in pooled_classes(partial).dim
    # Two landscapes give no pairs of degree 1 to the pool.
    expected = sum((pairs(one).dim == 1).sum() for one in ensemble(4, 6)[2:])
    assert (pooled_classes(partial).dim == 1).sum() == expected


def test_chunks_make_no_difference(monkeypatch):
    cell = without_pairs(make_cell(ensemble(4, 12)), [3, 4], failed=[7])
    levels = energy_levels([cell])[::4]
    whole, lasting = estimate_betti(cell, levels, draws=2), estimate_persistent(cell, levels)
    monkeypatch.setattr(sublevels, "_AT_ONCE", 5 * 4 * len(levels))
    assert len(list(chunks(cell, levels))) == 3
    parts = estimate_betti(cell, levels, draws=2)
    for name in set(whole.data_vars) - {"peak_log_se", "peak_bias"}:
        np.testing.assert_allclose(parts[name], whole[name], atol=1e-12, err_msg=name)
    xr.testing.assert_allclose(estimate_persistent(cell, levels), lasting)


# --- errors, ratios, rates


def test_errors_are_those_of_resampled_landscapes():
    """The delta method and the one-pass bootstrap against drawing landscapes again, one by one."""
    count, draws = 300, 2000
    cell = make_cell(ensemble(3, count))
    levels = energy_levels([cell])
    found = estimate_betti(cell, levels, draws=draws).sel(group="1")
    (chunk,) = chunks(cell, levels)
    points, classes = chunk.counts[:, 1], chunk.betti[:, 1]
    weight = np.random.default_rng(7).multinomial(count, np.full(count, 1 / count), draws).astype(float)
    n, b = weight @ points / count, weight @ classes / count
    place, here = int(found["peak"]), np.arange(draws)
    # The relative error of a standard error from so many draws, twice where both sides have one.
    spread = FARTHEST * np.array([1, 2**0.5]) / (2 * draws) ** 0.5
    at_level = np.log(n[:, place] / b[:, place]).std(ddof=1)
    assert float(found["log_se"][place]) == pytest.approx(at_level, rel=spread[0])
    assert float(found["betti_se"][place]) == pytest.approx(b[:, place].std(ddof=1), rel=spread[0])
    assert float(found["points_se"][place]) == pytest.approx(n[:, place].std(ddof=1), rel=spread[0])
    chosen = b.argmax(axis=1)
    log_ratio = np.log(n[here, chosen] / b[here, chosen])
    assert float(found["peak_log_se"]) == pytest.approx(log_ratio.std(ddof=1), rel=spread[1])
    # Negative control: an error for a fixed level isn't one for a chosen level.
    assert abs(at_level / log_ratio.std(ddof=1) - 1) > spread[1]


def exact_cell(synthetic, store, scale=1.0):
    """Points of the exact law, every one a class of its own that never dies."""
    data = synthetic.cell(store).dataset
    count, n = data.sizes["landscape"], data.sizes["morse_index"]
    both = ("landscape", "morse_index")
    data = data.assign(
        {
            "energy": data["energy"] * scale,
            "topology": ("landscape", np.full(count, CERTIFIED)),
            "exact_degree": (both, np.ones((count, n), int)),
            "homology_check": (both, np.full((count, n), PASS)),
            "square_check": ("landscape", np.full(count, PASS)),
            "dual_check": ("landscape", np.full(count, PASS)),
            "pair_size": ("landscape", data["row_size"].values),
            "pair_dim": ("pair", data["index"].values),
            "pair_birth": ("pair", data["energy"].values * scale),
            "pair_death": ("pair", np.full(data.sizes["row"], np.nan)),
        }
    )
    return Cell("c0000", data, count)


@pytest.mark.parametrize(("scale", "right"), [(1.0, True), (1.5, False)])
def test_exact_numbers_of_points(synthetic, census_store, scale, right):
    cell = exact_cell(synthetic, census_store, scale)
    found = estimate_betti(cell, energy_levels([cell]), draws=2).sel(group=["0", "1", "2"])
    events = found["points"].values * cell.landscapes
    enough = (events >= 20) & (found["points_se"].values > 0)
    score = (found["points"] - found["points_exact"]).values[enough] / found["points_se"].values[enough]
    assert enough.sum() > 100
    assert (np.abs(score).max() < FARTHEST) == right
    # Nothing cancels.
    np.testing.assert_array_equal(found["betti"], found["points"])


def test_series_name_each_degree_once():
    for n in range(2, 12):
        degrees = list(series_degrees(n).values())
        assert len(set(degrees)) == len(degrees)
        assert min(degrees) == 0
        assert max(degrees) == n - 1
    assert series_degrees(7) == {"0": 0, "1": 1, "N-3": 4, "N-2": 5, "N-1": 6}
    assert series_degrees(3) == {"0": 0, "1": 1, "N-1": 2}


def test_a_line_through_logarithms():
    rng = np.random.default_rng(3)
    x, error = np.arange(4.0, 12.0), rng.uniform(0.02, 0.1, 8)
    y = 0.5 * x - 1 + error * rng.standard_normal(8)
    slope, slope_se, intercept, chi2, dof, p_value = fit_line(x, y, error)
    expected, covariance = np.polyfit(x, y, 1, w=1 / error, cov="unscaled")
    assert (slope, intercept) == pytest.approx(tuple(expected))
    assert slope_se == pytest.approx(covariance[0, 0] ** 0.5)
    assert dof == 6
    assert abs(slope - 0.5) < FARTHEST * slope_se
    assert 1e-5 < p_value <= 1
    # Negative control: a parabola.
    assert fit_line(x, y + 0.1 * (x - 8) ** 2, error)[5] < 1e-5
    assert chi2 > 0


def planted(n, points, classes):
    """An estimate with ten points of every index at the last level, classes in some landscapes."""
    cell = make_cell(ensemble(n, 40))
    levels = energy_levels([cell])
    data = estimate_betti(cell, levels, draws=2)
    data.attrs["cell"] = f"c{n}"
    for name, value in {"points_known": points, "betti": classes, "log_se": 0.1}.items():
        data[name] = data[name] * 0 + value
    data["with_class"] = data["with_class"] * 0 + (40 if classes else 0)
    data["peak_log_se"] = data["peak_log_se"] * 0 + 0.1
    return data


def test_ratios_and_their_rate():
    estimates = [planted(n, np.exp(0.7 * n), 1.0) for n in (3, 4, 5)]
    ratios = measure_ratios(estimates)
    assert {(r.series, r.n) for r in ratios if r.where == "zero"} == {(s, n) for s in "01" for n in (3, 4, 5)}
    rates = {(rate.series, rate.where): rate for rate in fit_rates(ratios)}
    assert rates["0", "zero"].rate == pytest.approx(0.7)
    assert rates["0", "zero"].sizes == (3, 4, 5)
    assert rates["N-1", "peak"].rate == pytest.approx(0.7)
    # Degree 1 is in its own half from N = 5 on: one N is no fit.
    assert ("1", "peak") not in rates


def test_without_a_class_there_is_a_limit():
    ratios = measure_ratios([planted(4, 10.0, 0.0)])
    assert ratios
    for ratio in ratios:
        assert ratio.value == float("inf")
        assert not ratio.fitted
        # With this share 40 landscapes show none in 5% of all samples.
        assert (1 - 10 / ratio.at_least) ** 40 == pytest.approx(0.05)


# --- the whole family


def test_a_typical_landscape_is_certified_and_in_the_middle():
    cell = make_cell(ensemble(3, 5))
    points = np.array([10, 90, 50, 52, 20])
    outcome = np.array([CERTIFIED, CERTIFIED, UNRESOLVED, CERTIFIED, CERTIFIED])
    one = typical_classes(with_columns(cell, n_points=points, topology=outcome))
    assert one is not None
    assert one.number == 3
    numbered = replace(cell, stored=cell.stored.assign_coords(landscape=[0, 1, 6, 8, 9]))
    later = typical_classes(with_columns(numbered, n_points=points, topology=outcome))
    assert later is not None
    assert later.number == 8
    expected = pairs(ensemble(3, 5)[3])
    np.testing.assert_array_equal(one.dim, expected.dim)
    assert np.isinf(one.death).sum() == 2
    assert typical_classes(with_columns(cell, topology=np.full(5, UNRESOLVED))) is None


def test_no_topology_no_result(synthetic, census_store):
    assert measure_homology([synthetic.cell(census_store)]) is None
    cell = make_cell(ensemble(3, 3))
    assert measure_homology([without_pairs(cell, [0, 1, 2])]) is None


def test_report(tmp_path):
    small, large = make_cell(ensemble(3, 12), "c0000"), make_cell(ensemble(4, 12), "c0001")
    large = without_pairs(large, [2, 5], failed=[6])
    result = measure_homology([large, small])
    assert [cell.n for cell in result.cells] == [3, 4]
    assert [cell.n for cell in chosen_cells(result.cells, most=1)] == [3]
    drawn = draw(Homology(), result, tmp_path, "family")
    topics = ["persistence", "betti", "homology-ratios", "persistent-betti"]
    assert list(drawn) == topics
    assert all((tmp_path / f"family-{topic}.png").stat().st_size > 5000 for topic in topics)
    section = Homology().section(result)
    page = render("test", lay_out(Section("triangulations", [section]), drawn))
    assert page.count("<figure>") == 4
    assert re.search(r'<h2 id="triangulations">.*</h2>\n<h3 id="triangulations-persistent-homology">', page)
    assert "c0001, N = 4: 3 of 12, " in page
    # Pictures are data in which any letters may meet.
    assert "nan" not in render("test", lay_out(section, {})).lower()
    found = Chapter(Homology(), [result]).tables()
    tables = {table.name: rows for table, rows in found.items()}
    assert list(tables) == ["betti", "persistent_betti", "homology_ratios"]
    for table, rows in found.items():
        table.write(tmp_path, rows)
        with (tmp_path / f"{table.name}.csv").open() as file:
            assert len(list(csv.DictReader(file))) == len(rows) > 0
    for row in tables["betti"]:
        if row["cancelled"] == row["cancelled"]:
            low, high = row["cancelled_lower"], row["cancelled_upper"]
            # A share of the known landscapes need not be within limits on that of all; of all known it must.
            assert 0 <= low <= high <= 1
            if row["known"] == row["planned"]:
                assert low == pytest.approx(row["cancelled"])
    assert Chapter(Homology(), []).tables() == {}
