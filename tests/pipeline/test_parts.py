"""Parts of one store, as processes and one by one: whatever happens to them, the bytes of a plain run."""

import os
import signal
import subprocess
import threading
import time
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from xarray import open_zarr

from chaos.power_loss import Here
from morsecensus.pipeline.errors import RunError, UsageError
from morsecensus.pipeline.run import check
from morsecensus.pipeline.run.compaction import compact_store
from morsecensus.pipeline.run.follow import follow, line
from morsecensus.pipeline.run.plan import make_plan, new_manifest
from morsecensus.pipeline.run.run import Settings
from morsecensus.pipeline.study.study import parse_study
from morsecensus.pipeline.worker.environment import environment, fingerprint
from morsecensus.storage import lease as leases
from morsecensus.storage.dataset import dataset_hash, dataset_path, read_pointer
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import LEASE, Generation
from morsecensus.storage.local_files import LocalFiles
from morsecensus.storage.parts import Part, held_parts, take_compaction, take_part, take_whole
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import create_manifest, open_run
from morsecensus.storage.verify import verify

FIRST = Part(1, 4)
SCRIPT = Path(__file__).parents[2] / "examples/cluster/slurm-array.sh"


def _quiet():
    return Console(quiet=True)


def _sound(store):
    assert verify(open_run(str(store))).problems == []


def test_a_killed_part_and_overlapping_ones_give_the_bytes_of_a_plain_run(tmp_path, toolbox, reference):
    """Four parts; the second is killed in a block. Two of three overlap with them, one at the same time."""
    store = tmp_path / "run"
    script = {"hold": ["4:1"]}  # the second of all blocks, and so of part 2/4, and of 2/3
    killed = toolbox.driver(toolbox.text(), store, "--part", "2/4", script=script)
    _wait_for(store / "run.json", killed)
    others = [toolbox.driver(toolbox.text(), store, "--part", part) for part in ("1/4", "3/4", "1/3")]
    for driver in others:
        code, out, err = driver.finish()
        assert code == 0, err
        assert "the last part to end writes the dataset" in out
    found = check.status(str(store))
    assert not found["complete"]
    (part,) = found["parts"]
    assert (part["part"], part["pid"], part["blocks"]) == ("2/4", killed.process.pid, 3)
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    assert check.status(str(store))["parts"] == []
    assert toolbox.run(toolbox.content(), store, part=Part(4, 4)).dataset is None
    assert read_pointer(open_files(str(store))) is None
    code, out, err = toolbox.driver(toolbox.text(), store, "--part", "2/4").finish()
    assert code == 0, err
    assert f"{store}/dataset-1.zarr" in out
    _sound(store)
    assert dataset_hash(str(store)) == reference["small"]
    again = toolbox.run(toolbox.content(), store, part=Part(2, 3))
    assert (again.computed_blocks, again.dataset) == (0, "dataset-1.zarr")


@pytest.fixture
def here(monkeypatch):
    """Blocks are computed in this process."""
    monkeypatch.setattr("morsecensus.pipeline.run.run.start_executor", lambda *_, **__: Here(lambda _: None))


@pytest.fixture
def plain(here, tmp_path, toolbox):
    """The hash of a plain run here, which is of another environment than one of a worker's."""

    def of(**changes):
        toolbox.run(toolbox.content(**changes), tmp_path / "plain")
        return dataset_hash(str(tmp_path / "plain"))

    return of


def _wait_for(path, driver):
    deadline = time.time() + 240
    while not path.exists():
        assert driver.process.poll() is None, driver._err.read_text()
        assert time.time() < deadline
        time.sleep(0.01)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 30))
def test_parts_are_disjoint_and_cover_all(sizes, of):
    cells = [_Cell(f"c{number:04}", size) for number, size in enumerate(sizes)]
    found = [
        (cell, block)
        for number in range(1, of + 1)
        for cell, blocks in Part(number, of).blocks(cells).items()
        for block in blocks
    ]
    assert sorted(found) == [(cell.id, block) for cell in cells for block in range(cell.blocks)]
    counts = [sum(map(len, Part(number, of).blocks(cells).values())) for number in range(1, of + 1)]
    assert max(counts) - min(counts) <= 1


