"""Where descents of networks end: families by invariants, doubling, and the records of `shares`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.tasks.bodies.shares import describe, run_block
from morsecensus.tasks.landscapes.relu_units import ReluUnits
from morsecensus.tasks.points.families import ZERO, exchangeable, find_families, merge
from morsecensus.tasks.records import shares
from morsecensus.tasks.records.shares import shares_of
from morsecensus.tasks.trajectories.fixed_steps import settle


def spec_of(k, units, runs, seed=5):
    return {"model": "relu-units", "parameters": {"units": units}, "n": k, "runs": runs, "seed": seed}


@pytest.fixture(scope="module")
def ends():
    """Ends of descents at k = 7: the global minimum and the first spurious one, in several labellings."""
    landscape = ReluUnits(7, 7)
    starts = np.random.default_rng(3).standard_normal((128, 49)) / np.sqrt(7)
    found, settled = settle(landscape, np.eye(7), starts, 5 / 7, 1e-10, 100_000)
    assert settled.all()
    return landscape, found


def one_by_one(landscape, starts, step, target, most):
    """Descents in a plain loop, each alone."""
    look, found = jax.jit(landscape.gradient), []
    for x in starts:
        for taken in range(most + 1):
            gradient = np.asarray(look(np.eye(landscape.k), x))
            if np.linalg.norm(gradient) <= target:
                found.append((x, taken))
                break
            x = x - step * gradient
        else:
            found.append((None, most))
    return found


def test_lanes_are_descents_one_by_one():
    """More starts than lanes, so that some wait; some don't arrive in time; the order doesn't matter."""
    landscape = ReluUnits(5, 5)
    starts = np.random.default_rng(8).standard_normal((20, 25)) / np.sqrt(5)
    alone = one_by_one(landscape, starts, 1.0, 1e-6, 200)
    in_time = np.array([x is not None for x, _ in alone])
    assert 3 < in_time.sum() < 17
    found, arrived = settle(landscape, np.eye(5), starts, 1.0, 1e-6, 200)
    np.testing.assert_array_equal(arrived, in_time)
    known = np.array([x for x, _ in alone if x is not None])
    np.testing.assert_allclose(found[arrived], known, atol=1e-12)
    order = np.random.default_rng(9).permutation(20)
    again, there = settle(landscape, np.eye(5), starts[order], 1.0, 1e-6, 200)
    np.testing.assert_array_equal(there, arrived[order])
    np.testing.assert_allclose(again, found[order], atol=1e-12)


def test_a_bottom_ends_a_descent_and_infinity_is_no_end():
    landscape = ReluUnits(4, 4)
    starts = np.random.default_rng(10).standard_normal((5, 16)) / 2
    found, arrived = settle(landscape, np.eye(4), starts, 1.0, 0.0, 10_000, bottom=1e-3)
    values = jax.vmap(lambda x: landscape.value(np.eye(4), x))(found)
    assert arrived.all()
    assert (np.asarray(values) <= 1e-3).all()
    assert (np.asarray(values) > 1e-5).all(), "it goes no further"
    assert not settle(landscape, np.eye(4), starts, 10.0, 1e-10, 3_000)[1].any(), "steps that are too long"


def test_relabelled_ends_are_one_family(ends):
    landscape, found = ends
    families = find_families(landscape, np.eye(7), found, 7)
    assert [family.blocks for family in families] == [(7,), (6, 1)]
    assert sum(family.runs for family in families) == len(found)
    draw = np.random.default_rng(4)
    images = [w[draw.permutation(7)][:, draw.permutation(7)].ravel() for w in found.reshape(-1, 7, 7)]
    again = find_families(landscape, np.eye(7), np.array(images), 7)
    assert [family.runs for family in again] == [family.runs for family in families]


def test_spurious_minimum_is_a_minimum_to_round_off(ends):
    landscape, found = ends
    spurious = find_families(landscape, np.eye(7), found, 7)[1]
    assert (spurious.index, spurious.nullity) == (0, 0)
    assert spurious.residual < 1e-14
    assert 0.01 < spurious.loss < 0.1
    assert spurious.spectrum[0] > 1e-3


def test_doubling_is_that_of_the_larger_network(ends):
    """The formula against the Hessian of m = 8, at two ways to share the weights."""
    landscape, found = ends
    larger = ReluUnits(7, 8)
    for family in find_families(landscape, np.eye(7), found, 7):
        weights = family.point.reshape(7, 7)
        for unit, share in [(0, 0.5), (3, 0.2), (6, 0.5)]:
            rows = np.insert(weights, 7, (1 - share) * weights[unit], axis=0)
            rows[unit] *= share
            jet = larger.jet(np.eye(7), jnp.asarray(rows.ravel()))
            assert float(jet.value) == pytest.approx(family.loss, abs=1e-14)
            np.testing.assert_allclose(jet.gradient, 0, atol=1e-13)
            spectrum = np.linalg.eigvalsh(jet.hessian)
            twice = (int((spectrum < -1e-7).sum()), int((np.abs(spectrum) <= 1e-7).sum()))
            assert twice == family.doubled[unit]
    # At the global minimum each student's own block is that of its teacher: k flat directions.
    families = find_families(landscape, np.eye(7), found, 7)
    assert set(families[0].doubled) == {(0, 7)}
    assert max(index for index, _ in families[1].doubled) > 0, "adding a unit turns the minimum into a saddle"


def test_merging_tells_apart_what_differs():
    draw = np.random.default_rng(5)
    a, b = draw.standard_normal((2, 9))
    rows = np.stack([a, a.reshape(3, 3)[[1, 2, 0]].ravel(), a + 1e-3, b])
    assert merge(np.array([0.1, 0.1, 0.1, 0.1]), rows).tolist() == [0, 0, 1, 2]
    assert merge(np.array([0.1, 0.2, 0.1, 0.2]), rows).tolist() == [0, 2, 1, 3]
    assert merge(np.zeros(4), rows).tolist() == [0, 0, 0, 0]


def test_blocks_are_coordinates_that_may_be_exchanged():
    alike = np.eye(4) - 0.1
    assert exchangeable(alike) == (4,)
    assert exchangeable(alike[[2, 0, 3, 1]]) == (4,)
    apart = alike.copy()
    apart[3, 3] = -1.0
    assert exchangeable(apart) == (3, 1)
    assert exchangeable(np.random.default_rng(6).standard_normal((4, 4))) == (1, 1, 1, 1)


def test_record_counts_every_run():
    found = shares_of(spec_of(7, 7, 64))
    assert found["runs"] == found["open"] + sum(family["runs"] for family in found["families"]) == 64
    assert found["spurious"] == sum(family["runs"] for family in found["families"] if family["loss"] > 1e-10)
    assert found["share_lower"] <= found["share"] <= found["share_upper"]
    assert [family["loss"] for family in found["families"]] == sorted(f["loss"] for f in found["families"])


def test_rows_of_a_block_are_its_own_runs(monkeypatch):
    """Some runs don't settle in time: each row's loss is still that of its weights."""
    monkeypatch.setattr(shares, "MOST_STEPS", 450)
    spec = spec_of(7, 7, None) | {"block_size": 24}
    rows = run_block(spec, 1)["landscape"]
    settled = rows["status"] == 0
    assert 3 < settled.sum() < 21
    value = jax.jit(jax.vmap(lambda x: ReluUnits(7, 7).value(np.eye(7), x)))
    losses = np.asarray(value(rows["weights"].reshape(24, 49)))
    np.testing.assert_allclose(rows["loss"][settled], losses[settled], atol=1e-12)
    assert np.isnan(rows["loss"][~settled]).all()
    assert (rows["doubled_index"][~settled] == -1).all()
    assert (rows["blocks"][settled].sum(axis=1) == 7).all()
    assert describe(spec)["attrs"] == {"loss_zero": ZERO}
    # The runs of block 1 are those from 24 on, whatever the blocks are called by.
    (last,) = run_block(spec | {"block_size": 1}, 47)["landscape"]["weights"]
    np.testing.assert_allclose(last, rows["weights"][23], atol=1e-12)


def test_few_teachers_have_no_spurious_minima():
    """The negative control: k = 3, where there are none."""
    found = shares_of(spec_of(3, 3, 64))
    assert (found["open"], found["spurious"], len(found["families"])) == (0, 0, 1)


def test_students_to_spare_end_at_zero_on_a_continuum():
    found = shares_of(spec_of(6, 8, 32))
    assert (found["open"], found["spurious"], found["units"]) == (0, 0, 8)
    (family,) = found["families"]
    assert family["nullity"] > 0
    assert family["residual"] < 1e-4
