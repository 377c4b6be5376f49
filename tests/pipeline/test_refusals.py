"""Every command about one model, with every model there is: it is taken, or refused with one line that says
what to do, before anything is started for it."""

import math

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from morsecensus.pipeline.backends import start
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.commands import landscape as commands
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run import run
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.study.parameters import flowing
from morsecensus.pipeline.study.study import parse_study
from morsecensus.tasks.finders.homotopy.cost import countable
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.landscapes.tensors import describe, pack

N = 3
COUPLINGS = {"packed_3": np.random.default_rng(1).standard_normal((2, math.comb(N + 2, 3)))}
NUMBERS = {"xi": "q^3", "signal": "q^3", "law": "rademacher", "delta2": 1.0, "deltap": 1.0, "kernel": "q^3"}
VALUES = {name: str(value) for name, value in NUMBERS.items()}
WITHOUT_ISOTROPIC_NOISE = ("distinct", "partite", "units")
FINDERS = [{"finder": name} for name in ("multistart", "homotopy", "sampled-homotopy", "low-index")]


class Started(Exception):
    """A command came as far as its executor."""


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch):
    def started(*_, **__):
        raise Started

    for module in (start, commands, run):
        monkeypatch.setattr(module, "start_executor", started)


@pytest.fixture
def call(tmp_path):
    def call(command, model, *more):
        known = {each.name for each in typer.main.get_command(app).commands[command].params}
        names = known.intersection(MODELS[model].parameters)
        given = [word for name in names for word in option(name, tmp_path)]
        return CliRunner().invoke(app, [command, "--model", model, *given, "--n", str(N), *more])

    return call


def option(name, folder):
    if name == "file":
        np.savez(folder / "c.npz", **COUPLINGS)
        return "--file", str(folder / "c.npz")
    return (f"--{name.replace('_', '-')}", VALUES[name]) if name in VALUES else ()


def landscape_of(model):
    """The landscape that `call` asks for."""
    if MODELS[model].content_of is not None:
        return build(model, describe(pack(COUPLINGS, N)), N)
    read = {
        name: each.read(each.kind(VALUES[name])) if name in VALUES else each.default
        for name, each in MODELS[model].parameters.items()
    }
    return build(model, read, N)


def is_taken(command, model):
    landscape = landscape_of(model)
    return {
        "predict": MODELS[model].theory is not None,
        "enumerate": countable(landscape),
        "topology": countable(landscape) and len(landscape.manifold.sizes) == 1,
        "flow": model in flowing(),
    }[command]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("command", ["enumerate", "topology", "flow", "predict"])
def test_a_model_is_taken_or_refused_in_one_line(command, model, call, tmp_path):
    more = {"flow": ("--out", str(tmp_path / "out")), "predict": ()}.get(command, ("--seed", "1"))
    result = call(command, model, *more)
    if is_taken(command, model):
        started = isinstance(result.exception, Started)
        assert started or (command == "predict" and result.exit_code == 0), result.output
        return
    assert result.exit_code == 2, (result.output, result.exception)
    assert result.stderr.count("\n") == 1
    assert "allowed" in result.stderr


def test_some_are_taken_and_some_are_not():
    """Control of the test above."""
    for command in ("enumerate", "topology", "flow"):
        assert {is_taken(command, model) for model in MODELS} == {True, False}


def test_topology_says_who_takes_a_product_of_spheres(call):
    result = call("topology", "partite", "--seed", "1")
    assert "manifold: got a product of 3 spheres, allowed for topology: one sphere" in result.stderr
    assert "the command enumerate takes it" in result.stderr


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("more", [{"body": "flow"}, {"body": "threshold", "strengths": 1}, *FINDERS])
def test_a_plan_of_a_model_is_made_or_refused_in_one_line(more, model, tmp_path):
    np.savez(tmp_path / "c.npz", **COUPLINGS)
    values = {**NUMBERS, "file": "c.npz"}
    given = {name: values[name] for name in MODELS[model].parameters if name in values}
    content = {"name": "s", "seed": 1, "cells": [{"model": model, "n": N, "landscapes": 2, **given, **more}]}
    searched = not MODELS[model].trained
    points = searched and landscape_of(model).symmetry.orbits is None
    by_finder = {"multistart": searched, "low-index": points}
    counted = by_finder.get(more.get("finder"), is_taken("enumerate", model))
    flows = model in flowing() and not (more.get("body") == "threshold" and model in WITHOUT_ISOTROPIC_NOISE)
    if flows if "body" in more else counted:
        assert make_plan(parse_study(content, "study", tmp_path)).rows()
        return
    with pytest.raises(UsageError, match="allowed") as error:
        make_plan(parse_study(content, "study", tmp_path))
    assert "\n" not in str(error.value)
