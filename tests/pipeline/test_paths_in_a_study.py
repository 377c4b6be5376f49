"""Large landscapes of a study: a block that is killed goes on with the paths that it had followed."""

import pytest

from morsecensus.pipeline.run.plan import make_plan, new_manifest
from morsecensus.pipeline.run.session import Session
from morsecensus.pipeline.study.study import parse_study
from morsecensus.pipeline.worker import path_store
from morsecensus.pipeline.worker.environment import environment, fingerprint
from morsecensus.pipeline.worker.worker import run_job
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import Generation, paths_key
from morsecensus.storage.store import open_run, write_manifest
from morsecensus.storage.verify import discard, verify
from morsecensus.tasks.finders.homotopy import census

STUDY = {
    "name": "large",
    "seed": 3,
    "cells": [
        {
            "xi": "q^3",
            "n": 12,
            "landscapes": 2,
            "block": 2,
            "finder": "homotopy",
            "options": {"certify": "none"},
        }
    ],
}
"""4,095 paths a landscape, in pieces of 1,024."""


class Killed(BaseException):
    pass


@pytest.fixture
def begun(tmp_path, monkeypatch):
    monkeypatch.setattr(census, "LARGE", 1000)

    def make(name):
        here = Generation(fingerprint(environment()), environment())
        manifest = new_manifest(make_plan(parse_study(STUDY)), here, {})
        return write_manifest(open_files(str(tmp_path / name)), manifest)

    return make


def one_block(run):
    (job,) = Session(run, 0, None, None)._jobs()
    return run_job(job)


def objects(run):
    return dict(run.committed(run.manifest.cells[0]).markers[0].objects.items())


def killed_after(run, pieces, monkeypatch):
    """Its block's worker dies before it writes one piece more."""
    write, left = path_store.PathStore.write, [pieces]

    def mortal(self, name, data):
        if not left[0]:
            raise Killed
        left[0] -= 1
        write(self, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(path_store.PathStore, "write", mortal)
        with pytest.raises(Killed):
            one_block(run)


def kept(run):
    return sorted(run.files.walk(paths_key("c0000")))


def test_a_killed_block_goes_on_with_its_paths_and_ends_with_the_same_bytes(begun, monkeypatch):
    undisturbed, run = begun("undisturbed"), begun("run")
    assert "error" not in one_block(undisturbed)
    assert kept(undisturbed) == []
    killed_after(run, 5, monkeypatch)
    assert len(kept(run)) == 5
    written, write = [], path_store.PathStore.write

    def noted(self, name, data):
        written.append(name)
        write(self, name, data)

    monkeypatch.setattr(path_store.PathStore, "write", noted)
    assert "error" not in one_block(open_run(run.url))
    assert len(written) == 3
    assert objects(run) == objects(undisturbed)
    assert kept(run) == []
    assert verify(run).problems == []


def test_a_cut_piece_is_named_removed_and_followed_again(begun, monkeypatch):
    run, other = begun("run"), begun("other")
    one_block(other)
    killed_after(run, 2, monkeypatch)
    key = kept(run)[1]
    run.files.write({key: run.files.read(key)[:-9]})
    report = verify(run)
    assert [(problem.kind, problem.key) for problem in report.problems] == [("paths", key)]
    assert report.bad_blocks == []
    discard(run, report)
    assert len(kept(run)) == 1
    assert "error" not in one_block(run)
    assert objects(run) == objects(other)


def test_what_a_late_worker_leaves_of_a_committed_block_is_a_leftover(begun):
    run = begun("run")
    one_block(run)
    run.files.write({paths_key("c0000", 0, 0, 1) + "/pieces/late": b""})
    report = verify(run)
    assert (report.problems, report.leftovers) == ([], [paths_key("c0000", 0)])
    discard(run, report)
    assert kept(run) == []


def test_small_landscapes_keep_nothing(begun, monkeypatch):
    run = begun("run")
    monkeypatch.setattr(census, "LARGE", 5000)
    monkeypatch.setattr(path_store.PathStore, "write", None)
    assert "error" not in one_block(run)
