"""Ensembles of merge trees: against stored pairs, brute force, and what hidden landscapes turn out to be."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.complexes import landscapes
from morsecensus.analysis.page.markup import render
from morsecensus.analysis.page.style import new_figure
from morsecensus.analysis.theory.base import Symmetry
from morsecensus.analysis.theory.registry import symmetry_of
from morsecensus.analysis.topics.base import Chapter, draw
from morsecensus.analysis.topics.layout import Section, lay_out
from morsecensus.analysis.topics.topology.barcodes import betti_curve, lifetimes
from morsecensus.analysis.topics.topology.trees import heights as heights_module
from morsecensus.analysis.topics.topology.trees.connectedness import connectedness, onset
from morsecensus.analysis.topics.topology.trees.forest import collect, images_of, tree_of
from morsecensus.analysis.topics.topology.trees.heights import (
    Heights,
    bootstrap_quantiles,
    heights_of,
    mean_per_minimum,
    measure_heights,
    measure_lifetimes,
    scaling_of,
)
from morsecensus.analysis.topics.topology.trees.measure import measure_trees, picture, typical
from morsecensus.analysis.topics.topology.trees.merge_tree import barrier_matrix, share_with_lowest
from morsecensus.analysis.topics.topology.trees.panels import (
    plot_classes,
    plot_height_by_energy,
    plot_heights,
)
from morsecensus.analysis.topics.topology.trees.section import Trees
from morsecensus.analysis.topics.topology.trees.tables import SCALING, barrier_rows, scaling_rows
from morsecensus.tasks.measurables.words import CHECKS, STATUSES, TOPOLOGIES
from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.persistence import ESSENTIAL, pairs

PASS, UNINFORMATIVE = CHECKS.index("pass"), CHECKS.index("uninformative")
LEVELS = np.linspace(-3.0, 4.0, 57)


def sorted_complex(energy, index, ends):
    """Rows in the canonical order; ``ends`` has the two minima of each saddle (equal: a loop)."""
    rows = np.argsort(energy, kind="stable")
    place = np.argsort(rows)
    saddles = np.flatnonzero(index == 1)
    arcs = np.stack([np.repeat(saddles, 2), ends.ravel()], axis=1)
    arcs = place[arcs[np.repeat(ends[:, 0] != ends[:, 1], 2)]]
    return MorseComplex(energy[rows], index[rows], 3, {1: arcs.reshape(-1, 2)})


def random_complex(rng, scale=1.0):
    """A few minima, joined by saddles above both; the first saddles make a spanning tree."""
    minima = int(rng.integers(1, 9))
    saddles = minima - 1 + int(rng.integers(0, 6))
    low = rng.standard_normal(minima)
    ends = rng.integers(0, minima, (saddles, 2))
    tree = [(i, rng.integers(0, i)) for i in range(1, minima)]
    ends[: minima - 1] = np.array(tree, dtype=int).reshape(-1, 2)
    high = low[ends].max(axis=1) + scale * rng.exponential(1.0, saddles)
    return sorted_complex(np.concatenate([low, high]), np.repeat([0, 1], [minima, saddles]), ends)


def even_complex(rng):
    """Minima a and their antipodes a' of the same energy; saddles a-b with a'-b', or a-b' with a'-b."""
    half = int(rng.integers(1, 6))
    low = rng.standard_normal(half)
    extra = int(rng.integers(1, 5))
    a = np.concatenate([np.arange(1, half), [0], rng.integers(0, half, extra)])
    tree = [rng.integers(0, i) for i in range(1, half)]
    b = np.concatenate([np.array(tree, dtype=int), [0], rng.integers(0, half, extra)])
    # Somewhere 0 meets its antipode, or two halves would stay apart.
    twist = np.where(np.arange(len(a)) == half - 1, 1, rng.integers(0, 2, len(a)))
    high = np.maximum(low[a], low[b]) + rng.exponential(1.0, len(a))
    ends = np.concatenate(
        [np.stack([a, b + half * twist], 1), np.stack([a + half, b + half * (1 - twist)], 1)]
    )
    energy = np.concatenate([low, low, high, high])
    return sorted_complex(energy, np.repeat([0, 1], [2 * half, 2 * len(a)]), ends)


