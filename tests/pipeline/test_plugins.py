"""Models of others, from a file or a package: into cells, onto workers, into the report; what is caught."""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

import morsecensus as mc
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.report import write_report
from morsecensus.analysis.theory.base import Theory
from morsecensus.pipeline import plugins
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.commands.report import write_report as write_report_of
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.pipeline.worker.worker import run_job
from morsecensus.storage.dataset import dataset_hash
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.check import check_landscape
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.landscapes.spin import MixedSpin
from support.figures import unrendered
from support.workers import unshared

TORUS = Path(__file__).parents[2] / "examples" / "torus.py"
CELL = {"model": "planar-glass", "n": "2:3", "landscapes": 8, "block": 4, "spectra": False}


@pytest.fixture(autouse=True)
def _ours_alone():
    """No other test's models here or in workers, which keep those of each job."""
    plugins.forget()
    with unshared():
        yield
    plugins.forget()


def study_file(folder, **changes):
    lines = ['name = "torus"', "seed = 1", "[[cells]]"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in (CELL | changes).items()]
    path = folder / "study.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def command(*arguments):
    """In a process of its own: what one is given no other has."""
    line = [sys.executable, "-m", "morsecensus", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, env=dict(os.environ))


def call(*arguments):
    """In this process, which has the plugins that it is given for this command alone; its worker is new."""
    try:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])
    finally:
        plugins.forget()
        assert plugins.carried() == {}


def edited(folder, *changes):
    """The example with some of its text replaced."""
    text = TORUS.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "edited.py"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torus")
    found = command("run", study_file(folder), "--plugin", TORUS, "--store", folder / "run")
    assert found.returncode == 0, found.stderr
    return folder / "run"


def test_a_torus_has_a_census_whose_signs_sum_up_to_zero(store):
    for cell in open_study(str(store)).cells:
        data = cell.stored
        assert (data["status"].values == 0).all()
        assert (data["morse_check"].values == 0).all(), "passed, and informative"
        counts = data["points_by_index"].values
        assert (counts @ (-1) ** np.arange(cell.n + 1) == 0).all()
        assert (data["existence_radius"].values < data["uniqueness_radius"].values).all()
        assert counts.sum() > 0
        assert cell.stored.attrs["radii"] == "estimates"


def test_without_its_plugin_a_store_opens_and_has_no_theory(store, tmp_path):
    (cell, _) = open_study(str(store)).cells
    assert type(cell.theory) is Theory
    assert cell.parameters == {}
    with unrendered():
        page = Path(write_report(str(store), tmp_path)).read_text()
    assert "planar-glass" in page
    assert "No theory for this model" in page
    assert "are estimates" in page


def test_with_its_plugin_it_has_its_theory_and_tests(store):
    plugins.read_plugin(TORUS)
    for cell in open_study(str(store)).cells:
        assert cell.parameters == {"field": 1.0}
        means = cell.theory.means(cell.n, np.linspace(-4, 4, 33))
        assert means is not None
        assert means.by_index is not None
        found = cell.dataset["points_by_index"].values
        error = np.hypot(found.std(axis=0, ddof=1) / np.sqrt(len(found)), means.by_index_se)
        assert (np.abs(found.mean(axis=0) - means.by_index) < 5 * error).all()


def test_another_version_of_it_is_not_its_theory(store, tmp_path):
    plugins.read_plugin(edited(tmp_path, ("draws=50_000", "draws=40_000")))
    assert type(open_study(str(store)).cells[0].theory) is Theory


def test_a_store_holds_to_the_version_that_it_was_begun_with(store, tmp_path):
    other = edited(tmp_path, ("draws=50_000", "draws=40_000"))
    found = call("run", study_file(tmp_path), "--plugin", other, "--store", store)
    assert found.exit_code == 2
    assert "computes something else now: plugin:" in found.stderr


def test_it_verifies_and_extends_with_its_plugin_alone(store, tmp_path):
    before = dataset_hash(str(store))
    bare = call("verify", store, "--deep", "--blocks", "1")
    assert bare.exit_code == 1
    assert "its source isn't here" in bare.stderr
    given = call("verify", store, "--deep", "--blocks", "1", "--plugin", TORUS)
    assert given.exit_code == 0, given.stderr
    again = call("run", study_file(tmp_path), "--plugin", TORUS, "--store", store)
    assert again.exit_code == 0, again.stderr
    assert dataset_hash(str(store)) == before


@pytest.mark.slow
@pytest.mark.ray
def test_ray_is_serial_byte_for_byte(store, tmp_path):
    ray = ("--backend", "ray", "--workers", "2")
    found = command("run", study_file(tmp_path), "--plugin", TORUS, "--store", tmp_path / "run", *ray)
    assert found.returncode == 0, found.stderr
    assert dataset_hash(str(tmp_path / "run")) == dataset_hash(str(store))


