"""What a process is said to have held at most."""

import subprocess
import sys

import numpy as np

from morsecensus.tasks.runtime import memory

MIB = 2**20
CODE = """
from morsecensus.tasks.runtime.memory import peak_bytes
import resource
held = b"x" * {extra}  # written, so resident
print(peak_bytes(), 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def of_a_child(extra: int = 0) -> tuple[int, int]:
    command = [sys.executable, "-P", "-c", CODE.format(extra=extra)]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return int(words[0]), int(words[1])


def test_a_process_has_not_held_what_its_parent_holds():
    small, _ = of_a_child()
    large = np.ones(300 * MIB // 8)  # resident, for it is written
    peak, by_resource = of_a_child()
    assert large.sum() == large.size
    assert abs(peak - small) < 20 * MIB
    if sys.platform == "linux":
        assert by_resource > 300 * MIB  # the control: that counter begins with the parent's memory


def test_what_it_holds_itself_is_counted():
    assert of_a_child(200 * MIB)[0] - of_a_child()[0] > 150 * MIB


def test_without_proc_the_counter_of_the_system_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "STATUS", tmp_path / "none")
    assert memory.peak_bytes() > 10 * MIB