def make_cell(complexes, n=4, xi="q^3", planned=None, name="c0000"):
    """A cell with d_1 of each landscape and the H_0 pairs of the reduction over Z/2."""
    found = [pairs(complex) for complex in complexes]
    arcs = [complex.boundary[1] for complex in complexes]
    points = [len(complex.energy) for complex in complexes]
    death = [
        np.where(part.death == ESSENTIAL, np.nan, c.energy[part.death])
        for part, c in zip(found, complexes, strict=True)
    ]
    count = len(complexes)
    exact = np.zeros((count, n), dtype=int)
    exact[:, 0] = 1
    every = np.concatenate(arcs).astype(int)
    data = {
        "row_size": ("landscape", points),
        "arc_size": ("landscape", [len(part) for part in arcs]),
        "pair_size": ("landscape", [len(part.dim) for part in found]),
        "energy": ("row", np.concatenate([c.energy for c in complexes])),
        "index": ("row", np.concatenate([c.index for c in complexes])),
        "arc_degree": ("arc", np.ones(len(every), int)),
        "arc_upper": ("arc", every[:, 0]),
        "arc_lower": ("arc", every[:, 1]),
        "pair_dim": ("pair", np.concatenate([part.dim for part in found])),
        "pair_birth": (
            "pair",
            np.concatenate([c.energy[part.birth] for part, c in zip(found, complexes, strict=True)]),
        ),
        "pair_death": ("pair", np.concatenate(death)),
        "exact_degree": (("landscape", "morse_index"), exact),
        "homology_check": (("landscape", "morse_index"), np.where(exact, PASS, UNINFORMATIVE)),
        "square_check": ("landscape", np.full(count, UNINFORMATIVE)),
        "dual_check": ("landscape", np.full(count, UNINFORMATIVE)),
        "topology": ("landscape", np.full(count, TOPOLOGIES.index("certified"))),
        "status": ("landscape", np.zeros(count, int)),
        "bound": ("landscape", np.full(count, 40.0)),
    }
    dataset = xr.Dataset(data, attrs={"model": "pspin", "xi": xi, "field": 0.0, "n": n})
    return Cell(name, dataset, planned or count)


def hide(cell, hidden, complete=True):
    """The cell as if the trees of these landscapes weren't known; their points may be incomplete too."""
    data = cell.dataset
    exact, status = data["exact_degree"].values.copy(), data["status"].values.copy()
    outcome = data["topology"].values.copy()
    exact[hidden] = 0
    outcome[hidden] = TOPOLOGIES.index("unresolved" if complete else "refused")
    status[hidden] = STATUSES.index("complete" if complete else "open")
    columns = {
        "exact_degree": (("landscape", "morse_index"), exact),
        "status": ("landscape", status),
        "topology": ("landscape", outcome),
    }
    return replace(cell, stored=data.assign(columns))


@pytest.fixture(scope="module")
def cell():
    rng = np.random.default_rng(11)
    return make_cell([random_complex(rng) for _ in range(60)])


@pytest.fixture(scope="module")
def even():
    rng = np.random.default_rng(12)
    return make_cell([even_complex(rng) for _ in range(40)], xi="q^4")


@pytest.mark.parametrize("which", ["cell", "even"])
def test_curves_are_those_of_the_stored_pairs(which, request):
    """The pairs come from reducing d_1, the forest from union-find."""
    of = request.getfixturevalue(which)
    curves = connectedness(collect(of), LEVELS)
    betti = np.array([betti_curve(found.diagram(0), LEVELS) for found in landscapes(of)])
    np.testing.assert_allclose(curves.components.mean, betti.mean(axis=0))
    there = (betti > 0).sum(axis=0)
    np.testing.assert_array_equal(curves.connected.of, there)
    some = there > 0
    np.testing.assert_allclose(curves.connected.share[some], (betti == 1).sum(axis=0)[some] / there[some])
    assert np.isnan(curves.connected.share[~some]).all()
    for curve in (curves.components, curves.connected, curves.with_lowest):
        middle = curve.share if curve is curves.connected else curve.mean
        np.testing.assert_allclose(curve.low[some], middle[some])
        np.testing.assert_allclose(curve.high[some], middle[some])
    assert np.all(curves.connected.lower[some] <= curves.connected.share[some])
    assert np.all(curves.connected.upper[some] >= curves.connected.share[some])


def test_lifetimes_are_those_of_the_stored_pairs(cell):
    forest = collect(cell)
    stored = np.concatenate([lifetimes(found.diagram(0)) for found in landscapes(cell)])
    np.testing.assert_array_equal(np.sort(heights_of(forest, "escape")), np.sort(stored))
    found = measure_lifetimes(forest)
    for t, mean in zip(found.times, found.mean, strict=True):
        assert mean == pytest.approx(np.sum(stored > t) / 60)


