"""The bottom of a landscape against whole enumerations, and the ledger that says what of it is closed."""

from dataclasses import asdict, replace
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial import KDTree

from morsecensus.tasks.block import describe, run_block
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
from morsecensus.tasks.finders.low_index.census import low_index
from morsecensus.tasks.finders.low_index.descent import descend_to, valleys
from morsecensus.tasks.finders.low_index.explore import leave
from morsecensus.tasks.finders.low_index.graph import UNKNOWN, descend_sides
from morsecensus.tasks.finders.low_index.ledger import Seen, blind, chapman, everywhere, inequalities, judge
from morsecensus.tasks.finders.options import HomotopyOptions, LowIndexOptions
from morsecensus.tasks.geometry.manifolds import ProductOfSpheres, sphere
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.measurables.words import (
    BLIND,
    CLOSED,
    COMPLETE,
    CONVERGED,
    DISCONNECTED,
    FEW_HITS,
    INDEX_CLOSED,
    INEQUALITY,
    OPEN,
    RARELY_HIT,
    SINGULAR,
    UNSEEN,
    UNSOUGHT,
)
from morsecensus.tasks.points.deduplicate import match_known
from morsecensus.tasks.points.landmarks import Landmarks
from morsecensus.tasks.points.newton_lanes import ANY, arrive

OPTIONS = LowIndexOptions(max_index=1, starts_per_round=512)
MODELS = {
    "cubic": ("pspin", {"xi": "q^3"}, 10),
    "quartic": ("pspin", {"xi": "q^4"}, 6),
    "field": ("pspin", {"xi": "0.5*q^2+0.5*q^3", "field": 0.3}, 9),
    "partite": ("partite", {"sizes": "1,1,1"}, 4),
}


@lru_cache(maxsize=4)
def truth(name, instance=0):
    """The landscape, its couplings and all its points."""
    model, parameters, n = MODELS[name]
    landscape = build(model, parameters, n)
    couplings = landscape.sample(3, instance)
    census = enumerate_landscape(landscape, couplings, 3, instance, HomotopyOptions(certify="none")).census
    assert census.ledger.status == COMPLETE
    return landscape, couplings, census.points()[0]


def of_index(points, *indices):
    return points.take(np.flatnonzero(np.isin(points.index, indices)))


@pytest.mark.parametrize("name", MODELS)
def test_what_is_closed_is_what_an_enumeration_has(name):
    landscape, couplings, points = truth(name)
    found = low_index(landscape, couplings, 3, 0, OPTIONS)
    assert (found.ledger.status, found.ledger.reason) == (OPEN, CLOSED)
    dimension = landscape.manifold.dimension
    mirrored = [dimension, dimension - 1] if landscape.symmetry.odd else []
    sought = sorted({0, 1, *mirrored})
    known = of_index(points, *sought)
    ours, _ = found.points()
    np.testing.assert_allclose(np.sort(ours.energy), np.sort(known.energy), rtol=1e-9, atol=1e-12)
    distance, _ = KDTree(known.points).query(ours.points)
    assert distance.max() < 1e-7
    state = found.bottom.state
    assert (state[sought] == INDEX_CLOSED).all()
    assert (np.delete(state, sought) == UNSOUGHT).all()
    assert found.bottom.components == 1
    for k in (0, 1):
        number = int((known.index == k).sum())
        assert found.ledger.points_by_index[k] == number
        assert found.bottom.recapture[k].lower <= number <= found.bottom.recapture[k].upper
    hits = found.classes.hits
    assert (hits >= OPTIONS.min_hits).all()
    assert (found.bottom.hits_below <= hits).all()


def test_a_short_search_says_what_is_open():
    landscape, couplings, points = truth("cubic")
    short = LowIndexOptions(max_index=1, starts_per_round=64, max_rounds=1)
    found = low_index(landscape, couplings, 3, 0, short)
    assert (found.ledger.status, found.ledger.reason) == (OPEN, FEW_HITS)
    assert RARELY_HIT in found.bottom.state
    assert not found.ledger.closed_by_index[found.bottom.state != INDEX_CLOSED].any()
    assert len(found.points()[0].energy) < len(of_index(points, 0, 1, 8, 9).energy)