class _Cell:
    def __init__(self, name, blocks):
        self.id, self.blocks = name, blocks


@pytest.mark.parametrize(
    "text", ["", "1", "0/4", "5/4", "1/0", "-1/4", "1/4 ", "1/4/4", "²/4", "01/4", "1/9999999"]
)
def test_what_is_no_part(text):
    assert Part.parse(text) is None


def test_what_is_a_part():
    assert Part.parse("2/4") == Part(2, 4)
    assert Part.parse("1/1").blocks([_Cell("c0000", 3)]) == {"c0000": range(3)}


@pytest.fixture(params=["local", "remote"])
def files(request, tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "SETTLE_SECONDS", 0)
    return open_files(str(tmp_path / "run") if request.param == "local" else f"memory://{uuid.uuid4().hex}")


def _take(files, part=FIRST, plan="a"):
    return take_part(files, part, plan, lambda _: None, lambda: None)


def _whole(files):
    return take_whole(files, lambda _: None, lambda: None)


def test_who_may_work_beside_whom(files):
    with _take(files):
        assert list(held_parts(files)) == [Part(1, 4)]
        _take(files, Part(2, 4)).release()
        _take(files, Part(1, 3)).release()
        with pytest.raises(StoreError, match=r"part 1/4 is held by another driver \(host .*, pid \d+\)"):
            _take(files)
        with pytest.raises(StoreError, match="part 1/4 is held"):
            _take(files, Part(2, 4), plan="b")
        with pytest.raises(StoreError, match="part 1/4 is held"):
            _whole(files)
        with take_compaction(files, lambda _: None, lambda: None):
            _take(files, Part(2, 4)).release()
    assert held_parts(files) == {}
    with _whole(files), pytest.raises(StoreError, match="held by another driver"):
        _take(files)
    assert files.size(LEASE) is None
    assert not [key for key in files.walk() if not key.endswith(".lock")]


def _take_of_another_plan(files):
    return _take(files, Part(2, 4), plan="b")


def _change(files, changes):
    files.write({FIRST.key: seal(unseal(files.read(FIRST.key)) | changes)})


def test_a_part_that_died_elsewhere_is_waited_for_and_taken_over(files, monkeypatch):
    monkeypatch.setattr(leases, "STALE_SECONDS", 0.4)
    monkeypatch.setattr(leases, "LOOK_SECONDS", 0.05)
    for take in (_take, _whole, _take_of_another_plan):
        _take(files)._stop.set()
        _change(files, {"host": "elsewhere"})
        began = time.monotonic()
        take(files).release()
        assert time.monotonic() - began > 0.4
        files.remove(FIRST.key)


def test_a_heartbeat_of_a_part_elsewhere_is_life(files, monkeypatch):
    monkeypatch.setattr(leases, "STALE_SECONDS", 20.0)
    monkeypatch.setattr(leases, "LOOK_SECONDS", 0.05)
    for take in (_whole, _take_of_another_plan):
        _take(files)._stop.set()
        _change(files, {"host": "elsewhere"})
        beat = threading.Timer(0.3, _change, (files, {"heartbeat": 0}))
        beat.start()
        with pytest.raises(StoreError, match=r"part 1/4 is held by another driver \(host elsewhere"):
            take(files)
        beat.join()
        files.remove(FIRST.key)


def test_a_claim_on_a_record_that_is_gone_is_given_up(files):
    """Between its look and its claim another driver took the lease over, and gave up its own claim."""
    _take(files)._stop.set()
    key = FIRST.key
    found = files.read(key)
    _change(files, {"host": "elsewhere"})
    watch = leases.Watch(files, leases.myself(), key)
    assert not watch._claim(found)
    assert not [name for name in files.walk() if name.startswith(f"{key}.")]
    assert watch._claim(files.read(key))