def test_shares_and_barriers_are_those_of_each_tree(cell):
    forest = collect(cell)
    trees = [tree_of(found) for found in landscapes(cell)]
    shares = np.array([share_with_lowest(tree, LEVELS) for tree in trees])
    some = np.isfinite(shares).any(axis=0)
    curve = connectedness(forest, LEVELS).with_lowest
    np.testing.assert_allclose(curve.mean[some], np.nanmean(shares[:, some], axis=0))
    several = np.isfinite(shares).sum(axis=0) > 1
    error = np.nanstd(shares[:, several], axis=0, ddof=1) / np.sqrt(
        np.isfinite(shares[:, several]).sum(axis=0)
    )
    np.testing.assert_allclose(curve.se[several], error)
    wanted = [barrier_matrix(tree)[0, 1:] - tree.level[1 : tree.leaves] for tree in trees]
    np.testing.assert_allclose(heights_of(forest, "lowest"), np.concatenate(wanted))
    assert np.all(heights_of(forest, "lowest") >= heights_of(forest, "escape"))


def test_bins_hold_each_minimum_once(cell):
    forest, edges = collect(cell), np.linspace(-3, 3, 7)
    found = measure_heights(forest, "escape", edges)
    assert found.held.sum() == found.minima == forest.finite.sum()
    held = found.held > 0
    assert np.sum(found.held[held] * found.binned[held]) / found.minima == pytest.approx(found.mean)


@pytest.mark.parametrize("which", ["cell", "even"])
@pytest.mark.parametrize("complete", [True, False])
def test_limits_hold_what_hidden_landscapes_are(which, complete, request):
    """Hide the landscapes with the most minima, as a budget would: means move, limits hold the truth."""
    whole = request.getfixturevalue(which)
    rows = whole.dataset["row_size"].values
    part = hide(whole, np.argsort(rows)[-12:], complete)
    truth, forest = collect(whole), collect(part)
    assert (len(forest.unresolved), forest.blank) == ((12, 0) if complete else (0, 12))
    assert forest.planned == truth.planned
    full, found = connectedness(truth, LEVELS), connectedness(forest, LEVELS)
    for name in ("components", "with_lowest", "connected", "up_to_sign"):
        wanted, limits = getattr(full, name), getattr(found, name)
        if wanted is None:
            continue
        value = wanted.mean if name in ("components", "with_lowest") else wanted.share
        some = np.isfinite(value)
        assert np.all(limits.low[some] <= value[some] + 1e-12), name
        assert np.all(limits.high[some] >= value[some] - 1e-12), name
        assert np.any(limits.high - limits.low > 0.01)
    # The hidden ones have more components: the mean of the rest is wrong, and outside no limit.
    assert np.max(np.abs(full.components.mean - found.components.mean)) > 0.1
    every, rest = measure_lifetimes(truth), measure_lifetimes(forest)
    longer = np.array([(every.values > t).sum() for t in rest.times]) / truth.planned
    assert np.all(rest.low <= longer)
    assert np.all(longer <= rest.high)
    edges = np.linspace(-3, 3, 7)
    for kind in heights_module.KINDS:
        value, limits = measure_heights(truth, kind, edges).mean, measure_heights(forest, kind, edges)
        assert limits.low <= value
        assert value <= limits.high if complete else np.isnan(limits.high)
    level = onset(forest)
    assert level.low <= onset(truth).mean <= level.high if complete else np.isnan(level.low)


def test_limits_of_probabilities_are_narrow_where_points_decide(cell):
    """A level with one minimum below it is decided without a tree, and so is one above all saddles."""
    forest = collect(hide(cell, np.arange(30)))
    one = connectedness(forest, np.array([-10.0, 100.0])).connected
    assert np.isnan(one.share[0])
    assert one.low[1] == one.high[1] == 1
    blank = connectedness(collect(hide(cell, np.arange(30), complete=False)), np.array([100.0])).connected
    assert (blank.low[0], blank.high[0]) == (0.5, 1.0)


def test_planned_landscapes_that_are_absent_count_as_unknown(cell):
    forest = collect(replace(cell, planned=80))
    assert (forest.trees, forest.blank, forest.planned) == (60, 20, 80)
    one = connectedness(forest, np.array([100.0])).connected
    assert (one.share[0], one.low[0], one.high[0]) == (1.0, 0.75, 1.0)
    assert one.lower[0] < 0.75


