"""Networks as cells of a study: what is refused, runs that are extended and repaired, and their report."""

import csv
import gzip
import json
import re

import numpy as np
import pytest
import xarray as xr
from rich.console import Console
from typer.testing import CliRunner

from morsecensus.analysis.report import write_report
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.check import verify_store
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.faults import study_faults
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.storage.idx import FILES
from morsecensus.tasks.networks.options import NetworkOptions
from morsecensus.tasks.networks.record import runs_of
from support.figures import unrendered

NET = {"name": "net", "layers": [6, 5, 3], "count": 60, "rate": 0.2, "batch": 10, "steps": 12}
TEACHER = NET | {"name": "teacher", "first": 60, "seeds": 1}
STUDENT = {"labels": "teacher", "teacher": "teacher"}


def study(*tables, folder=None):
    content = {"name": "nets", "seed": 5, "networks": [NET | one for one in tables or ({},)]}
    return parse_study(content) if folder is None else parse_study(content, "study", folder)


def run(parsed, place):
    outcome = run_study(parsed, str(place), Settings(backend="serial"), Console(quiet=True))
    assert outcome.failure is None
    return str(place)


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    """A folder like that of MNIST, with 80 and 20 examples; the second half of the training set is all 7."""
    folder = tmp_path_factory.mktemp("mnist")
    source = np.random.default_rng(2)
    labels = np.concatenate([np.arange(40) % 10, np.full(40, 7)]).astype(np.uint8)
    arrays = {
        "images": source.integers(0, 256, (80, 28, 28), dtype=np.uint8),
        "labels": labels,
        "test_images": source.integers(0, 256, (20, 28, 28), dtype=np.uint8),
        "test_labels": (np.arange(20) % 10).astype(np.uint8),
    }
    for name, array in arrays.items():
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        data = bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()
        (folder / f"{FILES[name][0]}.gz").write_bytes(gzip.compress(data))
    return folder


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": [6]}, r"\.layers: got \[6\], allowed: two or more widths"),
        ({"layers": [6, 1]}, r"\.layers: got 1 outputs, allowed"),
        ({"layers": [6, 0, 3]}, r"\.layers: got \[6, 0, 3\]"),
        ({"batch": 61}, r"\.batch: got 61, allowed: 1 to the 60 examples"),
        ({"rate": 0}, r"\.rate: got 0.0, allowed: numbers above 0"),
        ({"steps": 0}, r"\.steps: got 0, allowed: integers from 1"),
        ({"count": 1, "batch": 1}, r"\.count: got 1, allowed"),
        ({"algorithm": "adam"}, r"\.algorithm: got 'adam', allowed: sgd, gd"),
        ({"activation": "gelu"}, r"\.activation: got 'gelu', allowed: relu, tanh, erf, linear"),
        ({"data": "cifar"}, r"\.(data: got 'cifar'|folder: got none with data cifar)"),
        ({"data": "mnist"}, r"\.folder: got none with data mnist"),
        ({"folder": "here"}, r"\.folder: got 'here' with data clusters"),
        ({"labels": "teacher"}, r"\.teacher: got none with labels teacher"),
        ({"teacher": "net", "labels": "hard"}, r"\.teacher: got one with labels hard"),
        ({"teacher": "nets", "labels": "teacher"}, r"teacher: got 'nets', allowed: net \(did you mean net\?"),
        ({"rate": 10**400}, r"rate: got an integer of 1329 bits, allowed: numbers below"),
        ({"hessian": {"matvecs": 54}}, r"hessian\.matvecs: got 54, allowed: 1 to the 53 weights"),
        ({"hessian": {"matvecs": 4, "examples": 61}}, r"hessian\.examples: got 61, allowed: .* 1 to 60"),
        ({"hessian": {"steps": 4}}, r"hessian\.steps: unknown key"),
        ({"pairs": True, "batchnorm": True}, r"pairs: got true with batchnorm, allowed: nets without it"),
        ({"pairs": True, "skip": True}, r"pairs: got true with skip"),
        ({"pairs": True, "layers": [6, 3]}, r"pairs: got true without a hidden layer"),
        ({"pairs": True, "block": 3}, r"block: got 3 with pairs, allowed: even numbers"),
        ({"name": "a b"}, r"name: got 'a b', allowed"),
        ({"learning_rate": 1}, r"learning_rate: unknown key"),
        ({"seeds": 0}, r"seeds: got 0, allowed"),
    ],
)
def test_what_cannot_be_is_one_line(change, message):
    with pytest.raises(UsageError, match=message) as error:
        study(change)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("study: networks[0]")
    assert study_faults({"name": "s", "seed": 5, "networks": [NET | change]}, "study", None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": [100, 10]}, r"layers: got 100 inputs, allowed: 784"),
        ({"layers": [784, 9]}, r"layers: got 9 outputs, allowed: 10"),
        ({"count": 60, "first": 30}, r"count: got 60 examples from 30 on, allowed: at most 50 of the 80"),
        ({"first": 40, "count": 40}, r"first: got 40 examples of class 7 alone, allowed: two classes"),
        ({"folder": "nowhere"}, r"folder: there is no folder .*nowhere"),
    ],
)
def test_what_the_data_have_not_is_one_line(mnist, change, message):
    table = {"data": "mnist", "folder": mnist.name, "layers": [784, 4, 10], "count": 40}
    with pytest.raises(UsageError, match=message) as error:
        study(table | change, folder=mnist.parent)
    assert "\n" not in str(error.value)