def test_the_same_seed_finds_the_same():
    landscape, couplings, _ = truth("cubic")
    one, other = (low_index(landscape, couplings, 3, 0, OPTIONS) for _ in range(2))
    assert one.classes.points.points.tobytes() == other.classes.points.points.tobytes()
    assert (one.classes.hits == other.classes.hits).all()


def test_descents_stop_below_their_targets_and_never_rise():
    landscape = build("pspin", {"xi": "q^3"}, 45)
    couplings = jax.tree.map(jnp.asarray, landscape.sample(1, 0))
    draw = np.random.default_rng(2)
    starts = landscape.random_starts(draw, 40)
    targets = draw.uniform(0.05, 0.5, 40) * 45**0.5
    few, many = (descend_to(landscape, couplings, starts, targets, 400, lanes=lanes) for lanes in (4, 40))
    assert (few.gradient_norm <= targets).all()
    np.testing.assert_allclose(few.points, many.points, atol=1e-6)
    value = jax.vmap(lambda x: landscape.value(couplings, x))
    assert (value(few.points) < value(jnp.asarray(starts))).all()
    given_up = descend_to(landscape, couplings, starts, 0 * targets, 7)
    assert (given_up.trials == 7).all()


def test_valleys_in_single_precision_are_those_in_double():
    landscape = build("partite", {"sizes": "1,1,1"}, 8)
    couplings = jax.tree.map(jnp.asarray, landscape.sample(1, 0))
    draw = np.random.default_rng(2)
    starts = landscape.random_starts(draw, 64)
    targets = draw.uniform(0.2, 0.5, 64) * landscape.gradient_scale * landscape.manifold.ambient**0.5
    found = valleys(landscape, couplings, starts, targets, 400)
    wanted = descend_to(landscape, couplings, starts, targets, 400)
    assert np.abs(np.square(found).reshape(64, 3, 8).sum(axis=2) / 8 - 1).max() < 1e-14
    slopes = jax.vmap(lambda x: landscape.manifold.project(x, landscape.value_and_gradient(couplings, x)[1]))
    assert (np.linalg.norm(slopes(jnp.asarray(found)), axis=1) < targets * (1 + 1e-4)).all()
    # Rounding may take a descent over a ridge; of these it does to none.
    np.testing.assert_allclose(found, wanted.points, atol=1e-3)
    # Control: they are not those in double precision digit by digit.
    assert np.abs(found - np.asarray(wanted.points)).max() > 1e-8


def test_ways_off_a_point_are_soft():
    landscape, couplings, points = truth("cubic")
    minimum = np.repeat(of_index(points, 0).points[:1], 500, axis=0)
    ends = leave(landscape, couplings, minimum, np.random.default_rng(1), np.full(500, 1e-4))
    ways = (ends - minimum) / 1e-4
    np.testing.assert_allclose(np.linalg.norm(ways, axis=1), 1, rtol=1e-3)
    value = jax.vmap(lambda x: landscape.value(couplings, x))
    curvature = 2 * (value(jnp.asarray(ends)) - value(jnp.asarray(minimum))) / 1e-8
    spectrum = of_index(points, 0).spectrum[0]
    least, most = spectrum.min(), spectrum.mean()
    # Isotropic ways would have the mean.
    assert least - 0.01 < float(curvature.mean()) < most - 10 * float(curvature.std()) / 500**0.5


@pytest.mark.parametrize("aim", [0, 1, 2])
def test_newton_goes_to_the_index_it_aims_at(aim):
    landscape, couplings, points = truth("cubic")
    known = of_index(points, aim)
    high = landscape.random_starts(np.random.default_rng(1), 64)
    reached = descend_to(landscape, couplings, high, np.full(64, 0.3 * 10**0.5), 400)
    starts = np.asarray(reached.points)
    hits = arrive(landscape, couplings, starts, 40, 0.25, np.full(64, aim))
    arrived = hits.outcomes == CONVERGED
    right = arrived & (hits.index == aim)
    distance, _ = KDTree(known.points).query(hits.points[right])
    assert right.sum() > max(8, 0.8 * arrived.sum())
    assert distance.max() < 1e-6
    # Control: without an aim it goes to points of several indices.
    free = arrive(landscape, couplings, starts, 40, 0.25, np.full(64, ANY))
    assert len(np.unique(free.index[free.outcomes == CONVERGED])) > 1


