"""A landscape's result depends on that landscape alone, and on its unit by a factor alone."""

import jax
import numpy as np
import pytest

from morsecensus.tasks.finders.homotopy.census import homotopy
from morsecensus.tasks.finders.homotopy.sampled_census import sampled_homotopy
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import HomotopyOptions, MultistartOptions, SampledHomotopyOptions
from morsecensus.tasks.landscapes import scale
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.tensors import describe, pack
from morsecensus.tasks.measurables.words import CERTIFIED, COMPLETE
from morsecensus.tasks.records.flow import flow_landscape
from morsecensus.tasks.runtime import inputs
from morsecensus.tasks.topology.census import topology_of

QUICK = MultistartOptions(starts_per_round=256, max_rounds=20)
FINDERS = {
    "multistart": (multistart, QUICK),
    "homotopy": (homotopy, HomotopyOptions()),
    "sampled": (sampled_homotopy, SampledHomotopyOptions(starts_per_round=256, max_rounds=20, paths=16)),
}
MODELS = {
    "mixture": ("pspin", {"xi": "q^2+0.5*q^3", "field": 0.2}, 3),
    "pure": ("pspin", {"xi": "q^4"}, 3),
    "form": ("partite", {"sizes": "1,1,2"}, 2),
}


def times(couplings, exponent):
    return jax.tree.map(lambda leaf: np.ldexp(leaf, exponent), couplings)


def given(arrays, n):
    packed = pack(arrays, n)
    known = describe(packed)
    inputs.keep(known["sha256"], packed)
    return build("given", known, n)


def census(landscape, instance=0):
    return multistart(landscape, landscape.sample(1, instance), 1, 0, QUICK)


@pytest.mark.parametrize("finder", FINDERS)
@pytest.mark.parametrize("model", MODELS)
def test_powers_of_two_change_energies_by_that_power_and_nothing_else(model, finder):
    landscape = build(*MODELS[model])
    find, options = FINDERS[finder]
    couplings = landscape.sample(2, 5)
    found = find(landscape, couplings, 2, 5, options)
    assert found.ledger.status == COMPLETE
    one, one_class = found.points()
    for exponent in (-700, -27, 700):
        other, other_class = find(landscape, times(couplings, exponent), 2, 5, options).points()
        for column in ("points", "index", "existence_radius", "uniqueness_radius", "degenerate"):
            np.testing.assert_array_equal(getattr(other, column), getattr(one, column))
        for column in ("energy", "spectrum", "radial_derivative", "gradient_norm"):
            np.testing.assert_array_equal(getattr(other, column), np.ldexp(getattr(one, column), exponent))
        np.testing.assert_array_equal(other_class, one_class)


def test_topology_has_no_unit():
    landscape = build("pspin", {"xi": "q^2+q^3"}, 4)
    couplings = landscape.sample(1, 0)

    def topology(couplings):
        return topology_of(homotopy(landscape, couplings, 1, 0, HomotopyOptions()), couplings)

    one, other = topology(couplings), topology(times(couplings, -700))
    assert one.outcome == other.outcome == CERTIFIED
    np.testing.assert_array_equal(one.pairs.birth, other.pairs.birth)
    np.testing.assert_array_equal(other.complex.energy, np.ldexp(one.complex.energy, -700))


CUBIC = build("pspin", {"xi": "q^3"}, 4)
FORM = build("partite", {"sizes": "1,1,1"}, 2)
ARRAYS = {
    "packed_3": (4, CUBIC.tensors(CUBIC.sample(1, 0))[3]),
    "tensors": (2, FORM.sample(1, 0)),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("factor", [1e-8, 1e-12, 1e-200, 1e200])
def test_a_landscape_does_not_know_what_stands_beside_it(name, factor):
    n, tensor = ARRAYS[name]
    alone = census(given({name: tensor[None]}, n))
    both = given({name: np.stack([tensor, factor * tensor])}, n)
    beside, other = census(both, 0), census(both, 1)
    for mine, theirs in zip(beside.classes.points.columns(), alone.classes.points.columns(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert other.ledger.status == COMPLETE
    np.testing.assert_array_equal(other.ledger.points_by_index, alone.ledger.points_by_index)
    np.testing.assert_allclose(other.points()[0].energy, factor * alone.points()[0].energy, rtol=1e-12)


def test_landscapes_without_a_size_stay_as_they_are():
    nothing = {"degree_3": 0 * CUBIC.sample(1, 0)["degree_3"]}
    assert scale.normalised(CUBIC, nothing) == (nothing, 0)
    factorised = build("factorised", {"width": 1, "layers": 2, "extra": 0, "spectrum": ""}, 2)
    target = factorised.sample(1, 0)
    found, exponent = scale.normalised(factorised, target)
    assert exponent == 0
    np.testing.assert_array_equal(found, target)


@pytest.mark.parametrize("model", MODELS)
def test_sizes_are_those_of_the_ensemble_and_normalised_ones_stay(model):
    landscape = build(*MODELS[model])
    squares = [landscape.gradient_size(landscape.sample(3, k)) ** 2 for k in range(400)]
    expected = 1.0 if model == "form" else landscape.covariance.x1
    error = np.std(squares) / 20
    assert abs(np.mean(squares) - expected) < 4 * error < 0.3 * expected
    found, _ = scale.normalised(landscape, times(landscape.sample(3, 0), 40))
    assert 1 <= landscape.gradient_size(found) < 2
    assert scale.normalised(landscape, found)[1] == 0


@pytest.mark.parametrize("xi", ["1e-12*q^3", "1e12*q^3"])
def test_ensembles_of_any_size_are_searched(xi):
    landscape, usual = build("pspin", {"xi": xi}, 4), build("pspin", {"xi": "q^3"}, 4)
    np.testing.assert_array_equal(
        census(landscape).ledger.points_by_index, census(usual).ledger.points_by_index
    )


def test_a_field_beyond_the_couplings_leaves_two_points():
    landscape = build("pspin", {"xi": "q^3", "field": 1e10}, 4)
    found = census(landscape)
    assert found.ledger.status == COMPLETE
    np.testing.assert_array_equal(found.ledger.points_by_index, [1, 0, 0, 1])


def test_a_signal_beyond_the_noise_is_found():
    landscape = build("spiked", {"xi": "1e-6*q^3", "signal": "1e6*q^2"}, 3)
    couplings = landscape.sample(1, 0)
    found = homotopy(landscape, couplings, 1, 0, HomotopyOptions())
    assert found.points()[0].energy.min() == pytest.approx(-1e6, rel=1e-6)


def test_flows_keep_their_own_time():
    spec = {"model": "pspin", "n": 8, "seed": 1, "starts": 4, "overlap": None}
    one = flow_landscape(spec | {"parameters": {"xi": "q^3"}, "times": [0.5, 2.0]}, 0)
    other = flow_landscape(spec | {"parameters": {"xi": f"{2.0**38}*q^3"}, "times": [2.0**-20, 2.0**-18]}, 0)
    np.testing.assert_allclose(other["energy"], np.ldexp(one["energy"], 19), rtol=1e-4)
    np.testing.assert_allclose(other["end_energy"], np.ldexp(one["end_energy"], 19), rtol=1e-10)
    np.testing.assert_array_equal(other["end"], one["end"])