def test_one_of_many_creates_the_run(files, toolbox):
    plan = make_plan(parse_study(toolbox.content()), body=toolbox.body)
    here = Generation(fingerprint(environment()), environment())
    days = [f"2026-11-{day:02}" for day in range(1, 9)]
    made, start = [], threading.Barrier(len(days))

    def create(day):
        start.wait()
        made.append(create_manifest(files, new_manifest(plan, here, {}, day)).manifest.begun)

    threads = [threading.Thread(target=create, args=(day,)) for day in days]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == len(days)
    assert len(set(made)) == 1


def test_a_file_system_without_exclusive_creation_is_refused(files, monkeypatch):
    def overwrites_alone(path, data, mode):
        raise NotImplementedError

    if isinstance(files, LocalFiles):
        return
    monkeypatch.setattr(files.fs, "pipe_file", overwrites_alone)
    with pytest.raises(StoreError, match="MemoryFileSystem cannot create an object only if there is none"):
        _take(files)


def test_parts_extend_a_run(tmp_path, toolbox, plain):
    store = tmp_path / "run"
    toolbox.run(toolbox.content(), store)
    larger = toolbox.content(n="4:6", landscapes=32)
    assert toolbox.run(larger, store, part=Part(1, 2)).dataset is None
    assert toolbox.run(larger, store, part=Part(2, 2)).dataset == "dataset-2.zarr"
    assert dataset_hash(str(store)) == plain(n="4:6", landscapes=32)
    with pytest.raises(UsageError, match="a store only grows"):
        toolbox.run(toolbox.content(), store, part=Part(1, 2))
    with pytest.raises(UsageError, match="holds the study 'demo', got 'other'"):
        toolbox.run(toolbox.content(name="other"), store, part=Part(1, 2))


def test_failed_blocks_wait_for_whoever_may_try_them_again(tmp_path, toolbox, plain):
    store = tmp_path / "run"
    script = {"raise": ["4:1"]}
    assert toolbox.run(toolbox.content(), store, part=Part(1, 2), script=script).failed == {}
    with pytest.raises(RunError, match="5 of 10 blocks are neither done nor failed"):
        compact_store(str(store), Settings(), _quiet())
    lease = _take(open_files(str(store)), Part(9, 9), _plan(toolbox))
    outcome = toolbox.run(toolbox.content(), store, part=Part(2, 2), script=script)
    assert (outcome.dataset, list(outcome.failed)) == (None, ["c0000 block 1"])
    lease.release()
    dataset, left = compact_store(str(store), Settings(), _quiet())
    assert (dataset, left.failed, left.blocks) == ("dataset-1.zarr", 1, 10)
    outcome = toolbox.run(toolbox.content(), store, part=Part(2, 2))
    assert (outcome.dataset, outcome.computed_blocks, outcome.failure) == ("dataset-2.zarr", 1, None)
    assert compact_store(str(store), Settings(), _quiet())[0] == "dataset-2.zarr"
    assert dataset_hash(str(store)) == plain()


def test_the_last_part_to_end_answers_for_blocks_of_others_that_failed(tmp_path, toolbox):
    """Block 4:1 is of part 2/2; part 1/2, all of whose blocks are computed, ends last."""
    store, script = tmp_path / "run", {"raise": ["4:1"]}
    assert list(toolbox.run(toolbox.content(), store, part=Part(2, 2), script=script).failed)
    last = toolbox.driver(toolbox.text(), store, "--part", "1/2")
    code, out, err = last.finish()
    assert code == 1
    assert "dataset-1.zarr" in out
    assert "1 blocks of other parts failed" in err
    assert "running their parts again tries them" in err
    group = open_zarr(dataset_path(str(store)), group="c0000")
    assert group.attrs["landscapes_failed"] > 0
    outcome = toolbox.run(toolbox.content(), store, part=Part(1, 2))
    assert (outcome.failed, outcome.failed_elsewhere) == ({}, 1)
    whole = toolbox.run(toolbox.content(), store, part=Part(2, 2))
    assert (whole.failure, whole.failed_elsewhere) == (None, 0)