def test_what_is_recognised_is_where_newton_goes():
    landscape, couplings, points = truth("cubic")
    low = of_index(points, 0, 1)
    # Half of the classes only, so that some starts end elsewhere.
    known = low.take(np.arange(0, len(low.index), 2))
    high = landscape.random_starts(np.random.default_rng(3), 256)
    reached = descend_to(landscape, couplings, high, np.full(256, 0.3 * 10**0.5), 400)
    starts, aims = np.asarray(reached.points), np.tile([0, 1, ANY, ANY], 64)
    landmarks = Landmarks(known, landscape.symmetry)
    whole = arrive(landscape, couplings, starts, 40, 0.25, aims)
    short = arrive(landscape, couplings, starts, 40, 0.25, aims, landmarks=landmarks)
    assert (whole.outcomes == short.outcomes).all()
    arrived = whole.outcomes == CONVERGED
    ends = [match_known(found.points[arrived], known, landscape.symmetry) for found in (whole, short)]
    np.testing.assert_array_equal(*ends)
    np.testing.assert_array_equal(whole.index[arrived], short.index[arrived])
    seen = ends[0] >= 0
    assert seen.sum() > 40
    assert (~seen).sum() > 40
    saved = (whole.iterations - short.iterations)[arrived]
    assert (saved[~seen] == 0).all()
    assert saved[seen].mean() > 1


def test_landmarks_know_images_and_their_own_balls():
    landscape, _, points = truth("cubic")
    known = of_index(points, 0, 1)
    landmarks = Landmarks(known, landscape.symmetry)
    draw = np.random.default_rng(1)
    ways = draw.standard_normal(known.points.shape)
    ways *= (known.uniqueness_radius / np.linalg.norm(ways, axis=1))[:, None] * 10**0.5
    for sign in (1, -1):
        rows = landmarks.recognise(sign * (known.points + 0.45 * ways))
        np.testing.assert_array_equal(landmarks.points[rows], sign * known.points)
        assert (landmarks.recognise(sign * (known.points + 0.55 * ways)) == -1).all()
    nothing = Landmarks(known.take(np.arange(0)), landscape.symmetry)
    assert (nothing.recognise(known.points) == -1).all()


def test_one_minimum_alone_needs_no_saddle():
    one = seen([(9, 0)], [], counts=[1, 0], degenerate=False)
    assert judge(sphere(12), one, 3).tolist() == [INDEX_CLOSED] * 2
    two = seen([(9, 0), (9, 1)], [], counts=[2, 0], degenerate=False)
    assert judge(sphere(12), two, 3).tolist() == [INDEX_CLOSED, UNSEEN]


def test_an_index_may_have_no_point_if_the_others_need_none():
    often = [(9, 9)]
    none = seen(often, [], often * 2, counts=[1, 0, 2], degenerate=False)
    assert judge(sphere(7), none, 3).tolist() == [INDEX_CLOSED] * 3
    highest = seen(often * 2, often, [], counts=[2, 1, 0], degenerate=False)
    assert judge(sphere(7), highest, 3).tolist() == [INDEX_CLOSED] * 3
    # Two minima need a saddle, and nobody knows what one that was hit rarely leaves room for.
    torn = seen(often * 2, [], often, counts=[2, 0, 1], degenerate=False)
    assert judge(sphere(7), torn, 3).tolist() == [INDEX_CLOSED, UNSEEN, INDEX_CLOSED]
    rare = seen(often, [], [(1, 1)], counts=[1, 0, 1], degenerate=False)
    assert judge(sphere(7), rare, 3).tolist() == [INDEX_CLOSED, UNSEEN, RARELY_HIT]
    assert judge(sphere(7), seen([], [], counts=[0, 0], degenerate=False), 3).tolist() == [UNSEEN] * 2


@pytest.mark.parametrize("instance", [25, 31, 35])
def test_a_landscape_that_lacks_an_index_closes(instance):
    landscape = build("pspin", {"xi": "0.5*q^2+0.5*q^3", "field": 0.7}, 7)
    couplings = landscape.sample(1, instance)
    books = enumerate_landscape(landscape, couplings, 1, instance, HomotopyOptions(certify="none")).census
    numbers = books.ledger.points_by_index[:3]
    assert books.ledger.status == COMPLETE
    assert numbers.min() == 0  # what this is about
    found = low_index(landscape, couplings, 1, instance, replace(OPTIONS, max_index=2, max_rounds=12))
    assert found.bottom.state[:3].tolist() == [INDEX_CLOSED] * 3
    assert found.ledger.points_by_index[:3].tolist() == numbers.tolist()