def orbits(complex, level):
    """Components of {H/N <= level} after x and -x are made one: twins are neighbours in energy."""
    minima = np.flatnonzero((complex.index == 0) & (complex.energy <= level))
    label = {int(row): int(row) for row in minima}
    twins = np.flatnonzero(complex.index == 0).reshape(-1, 2)
    links = [tuple(pair) for pair in twins.tolist() if pair[0] in label]
    for row in np.flatnonzero((complex.index == 1) & (complex.energy <= level)).tolist():
        ends = complex.boundary[1][complex.boundary[1][:, 0] == row, 1].tolist()
        links += [tuple(ends)] if ends else []
    for _ in minima:
        for a, b in links:
            label[a] = label[b] = min(label[a], label[b])
    return len(set(label.values()))


def test_up_to_sign_is_the_quotient(even):
    complexes = [found.complex for found in landscapes(even)]
    forest = collect(even)
    assert forest.even
    # All minima of even H come in pairs, of which none is below the other.
    np.testing.assert_array_equal(np.bincount(forest.owner) % 2, 0)
    np.testing.assert_array_equal(forest.counts_below(forest.energy, LEVELS) % 2, 0)
    count = np.array([[orbits(complex, u) for u in LEVELS] for complex in complexes])
    some = (count > 0).any(axis=0)
    found = connectedness(forest, LEVELS)
    assert found.up_to_sign is not None
    share = (count == 1).sum(axis=0)[some] / (count > 0).sum(axis=0)[some]
    np.testing.assert_allclose(found.up_to_sign.share[some], share)
    assert np.any(found.up_to_sign.share[some] > found.connected.share[some])
    for complex, level in zip(complexes, forest.joined_up_to_sign, strict=True):
        assert orbits(complex, level) == 1
        above = complex.energy[(complex.energy > level) & (complex.index < 2)]
        assert all(orbits(complex, u) == 1 for u in above)
        assert level == complex.energy[0] or orbits(complex, level - 1e-9) > 1


def test_a_landscape_whose_saddles_are_all_loops():
    """d_1 is known and zero, so no arc of it is stored."""
    lone = MorseComplex(np.array([-1.0, 0.5]), np.array([0, 1]), 3, {1: np.zeros((0, 2), int)})
    forest = collect(make_cell([lone, lone]))
    assert (forest.trees, forest.joined.tolist(), forest.finite.any()) == (2, [-1.0, -1.0], False)
    result = measure_trees([make_cell([lone, lone])])
    assert result is not None
    assert np.isnan(result.cells[0].heights["escape"].mean)


def test_saddles_that_leave_minima_apart_are_no_tree(cell):
    apart = MorseComplex(np.array([-1.0, -0.5, 0.5]), np.array([0, 0, 1]), 3, {1: np.zeros((0, 2), int)})
    forest = collect(make_cell([apart]))
    assert (forest.trees, len(forest.unresolved)) == (0, 1)
    # Too few saddles for its minima: then its points can't be all, whatever the ledger says.
    fewer = MorseComplex(np.array([-1.0, -0.5, 0.5]), np.array([0, 0, 2]), 3, {1: np.zeros((0, 2), int)})
    assert collect(make_cell([fewer])).blank == 1


def test_errors_are_the_spread_of_repeated_samples():
    """Values of one landscape share a shift: errors that count minima as independent would be too small."""
    rng = np.random.default_rng(5)

    def sample():
        owner = np.repeat(np.arange(80), rng.integers(1, 9, 80))
        return owner, rng.exponential(1.0, 80)[owner] + 0.3 * rng.standard_normal(len(owner))

    samples = [sample() for _ in range(400)]
    means = np.array([mean_per_minimum(o, v, np.ones(len(v)), 80) for o, v in samples])
    assert means[:, 1].mean() == pytest.approx(means[:, 0].std(ddof=1), rel=0.15)
    naive = np.mean([v.std(ddof=1) / np.sqrt(len(v)) for _, v in samples])
    assert naive < 0.7 * means[:, 1].mean()
    found = np.array([bootstrap_quantiles(o, v, 80, draws=100) for o, v in samples])
    np.testing.assert_allclose(found[:, 1].mean(axis=0), found[:, 0].std(axis=0, ddof=1), rtol=0.3)