def _plan(toolbox):
    from morsecensus.storage.seals import digest

    plan = make_plan(parse_study(toolbox.content()), body=toolbox.body)
    return digest([cell.layout.to_record() for cell in plan.cells])


def test_whoever_ends_waits_for_the_one_that_writes_the_dataset(tmp_path, toolbox, plain):
    store = tmp_path / "run"
    toolbox.run(toolbox.content(), store, part=Part(1, 2))
    writer = take_compaction(open_files(str(store)), lambda _: None, lambda: None)
    threading.Timer(1.0, writer.release).start()
    assert toolbox.run(toolbox.content(), store, part=Part(2, 2)).dataset == "dataset-1.zarr"
    assert dataset_hash(str(store)) == plain()


def test_another_environment_is_refused_or_kept_apart(tmp_path, toolbox, plain):
    store = tmp_path / "run"
    toolbox.run(toolbox.content(), store, part=Part(1, 2))
    record = unseal((store / "run.json").read_bytes())
    record["generations"][0] = {"fingerprint": "f" * 64, "environment": {"cpu": "another"}}
    (store / "run.json").write_bytes(seal(record))
    for path in store.glob("commits/*/*.json"):
        path.write_bytes(seal(unseal(path.read_bytes()) | {"fingerprint": "f" * 64}))
    with pytest.raises(RunError, match="computed in another environment"):
        toolbox.run(toolbox.content(), store, part=Part(2, 2))
    outcome = toolbox.run(toolbox.content(), store, part=Part(2, 2), allow_environment=True)
    assert outcome.dataset == "dataset-1.zarr"
    assert len(open_run(str(store)).manifest.generations) == 2
    assert len(list(store.glob("generation-1/commits/*/*.json"))) == 5
    _sound(store)


def test_status_says_who_is_at_work(tmp_path, toolbox, here):
    store = tmp_path / "run"
    toolbox.run(toolbox.content(), store, part=Part(1, 2))
    with _take(open_files(str(store)), Part(2, 3)):
        found = check.status(str(store))
        (part,) = found["parts"]
        # of the ten blocks 0 to 9 the part has 1, 4, 7; 0, 2, 4, 6, 8 are done
        assert (part["part"], part["pid"], part["blocks"], part["committed"]) == ("2/3", os.getpid(), 3, 1)
        assert found["running"] is None
        times = iter([0.0, 60.0, 130.0])
        followed = list(follow(str(store), lambda _: None, lambda: next(times)))
        assert len(followed) == 3, "two minutes without a heartbeat"
        assert line(followed[0]) == "20/40 landscapes, 1 parts at work"
    assert len(list(follow(str(store), lambda _: None))) == 1


def test_the_array_script(tmp_path):
    """Slurm's task number becomes the part; of a single task that is run again, by the number of parts."""
    (tmp_path / "srun").write_text('#!/bin/bash\necho "$@"\n')
    (tmp_path / "srun").chmod(0o755)
    slurm = {
        "SLURM_ARRAY_TASK_ID": "7",
        "SLURM_ARRAY_TASK_COUNT": "10",
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }
    for more, part in (((), "7/10"), (("100",), "7/100")):
        done = subprocess.run(
            ["bash", str(SCRIPT), "study.toml", "/runs/demo", *more],
            env=slurm,
            capture_output=True,
            text=True,
        )
        said = f"--ntasks=1 morsecensus run study.toml --store /runs/demo --part {part}"
        assert done.stdout.strip() == said, done.stderr
    done = subprocess.run(["bash", str(SCRIPT)], env=slurm, capture_output=True, text=True)
    assert "usage: sbatch slurm-array.sh STUDY.toml STORE" in done.stderr
