"""Landscapes that cells have in common where each holds other blocks, as in the half of a run."""

import numpy as np
import pytest
from rich.console import Console

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.committed import open_committed
from morsecensus.analysis.report import write_report
from morsecensus.analysis.topics.audit.measure import audit_cells
from morsecensus.analysis.topics.flow.measure import end_rows
from morsecensus.analysis.topics.flow.read import find_flows
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.parts import Part
from support.audited import make_cell, random_landscapes
from support.figures import unrendered

ROUNDS = {"starts_per_round": 64, "max_rounds": 1}
QUIET = Console(quiet=True)


def numbered(cell, numbers):
    """The cell with landscapes of these numbers."""
    stored = cell.stored.assign_coords(landscape=numbers)
    return Cell(cell.name, stored, cell.planned, cell.finder)


def run_part(study, store, part):
    return run_study(parse_study(study), str(store), Settings("serial", part=part), QUIET)


def test_an_audit_matches_landscapes_by_their_numbers():
    """A wrong match finds no point again: no two landscapes have an energy in common."""
    true = random_landscapes(np.random.default_rng(1), 18, 10)
    holds = np.r_[0:6, 12:18]
    truth = numbered(make_cell("c0", 5, [true[i] for i in holds], finder="homotopy"), holds)
    found = np.r_[2:9, 14:16]
    lacking = [true[i][1:] if i == 14 else true[i] for i in found]
    starts = np.where(found < 6, 100, 700)
    cell = numbered(make_cell("c1", 5, lacking, options=ROUNDS, n_starts=starts), found)
    (audit,) = audit_cells([truth, cell])
    (size,) = audit.sizes
    (audited,) = size.cells
    assert audited.landscapes == 6  # 2, 3, 4, 5, 14 and 15
    assert (audited.recall[0].points, audited.recall[0].missed, audited.extra) == (60, 1, 0)
    assert audited.starts == pytest.approx((4 * 100 + 2 * 700) / 6)
    assert audit.apart == ()


HALVES = {
    "name": "halves",
    "seed": 3,
    "cells": [
        {"xi": "q^3", "n": 3, "landscapes": 6, "block": 2, "finder": "homotopy"},
        {"xi": "q^3", "n": 3, "landscapes": 6, "block": 2},
    ],
}


def test_half_of_a_run_has_no_landscape_to_audit(tmp_path):
    """Part 1/2 has the first and the third block of the first cell, and the second one of the other."""
    run_part(HALVES, tmp_path / "run", Part(1, 2))
    first, second = open_committed(str(tmp_path / "run"), tmp_path / "held").cells
    assert first.stored["landscape"].values.tolist() == [0, 1, 4, 5]
    assert second.stored["landscape"].values.tolist() == [2, 3]
    (audit,) = audit_cells([first, second])
    assert (audit.sizes, audit.apart) == ((), ((first, second),))
    with unrendered():
        page = write_report(str(tmp_path / "run"), tmp_path / "report", partial=True).read_text("utf-8")
    assert "c0001 has computed no landscape in common with those of c0000" in page
    assert not (tmp_path / "report/tables/audit_recall.csv").exists()
    run_part(HALVES, tmp_path / "run", Part(2, 2))
    (whole,) = audit_cells(open_committed(str(tmp_path / "run"), tmp_path / "both").cells)
    assert [one.landscapes for one in whole.sizes[0].cells] == [6]


def test_ends_of_flows_are_of_the_landscapes_that_half_of_a_run_has(tmp_path):
    flows = {"body": "flow", "xi": "q^3", "n": 4, "landscapes": 6, "block": 2, "starts": 2}
    study = {"name": "flows", "seed": 1, "cells": [flows | {"until": 0.5, "looks": 3}]}
    run_part(study, tmp_path / "run", Part(1, 2))
    (found,) = find_flows(open_committed(str(tmp_path / "run"), tmp_path / "held"))
    rows = end_rows(found.cells)
    assert [row["landscape"] for row in rows] == [0, 0, 1, 1, 4, 4, 5, 5]
    run_part(study, tmp_path / "run", Part(2, 2))
    (whole,) = find_flows(open_committed(str(tmp_path / "run"), tmp_path / "both"))
    energies = {(row["landscape"], row["start"]): row["energy"] for row in end_rows(whole.cells)}
    assert {key: energies[key] for key in energies if key[0] in (0, 1, 4, 5)} == {
        (row["landscape"], row["start"]): row["energy"] for row in rows
    }