def test_barriers_of_one_tree_have_no_errors():
    """Drawn again its quantiles are always the same: no error, whatever the other trees' minima."""
    rng = np.random.default_rng(6)
    values = rng.exponential(1.0, 9)
    found, error = bootstrap_quantiles(np.full(9, 3), values, 5)
    np.testing.assert_allclose(found[1], np.median(values))
    assert np.isnan(error).all()
    assert np.isfinite(bootstrap_quantiles(np.array([3] * 8 + [4]), values, 5)[1]).all()
    assert np.isnan(mean_per_minimum(np.full(9, 3), values, np.ones(9), 5)[1])


def heights(mean, se):
    nothing = np.full(3, np.nan)
    return Heights(10, mean, se, mean, mean, nothing, nothing, nothing, nothing, np.zeros(3, int))


def test_scaling_finds_a_power_and_says_where_there_is_none():
    sizes = [4, 6, 8, 12]
    fit = scaling_of("escape", sizes, sizes, [heights(0.9 * n**-0.7, 0.01 * n**-0.7) for n in sizes])
    assert fit is not None
    assert (fit.exponent, fit.prefactor) == (pytest.approx(0.3), pytest.approx(0.9))
    assert fit.p_value == pytest.approx(1.0)
    bent = scaling_of("escape", sizes, sizes, [heights((0.1 + 0.1 * (n == 8)) / n, 0.001) for n in sizes])
    assert bent is not None
    assert bent.p_value < 1e-6
    assert scaling_of("escape", sizes[:2], sizes[:2], [heights(1.0, 0.1)] * 2) is None
    assert scaling_of("escape", [4, 4, 6], [4, 4, 6], [heights(1.0, 0.1)] * 3) is None
    twice = [4, *sizes]  # cells of one N may hold the same landscapes
    assert scaling_of("escape", twice, twice, [heights(0.9 * n**-0.7, 0.01 * n**-0.7) for n in twice]) == fit
    assert scaling_of("escape", sizes, sizes, [heights(np.nan, np.nan)] * 4) is None


def test_the_typical_landscape_is_certified_and_has_the_median_number_of_minima(cell):
    forest = collect(cell)
    minima = np.bincount(forest.owner)
    best = np.abs(minima - np.median(minima))
    first = int(np.argmin(best))
    assert typical(forest) == first
    assert typical(replace(forest, certified=np.arange(60) != first)) == np.argsort(best, kind="stable")[1]
    assert typical(replace(forest, certified=np.zeros(60, bool))) == first
    shown = picture(forest)
    assert (shown.landscape, shown.minima) == (forest.place[first], minima[first])
    assert shown.joined == forest.joined[first]
    later = replace(cell, stored=cell.stored.assign_coords(landscape=1000 + 2 * np.arange(60)))
    assert picture(collect(later)).landscape == 1000 + 2 * forest.place[first]


def family():
    """Three sizes whose saddles get lower: barriers fall with N."""
    rng = np.random.default_rng(4)
    return [
        make_cell([random_complex(rng, 4 / n) for _ in range(40)], n, name=f"c{n:04d}") for n in (5, 3, 4)
    ]


def test_a_family_on_the_page(tmp_path):
    cells = family()
    cells[2] = hide(cells[2], [3, 7])
    result = measure_trees(cells)
    assert result is not None
    assert [cell.n for cell in result.cells] == [3, 4, 5]
    drawn = draw(Trees(), result, tmp_path, "family-1")
    assert set(drawn) == {"connectedness", "disconnectivity", "barriers", "lifetimes"}
    assert all(one.vector.stat().st_size > 1000 for one in drawn.values())
    page = render("t", lay_out(Section("xi <&", [Trees().section(result)]), drawn))
    assert page.count("<figure>") == 4
    assert "38 of 40 planned landscapes have a known tree" in page
    assert "xi &lt;&amp;" in page
    assert "H is even" not in page
    for table, rows in Chapter(Trees(), [result]).tables().items():
        table.write(tmp_path, rows)
        with (tmp_path / f"{table.name}.csv").open(newline="") as file:
            assert len(list(csv.DictReader(file))) == len(rows) > 0, table.name


def test_barriers_in_units_of_energy_are_times_the_spins_of_all_spheres():
    """Of a product of two spheres energies are H over 2N: twice the barriers of one sphere's N."""
    cells = family()
    one = measure_trees(cells)
    two = measure_trees([replace(cell, ambient=2 * cell.n) for cell in cells])
    assert one is not None
    assert two is not None
    for row, other in zip(barrier_rows(one), barrier_rows(two), strict=True):
        assert (other["n"], other["mean"]) == (row["n"], row["mean"])
        assert row["n_times_mean"] == pytest.approx(row["n"] * row["mean"])
        assert other["n_times_mean"] == pytest.approx(2 * row["n_times_mean"])
        assert other["n_times_se"] == pytest.approx(2 * row["n_times_se"])
    assert len(one.scaling) == len(two.scaling) == 2
    for fit, other in zip(one.scaling, two.scaling, strict=True):
        assert (other.exponent, other.se) == (pytest.approx(fit.exponent), pytest.approx(fit.se))
        assert other.prefactor == pytest.approx(2 * fit.prefactor)