def test_upper_indices_of_an_odd_landscape_are_images_of_lower_ones():
    landscape = build("pspin", {"xi": "q^3"}, 4)
    couplings = landscape.sample(1, 0)
    lower, all_of_them = (
        low_index(landscape, couplings, 1, 0, replace(OPTIONS, max_index=k, max_rounds=12)) for k in (1, 3)
    )
    assert all_of_them.bottom.state.tolist() == [INDEX_CLOSED] * 4
    assert all_of_them.ledger.points_by_index.tolist() == lower.ledger.points_by_index.tolist()
    known = [number.estimate for number in all_of_them.bottom.recapture]
    assert known == known[::-1]
    assert min(known) > 0


def test_saddles_join_all_minima_and_miss_one_that_is_hidden():
    landscape, couplings, points = truth("cubic")
    minima, saddles = of_index(points, 0), of_index(points, 1)
    whole = descend_sides(landscape, couplings, minima, saddles)
    assert whole.components(len(minima.index)) == 1
    assert not len(whole.elsewhere)
    shown = np.arange(1, len(minima.index))
    hidden = descend_sides(landscape, couplings, minima.take(shown), saddles)
    away = np.linalg.norm(hidden.elsewhere - minima.points[0], axis=1)
    assert len(away)
    assert away.max() < 1e-6
    assert ((hidden.minima == UNKNOWN) == (whole.minima == 0)).all()
    # A minimum whose saddles are all missing stands alone.
    touching = (whole.minima == 0).any(axis=1)
    cut = whole._replace(minima=whole.minima[~touching])
    assert cut.components(len(minima.index)) >= 2


def test_a_saddle_that_is_called_a_minimum_stands_alone():
    """Wrong by one: nothing leads down to a saddle."""
    landscape, couplings, points = truth("cubic")
    minima, saddles = of_index(points, 0), of_index(points, 1)
    first = saddles.take(np.arange(1))
    taken = replace(first, index=first.index - 1)
    found = descend_sides(
        landscape, couplings, minima.extend(taken), saddles.take(np.arange(1, len(saddles.index)))
    )
    assert found.components(len(minima.index) + 1) == 2


def test_chapman_on_counts_done_by_hand():
    # 200 marked, 250 caught, 50 of these marked: 201 * 251/51 - 1, variance 201 * 251 * 150 * 200/(51^2 52).
    hits = np.zeros((400, 2), dtype=np.int64)
    hits[:200, 0] = hits[150:400, 1] = 1
    number = chapman(hits)
    assert number.estimate == pytest.approx(988.235294)
    half = 1.959964 * (201 * 251 * 150 * 200 / (51**2 * 52)) ** 0.5
    assert (number.lower, number.upper) == pytest.approx((988.235294 - half, 988.235294 + half))


def test_chapman_of_a_hundred_thousand_classes_has_the_spread_of_a_thousandth_of_them():
    def ways(scale):
        return np.repeat([[1, 0], [0, 1], [1, 1]], np.array([60, 60, 10]) * scale, axis=0)

    small, large = chapman(ways(10)), chapman(ways(1000))
    assert large.estimate == pytest.approx(70_001 * 70_001 / 10_001 - 1)
    # A spread grows as the square root of the numbers, but for what the formula adds to each.
    ratio = (large.upper - large.estimate) / (small.upper - small.estimate)
    assert ratio == pytest.approx(10, rel=0.04)


def test_chapman_covers_where_the_ways_are_independent_and_is_low_where_they_are_not():
    draw = np.random.default_rng(5)
    inside, low = 0, []
    for _ in range(400):
        seen = draw.random((300, 2)) < [0.6, 0.7]
        found = chapman(seen[seen.any(axis=1)].astype(np.int64))
        inside += found.lower <= 300 <= found.upper
        ease = draw.beta(0.6, 0.4, 300)  # the same for both ways
        alike = draw.random((300, 2)) < ease[:, None]
        low.append(chapman(alike[alike.any(axis=1)].astype(np.int64)).estimate)
    assert 0.92 < inside / 400 <= 0.98
    assert np.mean(low) < 270


