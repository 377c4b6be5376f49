"""A short version of the soak: every fault once, and the judge on stores that are broken on purpose."""

import numpy as np
import pytest

from chaos import disks
from chaos.__main__ import SEED, inject
from chaos.bench import Bench
from chaos.corruption import DAMAGES, check_named
from chaos.faults import Fault, Result, all_faults
from chaos.table import BEGIN, END, Line, Soak, write_table
from chaos.trial import Trial

FAULTS = all_faults()
REPAIRED = ("chunk with a bit flipped", "marker forged", "metadata cut", "dataset object deleted")
"""Damages that the judge notices, and that go through `repair`: one here, three in the soak. What `verify`
says is tested of each of them."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("reference") / "bench", short=True).prepare()


ELSEWHERE = ("power loss",)
"""It runs in this process, where filters of warnings are no thread's own: test_power_loss.py has it."""


LONG = (
    "allocation refused",
    "asked to stop, Ray",
    "asked to stop, serial",
    "block ends its process",
    "block raises",
    "chunk with a bit flipped",
    "compaction dies at an operation",
    "dataset object deleted",
    "disk full",
    "driver dies at a byte",
    "driver killed, Ray, orphans at work",
    "driver killed, Ray, orphans dead",
    "driver killed, serial",
    "leftovers planted",
    "memory used up, Ray",
    "metadata cut",
    "run.json damaged",
    "second driver",
    "worker dies at an operation",
    "worker killed, Ray",
    "worker of Ray dies at an operation",
)
"""For `make soak`. Of each kind another fault is here, or a test that needs fewer processes elsewhere:
drivers die at an operation, workers at a byte, two drivers want the store of a dead one, a forged marker is
repaired, and a disk is full while a dataset is written; it is while blocks are in test_run.py, where blocks
raise and end their process and metadata is repaired. test_cli.py repairs chunks, sweeps leftovers and
damages run.json, test_holes.py repairs a dataset, test_lease.py and test_s3.py keep a second driver out,
test_interrupt.py stops drivers, test_ray.py kills one of Ray and ends its workers, test_cluster.py stops
one, and in test_cluster_parts.py Ray ends blocks."""


def _faults():
    for name, fault in FAULTS.items():
        if name not in ELSEWHERE and (name not in DAMAGES or name in REPAIRED):
            marks = [pytest.mark.ray] * fault.ray + [pytest.mark.soak] * (name in LONG)
            yield pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", list(_faults()))
def test_it_holds(bench, tmp_path, name):
    result, _ = inject(bench, FAULTS[name], SEED, 0, tmp_path)
    assert result.held, result.outcome
    assert result.lost == 0


@pytest.mark.parametrize(
    "name",
    [
        "read-only store",
        pytest.param("disk full", marks=pytest.mark.soak),
        pytest.param("disk full while compacting", marks=pytest.mark.soak),
    ],
)
def test_where_namespaces_are_not_permitted_a_hook_refuses(bench, tmp_path, monkeypatch, name):
    monkeypatch.setattr(disks, "permitted", lambda: False)
    result, _ = inject(bench, FAULTS[name], SEED, 0, tmp_path)
    assert result.held, result.outcome
    assert result.outcome.endswith("(hook)")


@pytest.mark.parametrize("name", list(DAMAGES))
def test_verify_names_what_is_damaged_and_nothing_else(bench, tmp_path, name):
    with Trial(bench, tmp_path) as trial:
        check_named(trial, DAMAGES[name][1], np.random.default_rng(1))
        assert not trial.wrong


def test_the_judge_notices_a_marker_before_its_data(bench, tmp_path):
    """A worker that writes in the wrong order, killed between the marker and the last object."""
    with Trial(bench, tmp_path) as trial:
        script = trial.hook("worker", at="operation", number=40, within="/commits/")
        driver = trial.start(script=script | {"body": {"break": True}})
        driver.finish()
        result = trial.judge()
    assert not result.held
    assert result.lost > 0


@pytest.mark.parametrize("name", REPAIRED)
def test_the_judge_notices_damage(bench, tmp_path, name):
    with Trial(bench, tmp_path) as trial:
        bench.copy("small", trial.store)
        trial.look()
        DAMAGES[name][1](trial.store, np.random.default_rng(2))
        result = trial.judge()
    assert not result.held
    assert (result.lost > 0) == name.startswith(("chunk", "marker")), "of committed blocks"


def test_the_judge_notices_other_bytes(bench, tmp_path):
    """A sound store of another study: nothing is lost, all of it verifies, and the hash is another one."""
    with Trial(bench, tmp_path) as trial:
        bench.copy("large", trial.store)
        result = trial.judge(study="small")
    assert not result.held
    assert result.lost == 0
    assert "other bytes" in result.outcome


def test_only_the_table_of_a_page_is_rewritten(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nlast year\n{END}\nafter\n")
    line = Line(Fault("a | b", "how", lambda *_: Result("", 0, True)))
    line.results += [Result("fine", 0, True, 2), Result("fine", 0, True, 1), Result("bad", 7, False)]
    write_table(page, [line], Soak(seed=1, kills=3, seconds=60.0, written=10**6))
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n3 kills, 1 minutes, at least 1 MB written, seed 1")
    assert "| a / b | how | 3 | 3 | fine (2); **did not hold: bad** (1) | 7 |" in text
    assert text.endswith(f"{END}\nafter\n")
    assert "last year" not in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="must hold"):
        write_table(page, [line], Soak(seed=1, kills=3, seconds=60.0, written=10**6))
