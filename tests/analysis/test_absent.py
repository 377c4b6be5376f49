"""Blocks of bodies other than the census that failed, on the page."""

import csv
import re

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.dataset.others import OtherCell
from morsecensus.analysis.report import write_report
from morsecensus.analysis.topics.absent import absent_notes
from morsecensus.analysis.topics.registry import TOPICS
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.pipeline.worker.bodies import BODIES
from morsecensus.storage.compact import compact
from morsecensus.storage.parts import Part
from morsecensus.storage.store import open_run
from support.figures import unrendered

FLOW = {"body": "flow", "xi": "q^3", "n": 4, "block": 2, "starts": 2, "until": 0.5, "looks": 3}


@pytest.fixture(scope="module")
def lacking(tmp_path_factory):
    """A dataset without the second of three blocks of a cell, and without the only one of another cell."""
    store = str(tmp_path_factory.mktemp("lacking") / "run")
    cells = [FLOW | {"landscapes": 6}, FLOW | {"n": 5, "landscapes": 2}]
    half = Settings("serial", part=Part(1, 2))
    run_study(parse_study({"name": "flows", "seed": 1, "cells": cells}), store, half, Console(quiet=True))
    compact(open_run(store))
    return store


def test_computed_and_failed_landscapes_are_counted_apart(lacking, tmp_path):
    with unrendered():
        page = write_report(lacking, tmp_path).read_text("utf-8")
    opening, section = re.split(r'<h2 id="flow-1"', page)
    assert "flow: 8 starts on 4 landscapes (4 more were not computed), 2 cells." in opening
    whole, part = "c0001 (flow): none of 2 landscapes", "c0000 (flow): 2 of 6 landscapes were not computed"
    assert whole in opening
    assert whole in section
    assert part in section
    with (tmp_path / "tables/flow.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["n"], row["landscapes"]) == ("4", "4")


def test_computed_landscapes_keep_their_numbers(lacking):
    first, second = open_study(lacking).others
    assert first.computed["landscape"].values.tolist() == [0, 1, 4, 5]
    assert (first.held, first.failed) == (6, 2)
    assert (second.held, second.failed) == (2, 2)


def test_some_topic_speaks_of_what_each_body_lacks():
    assert {body for topic in TOPICS for body in topic.bodies} == set(BODIES) - {"census"}


def test_training_runs_are_called_so():
    cells = [
        OtherCell(f"c{k}", "networks", {}, xr.Dataset({"status": ("landscape", np.array(status))}))
        for k, status in enumerate([(0, 1, 0), (0, 2, 2)])
    ]
    (part,) = absent_notes(cells)
    assert "c1 (networks): 2 of 3 training runs were not computed" in part.html