def test_fits_name_their_family():
    """Families that differ in a parameter, or in the finder alone, have rows of their own."""
    cells = [replace(cell, stored=cell.stored.assign_attrs(sizes="1,2")) for cell in family()]
    result = measure_trees(cells, "homotopy")
    assert result is not None
    assert {row["parameters"] for row in scaling_rows(result)} == {"sizes = 1,2"}
    assert {row["finder"] for row in scaling_rows(result)} == {"homotopy"}
    assert {"parameters", "finder"} <= {column.name for column in SCALING.columns}


@pytest.mark.parametrize("spheres", [1, 2])
def test_panels_of_barriers_have_the_energy_of_all_spheres(spheres):
    result = measure_trees([replace(cell, ambient=spheres * cell.n) for cell in family()])
    assert result is not None
    _, axes = new_figure(2, 2, 5.8)
    mean = plot_heights(axes[0], result.known, result.scaling, energy=False)[0]
    times_spins = plot_heights(axes[1], result.known, result.scaling, energy=True)[0]
    spins = spheres * np.array([cell.n for cell in result.known])
    np.testing.assert_allclose(times_spins.lines[0].get_ydata(), spins * mean.lines[0].get_ydata())
    # The fitted line is one law in both units.
    per_spin, energy = (ax.lines[0].get_ydata() for ax in axes[:2])
    np.testing.assert_allclose(energy, per_spin * spheres * axes[0].lines[0].get_xdata())
    (bars,) = plot_height_by_energy(axes[2], result.known[-1:], "escape", result.edges)
    found = result.known[-1].heights["escape"]
    shown = found.held >= 5
    np.testing.assert_allclose(bars.lines[0].get_ydata(), spins[-1] * found.binned[shown])
    (line,) = plot_classes(axes[3], result.known[-1:])
    times = result.known[-1].lifetimes.times[result.known[-1].lifetimes.mean > 0]
    np.testing.assert_allclose(line.get_xdata(), spins[-1] * times)


def test_a_family_without_any_tree_has_text_and_no_figure(cell, tmp_path):
    result = measure_trees([hide(cell, np.arange(60), complete=False)])
    assert result is not None
    assert draw(Trees(), result, tmp_path, "x") == {}
    page = render("t", lay_out(Trees().section(result), {}))
    assert "0 of 60 planned landscapes" in page
    assert "No power of N" in page
    for table, rows in Chapter(Trees(), [result]).tables().items():
        table.write(tmp_path, rows)
    without = cell.dataset.drop_vars(["topology", "exact_degree"])
    assert measure_trees([replace(cell, stored=without)]) is None


@pytest.mark.parametrize(("symmetry", "images"), [((8, True), 4), ((4, False), 4), ((2, True), 1)])
def test_products_say_how_many_images_the_ground_state_has(tmp_path, symmetry, images):
    """x1 x2 x3: of 8 sign changes the 4 with an even number of minus signs leave H as it is."""
    cells = family()
    for cell in cells:
        cell.__dict__["symmetry"] = Symmetry(*symmetry)
    result = measure_trees(cells)
    assert result is not None
    page = render("t", Chapter(Trees(), [result]).write(tmp_path)[1])
    assert ("each minimum is one of 4 of one energy" in page) == (images == 4)
    assert ("Its 3 images count as other minima" in page) == (images == 4)
    assert "has a twin" not in page
    assert result.cells[0].connected.up_to_sign is None


def test_the_form_on_three_spheres_has_four_images():
    symmetry = symmetry_of("partite", {"sizes": "1,1,1"}, 4)
    cell = family()[0]
    cell.__dict__["symmetry"] = symmetry
    assert images_of(cell) == 4


def test_even_landscapes_say_what_the_essential_class_is(even, tmp_path):
    result = measure_trees([even])
    assert result is not None
    page = render("t", Chapter(Trees(), [result]).write(tmp_path)[1])
    assert "global minimum has a twin" in page
    assert "up to sign" in page