def test_a_way_that_is_blind_at_high_energies_is_seen():
    draw = np.random.default_rng(1)
    energy = np.sort(draw.standard_normal(100))
    hits = draw.poisson(4.0, (100, 2)) + 1
    assert not blind(hits, energy)
    hits[80:, 0] = 0
    assert blind(hits, energy)
    assert not blind(hits[-10:], energy[-10:])  # too few to tell


def test_morse_inequalities_of_spheres_and_products():
    assert inequalities(sphere(10), np.array([4, 3, 9])).tolist() == [True, True, True]
    assert inequalities(sphere(10), np.array([4, 2])).tolist() == [True, False]
    assert inequalities(sphere(10), np.array([0])).tolist() == [False]
    torus = ProductOfSpheres((2, 2))
    assert inequalities(torus, np.array([1, 2, 1])).all()
    assert not inequalities(torus, np.array([1, 1])).all()


def seen(*hits, counts, energy=None, **more):
    energies = energy or [np.arange(len(part), dtype=float) for part in hits]
    return Seen([np.array(part).reshape(-1, 2) for part in hits], energies, np.array(counts), **more)


def test_states_of_the_ledger():
    often = np.full((4, 2), 9)
    manifold = sphere(12)
    fine = seen(often, often, counts=[4, 4], degenerate=False, components=1)
    assert judge(manifold, fine, 3).tolist() == [INDEX_CLOSED, INDEX_CLOSED]
    assert judge(manifold, replace(fine, components=2), 3).tolist() == [DISCONNECTED] * 2
    assert judge(manifold, replace(fine, counts=np.array([4, 2])), 3).tolist() == [INEQUALITY] * 2
    assert judge(manifold, replace(fine, degenerate=True), 3).tolist() == [SINGULAR] * 2
    rare = seen(often, [(1, 1), (9, 9)], counts=[4, 4], degenerate=False)
    assert judge(manifold, rare, 3).tolist() == [INDEX_CLOSED, RARELY_HIT]
    assert judge(manifold, seen(often, [], counts=[4, 0], degenerate=False), 3)[1] == UNSEEN
    one_way = np.full((40, 2), 9)
    one_way[30:, 0] = 0
    assert judge(manifold, seen(often, one_way, counts=[4, 40], degenerate=False), 3)[1] == BLIND
    assert everywhere(np.array([0, 1]), 4, True).tolist() == [0, 1, -1, 1, 0]
    assert everywhere(np.array([0, 1]), 4, False).tolist() == [0, 1, -1, -1, -1]


@pytest.mark.parametrize(
    "options",
    [
        {"max_index": -1},
        {"starts_per_round": 100},
        {"min_hits": 1},
        {"from_below": 0},
        {"max_step": 0.0},
        {"lowest_stop": 0.6, "highest_stop": 0.5},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=r"got .* allowed"):
        LowIndexOptions(**options)


def test_what_can_not_be_searched_is_refused():
    landscape, couplings, _ = truth("cubic")
    with pytest.raises(ValueError, match=r"max_index: got 10, allowed: 0 to 9"):
        low_index(landscape, couplings, 3, 0, LowIndexOptions(max_index=10))
    manifolds = build("factorised", {"width": 1, "layers": 2, "extra": 0, "spectrum": "2,1"}, 2)
    with pytest.raises(ValueError, match=r"critical points are manifolds"):
        low_index(manifolds, manifolds.sample(1, 0), 1, 0, OPTIONS)


def test_more_points_than_the_plan_expects_have_their_rows(monkeypatch):
    """What is expected is a mean, and a rough one."""
    monkeypatch.setattr(MixedSpin, "low_points", lambda self, max_index: 1.0)
    options = LowIndexOptions()
    spec = {"model": "pspin", "parameters": {"xi": "q^3", "field": 0.0}, "n": 8, "seed": 1, "block_size": 1}
    spec |= {"finder": "low-index", "finder_options": asdict(options), "topology": False}
    spec |= {"positions": False, "spectra": False}
    planned, rows = describe(spec), len(run_block(spec, 0)["point"]["energy"])
    assert planned["expected_points"] == 1
    assert rows > 5
    starts = options.max_rounds * options.starts_per_round * (1 + options.from_below)
    assert planned["rows_bound"] >= 2 * starts
