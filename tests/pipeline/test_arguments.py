"""Arguments of the functions of `morsecensus`: NumPy's numbers are numbers, and what isn't one is refused."""

import numpy as np
import pytest

import morsecensus as mc
from morsecensus.pipeline.errors import UsageError
from morsecensus.tasks.runtime.keys import generator

QUICK = {"max_rounds": 1, "starts_per_round": 64}


def test_integers_of_numpy_key_what_integers_do():
    for kind in (np.int64, np.uint8, np.array):
        same = generator(kind(3), "x", 4).random(), generator(3, "x", kind(4)).random()
        assert same == (generator(3, "x", 4).random(),) * 2
    assert generator("3", "x").random() != generator(3, "x").random()
    for wrong in (3.0, True, np.bool_(True), np.float64(3), None):
        with pytest.raises(TypeError):
            generator(wrong, "x")


def test_a_landscape_is_that_of_its_number_whoever_counts():
    ours = mc.census("q^3", 4, seed=3, landscape=2, options=QUICK)
    theirs = mc.census("q^3", np.int32(4), seed=np.int64(3), landscape=np.uint8(2), options=QUICK)
    np.testing.assert_array_equal(ours.energy, theirs.energy)
    assert repr(ours) == repr(theirs)
    built = mc.build("pspin", {"xi": "q^3"}, np.int64(4))
    np.testing.assert_array_equal(mc.census(built, seed=3, landscape=2, options=QUICK).energy, ours.energy)
    assert mc.predict("q^3", np.int64(4)) == mc.predict("q^3", 4) == mc.predict("q^3", np.array([4]))
    assert mc.predict("q^3", 4, field=np.float32(0.5)) == mc.predict("q^3", 4, field=0.5)
    looks = mc.mean_field("q^3", step=np.float64(0.1), looks=np.array([1, 2]))
    assert (
        looks == mc.mean_field("q^3", step=0.1, looks=[1, 2]) == mc.mean_field("q^3", step=0.1, looks="1,2")
    )
    assert mc.mean_field("q^3", step=0.1, looks=2)["rows"] == looks["rows"][1:]


def _matrix_tensor(p):
    return mc.predict(n=4, model="matrix-tensor", p=p, delta2=0.5, deltap=1.0)


REFUSED = {
    "a float as seed": (lambda: mc.census("q^3", 4, seed=1.0), r"seed: got '?1\.0'?, allowed: an integer"),
    "true as seed": (lambda: mc.enumerate("q^3", 4, seed=True), r"seed: got '?True"),
    "text as seed": (lambda: mc.topology("q^3", 3, seed="1"), "seed: got '1'"),
    "a seed below 0": (lambda: mc.census("q^3", 4, seed=-1), "seed: got -1, allowed: integers from 0"),
    "a float as landscape": (lambda: mc.enumerate("q^3", 4, landscape=0.5), "landscape: got '?0.5"),
    "a float as n": (lambda: mc.predict("q^3", 8.0), r"n: got '?8\.0"),
    "a float as dimension": (lambda: mc.census("q^3", 4.0), r"n: got '?4\.0'?, allowed: one dimension"),
    "xi and n interchanged": (lambda: mc.census(4, "q^3"), "of: got '?4'?, allowed: xi as text"),
    "a degree that is no integer": (lambda: _matrix_tensor(3.9), r"--p: got '3\.9', allowed: integers"),
    "true as field": (lambda: mc.predict("q^3", 4, field=True), "--field: got 'True'"),
    "fields": (lambda: mc.predict("q^3", 4, field=[0.0, 0.7]), r"--field: got '\[0\.0, 0\.7\]'"),
    "looks that are none": (lambda: mc.mean_field("q^3", looks=[None]), "looks: got"),
    "a seed of SGD": (
        lambda: mc.mean_field("q^3", step=0.1, looks=[1], summands=2, seed=0.5),
        "seed: got '?0.5",
    ),
    "a page of both": (lambda: mc.explore("runs/x", seed=3), "seed: given with a store"),
    "a page's landscapes": (lambda: mc.explore(xi="q^3", n=3, landscapes=2), "landscapes: given without a s"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_number_is_one_line(name):
    call, message = REFUSED[name]
    with pytest.raises(UsageError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "more", [{"n": 10}, {"field": 3.0}, {"model": "spiked"}, {"n": 4, "field": 0.0}], ids=str
)
def test_a_built_landscape_takes_no_parameters(more):
    built = mc.build("pspin", {"xi": "q^3"}, 4)
    with pytest.raises(UsageError, match=f"{', '.join(more)}: given with a landscape that is built"):
        mc.census(built, **more)


def test_the_record_of_a_built_landscape_has_its_dimension():
    built = mc.build("pspin", {"xi": "q^3"}, 4)
    assert mc.census(built, options=QUICK).record["n"] == 4


def test_building_completes_and_refuses_parameters():
    usual = mc.build("matrix-tensor", {"delta2": 0.5, "deltap": 1.0}, 8)
    assert usual == mc.build("matrix-tensor", {"delta2": 0.5, "deltap": 1.0, "p": 3}, 8)
    for model, given, message in (
        ("pspin", {}, "parameters of pspin: got no 'xi', allowed: xi, field"),
        ("distinct", {"p": 4}, "p: got '4', allowed: 3"),
        ("distinct", {"foo": 1}, r"parameters of distinct: got \['foo'\], allowed: p"),
        ("pspin", {"xi": "q^3", "field": True}, "field: got 'True'"),
    ):
        with pytest.raises(ValueError, match=message):
            mc.build(model, given, 5)
    with pytest.raises(ValueError, match=r"n: got 5\.0"):
        mc.build("pspin", {"xi": "q^3"}, 5.0)