def run_edited(tmp_path, *changes):
    path = edited(tmp_path, *changes)
    study = study_file(tmp_path, n="2", landscapes=4)
    return call("run", study, "--plugin", path, "--store", tmp_path / "run")


def test_a_wrong_characteristic_fails_every_landscape(tmp_path):
    """Control."""
    found = run_edited(tmp_path, ("euler_characteristic = 0", "euler_characteristic = 2"))
    assert found.exit_code == 0, found.stderr
    (cell,) = open_study(str(tmp_path / "run")).cells
    assert (cell.stored["morse_check"].values == 1).all()
    assert (cell.stored["status"].values != 0).all()


def test_a_wrong_gradient_is_refused(tmp_path):
    """Control."""
    wrong = """
    def value_and_gradient(self, couplings, x):
        value, gradient = super().value_and_gradient(couplings, x)
        return value, 1.01 * gradient
"""
    found = run_edited(
        tmp_path,
        (
            "\n\n@dataclass(frozen=True)\nclass PlanarGlassTheory",
            wrong + "\n\n@dataclass(frozen=True)\nclass PlanarGlassTheory",
        ),
    )
    assert found.exit_code == 1
    assert "gradient: off by" in found.stderr


def test_our_own_models_pass_the_same_check():
    known = {
        "xi": "q^3",
        "signal": "q^3",
        "law": "rademacher",
        "sizes": "1,1,1",
        "delta2": 1.0,
        "deltap": 1.0,
        "kernel": "q^3",
    }
    for name, model in MODELS.items():
        if model.content_of is None and not model.trained:
            parameters = {key: known.get(key, each.default) for key, each in model.parameters.items()}
            check_landscape(build(name, parameters, 3), 1)


def test_a_landscape_without_a_bound_gets_estimates_that_hold():
    class Bare(MixedSpin):
        hessian_variation = vars(MixedSpin.__mro__[1])["hessian_variation"]

    known = build("pspin", {"xi": "q^3"}, 4)
    assert isinstance(known, MixedSpin)
    bare = Bare(known.covariance, known.n)
    couplings = known.sample(1, 0)
    assert known.radii_proven
    assert not bare.radii_proven
    # of a cubic form third derivatives are the same everywhere
    tensor = known.jet(couplings, np.eye(4)[0]).hessian
    assert bare.hessian_variation(couplings) > np.linalg.norm(tensor, 2)


def test_predict_and_plan_know_it(tmp_path):
    found = call("plan", study_file(tmp_path), "--plugin", TORUS, "--json")
    assert found.exit_code == 0, found.stderr
    rows = json.loads(found.stdout)
    assert [row["model"] for row in rows] == ["planar-glass"] * 2
    assert 8 < rows[0]["expected_points_per_landscape"] < 9
    found = call("predict", "--model", "planar-glass", "--set", "field=2", "--n", "3", "--plugin", TORUS)
    assert found.exit_code == 2
    assert "allowed: one whose mean numbers are known" in found.stderr
    found = call("enumerate", "--model", "planar-glass", "--n", "3", "--seed", "1", "--plugin", TORUS)
    assert found.exit_code == 2
    assert "allowed for homotopies: one whose complex critical points" in found.stderr