def test_teachers_that_cannot_teach(mnist):
    with pytest.raises(UsageError, match="teacher: got net, which has a teacher itself"):
        study(TEACHER, STUDENT, {"name": "third", "labels": "teacher", "teacher": "net"})
    with pytest.raises(UsageError, match="teacher: got 7 inputs and 3 classes of clusters, allowed: the st"):
        study(TEACHER | {"layers": [7, 3]}, STUDENT)
    with pytest.raises(UsageError, match="name: got net twice, allowed: each name once"):
        study({}, {"rate": 0.3})


def test_what_a_teacher_is_measured_by_is_no_part_of_a_student():
    plain, measured, other = (
        study(TEACHER | change, STUDENT).cells[1].spec
        for change in ({}, {"keep": 3, "hessian": {"matvecs": 5}}, {"rate": 0.3})
    )
    assert plain == measured != other


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A store with a teacher, students of two widths and pairs, and one that diverges."""
    parsed = study(
        TEACHER,
        STUDENT | {"seeds": 4, "pairs": True, "keep": 3, "hessian": {"matvecs": 8, "starts": 2}},
        STUDENT | {"name": "wide", "layers": [6, 9, 3], "seeds": 3},
        {"name": "wild", "rate": 1e200, "seeds": 2, "block": 2},
    )
    return parsed, run(parsed, tmp_path_factory.mktemp("networks") / "store")


def test_a_store_holds_what_the_runs_showed(stored):
    parsed, place = stored
    groups = [xr.open_zarr(dataset_path(place), group=f"c{k:04}") for k in range(4)]
    assert groups[1]["weights"].dims == ("landscape", "look", "weight")
    assert groups[1]["weights"].dtype == np.float32
    assert groups[1]["node"].dims == ("landscape", "start", "node")
    for cell, group in zip(parsed.cells[:3], groups, strict=False):
        numbers = range(4 if "barrier" in group else 1)
        for number, row in enumerate(runs_of(NetworkOptions(**cell.spec["network"]), 5, numbers)):
            for name in {"cost", "weights", "excess", "gradient_norm", "node", "barrier"} & row.keys():
                np.testing.assert_array_equal(group[name].values[number], row[name], name)
    assert "outcome" in groups[3]
    assert (groups[3]["outcome"].values == 1).all()


def test_blocks_are_the_same_again_and_stores_grow(stored, tmp_path):
    _, place = stored
    report, again = verify_store(place, deep=True, blocks=1, body=None)
    assert not report.problems, report.problems
    assert again is not None
    assert again.computed == again.bitwise == 4
    small, more = (study(TEACHER, STUDENT | {"seeds": seeds}) for seeds in (1, 3))
    whole, grown = run(more, tmp_path / "whole"), run(small, tmp_path / "grown")
    assert dataset_hash(whole) != dataset_hash(grown)
    run(more, grown)
    assert dataset_hash(whole) == dataset_hash(grown)


def test_examples_of_a_folder_are_kept_in_the_store(mnist, tmp_path):
    table = {"data": "mnist", "folder": mnist.name, "layers": [784, 4, 10], "count": 40, "batch": 20}
    parsed = study(table, folder=mnist.parent)
    assert str(mnist.parent) not in json.dumps(parsed.to_record())
    place = run(parsed, tmp_path / "store")
    kept = list((tmp_path / "store/inputs").iterdir())
    assert [path.stat().st_size // 1000 for path in kept] == [79], "100 images and labels, once"
    report, again = verify_store(place, deep=True)
    assert not report.problems
    assert again is not None
    assert again.bitwise == 1, "computed again from the store alone"
    data = bytearray(kept[0].read_bytes())
    data[-20000] ^= 1
    kept[0].write_bytes(data)
    (problem,) = verify_store(place, deep=False)[0].problems
    assert "other content than its name says" in problem.text
    run(parsed, tmp_path / "store")
    assert not verify_store(place, deep=False)[0].problems


def test_a_plan_knows_shapes_and_costs():
    cheap, dear = make_plan(study({}, {"name": "large", "layers": [6, 900, 900, 3]})).rows()
    assert cheap["label"] == "sgd, rate 0.2, batch 10, 12 steps"
    assert 0 < cheap["seconds"] < dear["seconds"]
    assert cheap["memory_bytes_per_task"] < dear["memory_bytes_per_task"]


def test_the_report_compares_and_says_its_tier(stored, tmp_path):
    _, place = stored
    with unrendered():
        page = write_report(place, tmp_path / "report").read_text()
    page = re.sub("<[^>]*>", "", page)
    first = page.partition("Contents")[0]
    assert re.search(
        r"What training reaches.*wide \(6-\d+-3, \d runs\): .* test errors, cost .* nats above", first
    )
    assert "On the straight line between two runs of" in first
    assert "exact theory" not in page, "there is none of training runs"
    for text in ("Tier 4", "Control: the largest barrier", "Trained networks", "training runs"):
        assert text in page

    def rows(name):
        with (tmp_path / f"report/tables/{name}.csv").open() as stream:
            return list(csv.DictReader(stream))

    runs = {row["network"]: row for row in rows("networks")}
    assert set(runs) == {"teacher", "net", "wide"}, "a network of which nothing is left has no means"
    assert "wild: 2 of 2 runs diverged" in page
    assert float(runs["teacher"]["floor"]) == 0
    assert float(runs["net"]["floor"]) > 0
    (compared,) = rows("network_comparisons")
    assert (compared["option"], compared["first"], compared["second"]) == ("layers", "net", "wide")
    difference = float(runs["wide"]["end_cost"]) - float(runs["net"]["end_cost"])
    assert float(compared["end_cost"]) == pytest.approx(difference, rel=1e-9)
    assert [row["path"] for row in rows("network_barriers")] == ["trained", "random", "matched", "copy"]
    assert float(rows("network_barriers")[3]["barrier_max"]) < 1e-14


STUDY = """name = "t"
seed = 1
[[networks]]
name = "teacher"
layers = [6, 5, 3]
count = 60
rate = 0.2
batch = 10
steps = 12
[[networks]]
name = "student"
layers = [6, 4, 3]
count = 60
labels = "teacher"
teacher = "teacher"
rate = 0.2
batch = 10
steps = 12
"""


def test_train_says_what_came_of_it_and_warns_of_leakage(tmp_path, monkeypatch):
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    ended = CliRunner().invoke(app, ["train", str(path), "--store", str(tmp_path / "s"), "--json", "--quiet"])
    assert ended.exit_code == 0, ended.output
    assert "student: leakage: examples 0 to 59 train teacher and student" in ended.stderr
    found = json.loads(ended.stdout)
    assert [row["network"] for row in found["networks"]] == ["teacher", "student"]
    again = CliRunner().invoke(app, ["train", str(path), "--store", str(tmp_path / "s"), "--quiet"])
    assert again.exit_code == 0, again.output
    path.write_text('name = "t"\nseed = 1\n[[cells]]\nxi = "q^3"\nn = 4\nlandscapes = 2\n')
    refused = CliRunner().invoke(app, ["train", str(path)])
    assert refused.exit_code == 2
    assert "networks: missing, allowed: one or more tables [[networks]]" in refused.stderr
