"""Programs that JAX keeps from one process to the next: found again, healed, never anyone else's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from morsecensus.tasks.runtime import kept_code

PROGRAM = """
import os
from morsecensus.tasks.runtime.kept_code import keep_programs
keep_programs("here")
import jax
events = []
jax.monitoring.register_event_listener(lambda name, **_: events.append(name))
print(jax.jit(lambda x: jax.numpy.sin(x) @ x)(jax.numpy.arange(5.0)).item().hex())
print(sum("cache_hits" in name for name in events), sum("cache_misses" in name for name in events))
print(os.environ["JAX_COMPILATION_CACHE_DIR"])
"""


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.fixture
def compute(tmp_path):
    """A process that compiles, of a user with an empty home: what it found, hits, misses, folder, noise."""

    def computed(**variables):
        ours = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
        home = {"XDG_CACHE_HOME": str(tmp_path), "TMPDIR": str(tmp_path), "JAX_PLATFORMS": "cpu"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=ours | home | variables,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        value, counts, folder = done.stdout.splitlines()
        hits, misses = map(int, counts.split())
        return value, hits, misses, folder, done.stderr

    return computed


def test_the_next_process_finds_them_and_damage_is_healed(compute, tmp_path):
    value, hits, misses, folder, noise = compute()
    assert folder == str(tmp_path / "morsecensus" / "jax-here")
    assert hits == 0
    assert misses > 0
    assert compute() == (value, misses, 0, folder, noise)
    kept = {path: path.read_bytes() for path in (tmp_path / "morsecensus" / "jax-here").iterdir()}
    for path, data in kept.items():
        path.write_bytes(data[: len(data) // 2])  # as a process leaves it that is killed while it writes
    assert compute()[0::4] == (value, noise)
    assert names(folder) == sorted(path.name for path in kept)
    assert compute() == (value, misses, 0, folder, noise)


def test_a_folder_that_others_can_write_to_is_not_taken(compute, tmp_path):
    (tmp_path / "morsecensus").mkdir()
    (tmp_path / "morsecensus").chmod(0o777)
    folder = compute()[3]
    assert not names(tmp_path / "morsecensus")
    assert folder.startswith(str(tmp_path / "morsecensus-"))


def test_a_folder_of_the_users_own_is_left_alone(compute, tmp_path):
    own = tmp_path / "own"
    assert compute(JAX_COMPILATION_CACHE_DIR=str(own))[3] == str(own)
    assert not (tmp_path / "morsecensus").exists()


def test_a_home_that_is_none_is_no_error(compute):
    assert compute(XDG_CACHE_HOME="/dev/null/cache")[2] > 0


def test_the_older_half_goes_when_they_take_too_much_room(tmp_path, monkeypatch):
    folder = tmp_path / "jax-here"
    folder.mkdir()
    for age in range(10):
        path = folder / f"{age}-cache"
        path.write_bytes(bytes(10))
        os.utime(path, (1000 - age, 1000 - age))
    monkeypatch.setattr(kept_code, "MOST_BYTES", 100)
    kept_code._prune(tmp_path)
    assert len(names(folder)) == 10
    monkeypatch.setattr(kept_code, "MOST_BYTES", 99)
    kept_code._prune(tmp_path)
    assert names(folder) == [f"{age}-cache" for age in range(4)]
