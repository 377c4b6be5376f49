"""The JSON Schema of a study against the program's own checks, on studies that are sound and that are not."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from morsecensus.pipeline.commands.init import HEAD_LINE, SCHEMA_FILE, schema_text
from morsecensus.pipeline.study.faults import study_faults
from morsecensus.tasks.landscapes.registry import MODELS

EXAMPLES = Path(__file__).parents[2] / "examples"
SCHEMA = json.loads(schema_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
CELL = {"xi": "q^3", "n": "4:6", "landscapes": 8}
SPIKED = {"model": "spiked", "xi": "q^3", "signal": "q^3", "n": 4, "landscapes": 2}
RUNS = {"xi": "q^3", "n": [20, 1e6], "landscapes": 2, "algorithm": ["gd", "sgd"], "step": [0.1, 0.2]} | {
    "until": 3
}

SOUND = {
    "a sweep": CELL | {"xi": ["q^3", "q^4"], "field": [0.0, 1]},
    "several n": CELL | {"n": [4, "6:8"]},
    "components": CELL | {"topology": "components"},
    "options": CELL | {"finder": "low-index", "options": {"max_index": 2, "max_step": 0.1}},
    "auto": CELL | {"n": 4, "finder": "auto"},
    "another model": SPIKED,
    "flow": CELL | {"body": "flow", "until": 3, "overlap": 0},
    "thresholds": CELL | {"body": "threshold", "strengths": [0.5, 1]},
    "trajectories": RUNS | {"summands": 4},
    "looks": RUNS | {"algorithm": "flow", "step": "adaptive", "looks": [1, 2.5], "until": 3},
}
WRONG = {
    "an unknown key": CELL | {"landscape": 8},
    "no xi": {"n": 4, "landscapes": 8},
    "no n": {"xi": "q^3", "landscapes": 8},
    "no landscapes": {"xi": "q^3", "n": 4},
    "landscapes of text": CELL | {"landscapes": "8"},
    "no landscapes at all": CELL | {"landscapes": 0},
    "xi a number": CELL | {"xi": 3},
    "n a float": CELL | {"n": 4.5},
    "a parameter of another model": CELL | {"signal": "q^3"},
    "no signal": {key: value for key, value in SPIKED.items() if key != "signal"},
    "spectra as text": CELL | {"spectra": "yes"},
    "topology of another kind": CELL | {"topology": "trees"},
    "an unknown finder": CELL | {"finder": "newton"},
    "an unknown option": CELL | {"options": {"max_round": 3}},
    "an option of another finder": CELL | {"finder": "low-index", "options": {"max_depth": 3}},
    "an option of a wrong type": CELL | {"options": {"max_rounds": "3"}},
    "a key of another body": CELL | {"starts": 3},
    "a finder of a flow": CELL | {"body": "flow", "finder": "homotopy"},
    "a body that is none": CELL | {"body": "walk"},
    "thresholds without strengths": CELL | {"body": "threshold"},
    "an unknown algorithm": RUNS | {"algorithm": "adam"},
    "runs without an algorithm": {key: value for key, value in RUNS.items() if key != "algorithm"},
    "an unknown key of runs": RUNS | {"learning_rate": 0.1},
}


def _study(table):
    kind = "trajectories" if {"algorithm", "learning_rate", "step"} & table.keys() else "cells"
    return {"name": "s", "seed": 1, kind: [table]}


def _valid(study):
    return not list(VALIDATOR.iter_errors(study))


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_file_beside_the_examples_is_this_schema():
    written = (EXAMPLES / SCHEMA_FILE).read_text()
    assert written == schema_text(), "morsecensus schema > examples/study.schema.json"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_examples_are_valid_and_name_the_schema(path):
    text = path.read_text()
    assert text.startswith(HEAD_LINE)
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))] == []


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_valid(name):
    assert study_faults(_study(SOUND[name]), "study", Path()) == []
    assert [error.message for error in VALIDATOR.iter_errors(_study(SOUND[name]))] == []


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_not(name):
    assert study_faults(_study(WRONG[name]), "study", Path())
    assert not _valid(_study(WRONG[name]))


def test_the_head_too():
    assert not _valid({"name": "s", "seed": 1})
    assert not _valid({"name": "s", "cells": [CELL]})
    assert not _valid({"name": "../s", "seed": 1, "cells": [CELL]})
    assert not _valid({"name": "s", "seed": -1, "cells": [CELL]})
    assert not _valid({"name": "s", "seed": 1, "cells": [CELL], "colour": 1})


def test_every_key_is_described():
    """For who writes a study in an editor: models, bodies and their keys."""
    for kind in ("cells", "trajectories"):
        table = SCHEMA["properties"][kind]["items"]
        bare = {name for name, one in table["properties"].items() if not one.get("description")}
        assert bare == set()
    assert set(MODELS) <= set(
        SCHEMA["properties"]["cells"]["items"]["properties"]["model"]["anyOf"][0]["enum"]
    )
