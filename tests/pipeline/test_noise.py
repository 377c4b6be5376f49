"""Whatever prints, from the interpreter's start to its end, reaches neither receipts nor answers; a worker's
last words reach the user; and no driver waits for a thread that is gone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from morsecensus.pipeline.backends.serial_executor import SerialExecutor
from morsecensus.pipeline.errors import RunError
from support.processes import alive, wait_until
from support.workers import unshared

NOISY = """
import os
print("a line", '{"receipt": 1}', flush=True)
os.write(1, b"half a line")
os.system("echo a child")
if os.environ.get("DIES") and "worker" in " ".join(open("/proc/self/cmdline").read().split(chr(0))):
    os.write(2, b"one\\ntwo\\nthe last word\\n")
    os._exit(9)
"""


@pytest.fixture
def noisy(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(NOISY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ["PYTHONPATH"]]))
    return folder


def test_a_printing_sitecustomize_changes_nothing(tmp_path, toolbox, reference, noisy):
    from morsecensus.storage.dataset import dataset_hash

    store = tmp_path / "run"
    code, _, err = toolbox.driver(toolbox.text(), store).finish()
    assert code == 0, err
    assert dataset_hash(str(store)) == reference["small"]


def test_the_last_words_of_a_worker_reach_the_user(tmp_path, toolbox, noisy, monkeypatch):
    monkeypatch.setenv("DIES", "1")
    code, _, err = toolbox.driver(toolbox.text(), tmp_path / "run").finish()
    assert code == 1
    assert "died 4 times (exit code 9): one | two | the last word" in err
    assert "Traceback" not in err


def test_a_child_that_outlives_its_worker_keeps_nobody_waiting(tmp_path, noisy, monkeypatch):
    (noisy / "sitecustomize.py").write_text(
        "import os, time\n"
        "if '-m' in open('/proc/self/cmdline').read() and os.fork() == 0:\n"
        f"    open({str(tmp_path)!r} + f'/{{os.getpid()}}.child', 'w').close()\n"
        "    time.sleep(60)\n"
        "    os._exit(0)\n"
    )
    monkeypatch.setenv("DIES", "1")
    with unshared():  # it does end
        executor = SerialExecutor()
        executor.submit({"job": "environment"})
        deadline = time.monotonic() + 60
        while not (done := executor.completed(0.2)):
            assert time.monotonic() < deadline
        assert "environment" in done[0].receipt
        wait_until(lambda: list(tmp_path.glob("*.child")))
        (child,) = (int(path.stem) for path in tmp_path.glob("*.child"))
        executor.close()
        assert alive(child), "nobody waited for it"
        os.kill(child, signal.SIGKILL)


def test_a_thread_that_is_gone_is_an_error(monkeypatch):
    def broken(*_):
        raise RecursionError("deep inside")

    monkeypatch.setattr(SerialExecutor, "_with_retries", broken)
    executor = SerialExecutor()
    executor.submit({"job": "environment"})
    executor._thread.join(10)
    with pytest.raises(RunError, match="deep inside"):
        executor.completed(0.25)
    executor.close()


COMMAND = """
import os
from morsecensus.pipeline.cli import app
def rows(*_):
    print("a library")
    os.write(1, b"a library in C")
    os.system("echo a child")
    return [{"n": 4, "limits": {}}]
from morsecensus.pipeline.commands import predict
predict.predictions = rows
app.main()
"""


def test_json_is_all_that_a_command_says(noisy):
    (noisy / "sitecustomize.py").write_text("")
    command = [sys.executable, "-c", COMMAND, "predict", "--n", "4", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True)
    assert json.loads(done.stdout) == [{"n": 4, "limits": {}}]
    assert "a library" in done.stderr