MISTAKES = {
    "no file": (None, "cannot read"),
    "no Python": ("x =", "SyntaxError"),
    "no models": ("x = 1", "got no MODELS"),
    "raises": ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
    "no model": ("MODELS = {'mine': 1}", "mine: got int, allowed: a Model"),
    "a name of ours": (
        "from morsecensus.tasks.landscapes.registry import MODELS as M\nMODELS = {'pspin': M['pspin']}",
        "name: got 'pspin'",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_one_line(name, tmp_path):
    text, message = MISTAKES[name]
    path = tmp_path / "plugin.py"
    if text is not None:
        path.write_text(text)
    before = dict(MODELS)
    result = CliRunner().invoke(app, ["plan", str(study_file(tmp_path)), "--plugin", str(path)])
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert before == MODELS


def test_a_model_on_a_sphere_flows_as_ours_do(tmp_path):
    """In the command and in studies, whose models that can flow are asked for when a plugin is there."""
    path = tmp_path / "mine.py"
    path.write_text(
        "from morsecensus.tasks.landscapes.registry import MODELS as OURS\n"
        "from morsecensus.tasks.landscapes.parameters import Model\n"
        "from morsecensus.tasks.landscapes.spin import MixedSpin\n"
        "MODELS = {'mine': Model(MixedSpin, OURS['pspin'].parameters)}\n"
    )
    size = ("--n", "5", "--landscapes", "2", "--starts", "2", "--until", "2", "--json")
    mine = ("--plugin", str(path), "--model", "mine", "--set", "xi=q^3")
    found = CliRunner().invoke(app, ["flow", *mine, *size])
    assert found.exit_code == 0, found.stderr
    ours = CliRunner().invoke(app, ["flow", "--xi", "q^3", *size])
    ends = [[row["end_energy"] for row in json.loads(run.stdout)] for run in (found, ours)]
    assert ends[0] == ends[1]
    cell = {"model": "mine", "xi": "q^3", "n": 5, "landscapes": 2}
    for more in ({"body": "flow"}, {"body": "threshold", "strengths": [1.0]}, {"body": "escapes"}):
        (made,) = parse_study({"name": "x", "seed": 1, "cells": [cell | more]}).cells
        assert made.spec["plugin"] == MODELS["mine"].digest


def test_a_study_cannot_name_a_file(tmp_path):
    for changes in ({"plugin": str(TORUS)}, {"model": str(TORUS)}):
        content = {"name": "x", "seed": 1, "cells": [{"xi": "q^3", "n": 3, "landscapes": 1} | changes]}
        with pytest.raises(UsageError, match=r"plugin: unknown key|model: got"):
            parse_study(content)


def test_a_worker_refuses_a_cell_whose_plugin_it_lacks():
    spec = {"model": "planar-glass", "plugin": "0" * 64}
    error = run_job({"job": "describe", "body": "tasks.block:run_block", "spec": spec})["error"]
    assert error["kind"] == "plugin"
    assert "its source isn't here" in error["message"]


@contextmanager
def _installed(folder):
    """A package with the model stranger, installed as far as Python can tell."""
    package, facts = folder / "site" / "strangers", folder / "site" / "strangers-1.0.dist-info"
    package.mkdir(parents=True)
    facts.mkdir()
    (package / "__init__.py").write_text("")
    (package / "glass.py").write_text(TORUS.read_text() + 'MODEL = MODELS["planar-glass"]\n')
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[morsecensus.landscapes]\nstranger = strangers.glass:MODEL\n")
    try:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.syspath_prepend(str(folder / "site"))
            monkeypatch.setenv("PYTHONPATH", str(folder / "site"))
            yield package
    finally:
        MODELS.pop("stranger", None)
        for name in [name for name in sys.modules if name.partition(".")[0] == "strangers"]:
            del sys.modules[name]


@pytest.fixture
def installed(tmp_path):
    with _installed(tmp_path) as package:
        yield package


def test_an_installed_package_has_its_models_by_an_entry_point(installed):
    assert not plugins.is_known("nobody")
    assert plugins.is_known("stranger")
    assert re.fullmatch("[0-9a-f]{64}", plugins.identity("stranger")["plugin"])
    content = {"name": "x", "seed": 1, "cells": [CELL | {"model": "stranger"}]}
    (cell, _) = parse_study(content).cells
    assert cell.spec["plugin"] == MODELS["stranger"].digest
    assert cell.spec["parameters"] == {"field": 1.0}


@pytest.fixture(scope="module")
def stranger_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stranger")
    cell = CELL | {"model": "stranger", "n": 2, "landscapes": 4}
    with _installed(folder), unshared():
        study = parse_study({"name": "x", "seed": 1, "cells": [cell]})
        assert not run_study(study, str(folder / "run"), Settings(), Console(quiet=True)).failed
    return folder / "run"


@pytest.fixture
def stranger_store(stranger_run, installed, tmp_path):
    """A run of the installed model, whose package this process hasn't loaded yet."""
    assert "strangers" not in sys.modules
    return shutil.copytree(stranger_run, tmp_path / "run")


def test_a_report_finds_an_installed_package_by_itself(stranger_store, tmp_path):
    (before,) = open_study(str(stranger_store)).cells
    assert type(before.theory) is Theory
    with unrendered():
        page = Path(write_report_of(str(stranger_store), tmp_path / "report")).read_text()
    assert "stranger" in page
    assert "No theory for this model" not in page
    (cell,) = mc.open(stranger_store).cells
    assert type(cell.theory).__name__ == "PlanarGlassTheory"
    assert cell.parameters == {"field": 1.0}


def test_another_version_of_an_installed_package_is_not_its_theory(stranger_store, installed):
    glass = installed / "glass.py"
    glass.write_text(glass.read_text() + "# another version\n")
    (cell,) = mc.open(stranger_store).cells
    assert type(cell.theory) is Theory


def test_an_installed_package_that_does_not_work_is_named(stranger_store, installed):
    (installed / "glass.py").write_text("raise RuntimeError('no luck')\n")
    with pytest.raises(UsageError, match=r"model stranger of strangers.glass:MODEL: RuntimeError: no luck"):
        mc.open(stranger_store)


def test_names_in_a_store_import_nothing_that_is_not_installed_as_a_plugin(tmp_path, monkeypatch):
    (tmp_path / "bomb.py").write_text("MODEL = MODELS = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.register_installed(["bomb", "bomb:MODEL", str(tmp_path / "bomb.py"), "../bomb"])
    assert "bomb" not in sys.modules
