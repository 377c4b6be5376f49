"""One process at a time compiles, others wait; a function called within another one doesn't."""

import subprocess
import sys

from morsecensus.tasks.runtime.compile_lock import one_at_a_time

SCRIPT = """
import sys, time
from pathlib import Path
from morsecensus.tasks.runtime.compile_lock import one_at_a_time

folder = sys.argv[1]

def inner():
    log("inner")

def outer():
    log("begin")
    one_at_a_time(inner, folder)()
    time.sleep(0.3)
    log("end")

def log(word):
    with Path(folder, "log").open("a") as stream:
        stream.write(word + "\\n")

one_at_a_time(outer, folder)()
"""


def test_processes_take_turns(tmp_path):
    started = [subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)]) for _ in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    assert (tmp_path / "log").read_text().split() == ["begin", "inner", "end"] * 2


def test_where_nothing_can_be_locked_it_compiles(tmp_path):
    (tmp_path / "file").write_text("no folder")
    assert one_at_a_time(lambda number: number + 1, str(tmp_path / "file"))(2) == 3
