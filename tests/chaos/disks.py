"""Disks that are full or read-only: a small tmpfs in a mount namespace of its own.

Where namespaces are not permitted, a hook refuses the writes instead; the outcome says which of the two ran.
"""

import errno
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np

from chaos.bench import BLOCKS, Bench, Driver
from chaos.body import BODY
from chaos.faults import Result, fault
from chaos.trial import Trial

PAGE = 4
"""KiB: what a small file takes on a tmpfs."""
ROOM = 64 * 1024
READ = "import sys, xarray; xarray.open_datatree(sys.argv[1], engine='zarr').load()"


class SmallDisk:
    """A tmpfs that only processes started through ``prefix`` see. Held by a process that sleeps."""

    def __init__(self, folder: Path, kib: int):
        folder.mkdir()
        self.folder = folder
        script = 'mount -t tmpfs -o size="$1"k tmpfs "$0" && echo ready && exec sleep 3600'
        self._holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(folder), str(kib)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._holder.stdout is not None
        self.pid = self._holder.pid
        self.mounted = self._holder.stdout.readline() == "ready\n"

    @property
    def prefix(self) -> list[str]:
        """What a command is started through to see the disk."""
        return ["nsenter", f"--target={self.pid}", "--user", "--mount", "--preserve-credentials"]

    def remount(self, options: str) -> bool:
        """Change the mount; False if the kernel refuses, because a file is open for writing."""
        command = [*self.prefix, "mount", "-o", f"remount,{options}", str(self.folder)]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0

    def copy(self, source: Path, target: Path) -> None:
        """Copy a folder to where everybody sees it, or to the disk."""
        subprocess.run([*self.prefix, "cp", "-a", str(source), str(target)], check=True)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()
        if self._holder.stdout is not None:
            self._holder.stdout.close()


@cache
def permitted() -> bool:
    """Say whether this user may mount in a namespace, and enter it."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


class DiskTrial(Trial):
    """A trial whose store lies on a small disk; what is judged is a copy of it."""

    def __init__(self, bench: Bench, folder: Path, kib: int):
        super().__init__(bench, folder)
        self.disk = SmallDisk(folder / "disk", kib)
        self.store = self.disk.folder / "store"
        self.prefix = self.disk.prefix
        # outside of its namespace the disk is seen through its holder only
        self.window = Path(f"/proc/{self.disk.pid}/root{self.store}")
        self._copies = 0

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self.disk.close()

    def look(self) -> None:
        if not (self.window / "run.json").exists():
            return
        self._copies += 1
        self.view = self.folder / f"copy-{self._copies}"
        self.disk.copy(self.store, self.view)
        super().look()


def _kib(folder: Path) -> int:
    return sum(
        -(-path.stat().st_size // (1024 * PAGE)) * PAGE for path in folder.rglob("*") if path.is_file()
    )


def _one_line(trial: Trial, driver: Driver, *wanted: str, codes: tuple[int, ...] = (1, 2)) -> None:
    """A refusal: one of these exit codes, one of these texts, nothing else."""
    code = driver.finish()
    good = code in codes and any(text in driver.message for text in wanted)
    trial.expect(good, f"ended with {code}: {driver.error[-300:]}")


FULL = ("the disk is full: free space, then run again",)


def _full(trial: Trial, what: str) -> Result:
    """Run on a disk that fills up, make room, run again."""
    driver = trial.start()
    code = driver.finish()
    if code:
        _one_line(trial, driver, *FULL)
    trial.look()
    trial.sound()
    if isinstance(trial, DiskTrial):
        trial.disk.remount(f"size={ROOM}k")
    trial.resume()
    return trial.judge(f"stopped, same bytes after making room ({what})" if code else f"not full ({what})")


def _full_by_hook(bench: Bench, random: np.random.Generator, folder: Path, role: str, within: str) -> Result:
    with Trial(bench, folder) as trial:
        number = int(random.integers(bench.count(f"small {role}", "open", within)))
        told = {"at": "open", "number": number, "errno": errno.ENOSPC} | (
            {"within": within} if within else {}
        )
        driver = trial.start(script=trial.hook(role, **told))
        _one_line(trial, driver, *FULL)
        trial.look()
        trial.sound()
        trial.resume()
        return trial.judge("stopped, same bytes after making room (hook)")


@fault("disk full", "a tmpfs of a random size, from a few files to nearly all of the stream", every=2)
def disk_full(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    if not permitted():
        return _full_by_hook(bench, random, folder, "worker", "")
    stream = _kib(bench.root / "small/store/stream.zarr") + _kib(bench.root / "small/store/commits")
    with DiskTrial(bench, folder, int(random.integers(2 * PAGE, stream))) as trial:
        return _full(trial, "tmpfs")


@fault(
    "disk full while compacting",
    "a tmpfs that has room for the stream, and for a random part of the dataset",
    every=2,
)
def disk_full_compacting(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    if not permitted():
        return _full_by_hook(bench, random, folder, "driver", "/dataset-")
    store = bench.root / "small/store"
    rest = sum(_kib(path) for path in store.glob("dataset-*.zarr"))
    before = _kib(store) - rest
    with DiskTrial(bench, folder, before + int(random.integers(PAGE, rest))) as trial:
        return _full(trial, "tmpfs")


READ_ONLY = ("Read-only file system", "cannot write the store")


def _commands(trial: Trial) -> None:
    """On a store that can't be written, reading goes on, and writing is refused by one line."""
    for command in ("status", "verify"):
        driver = trial.start(command=[command, str(trial.store)])
        well = (0, 3) if command == "status" else (0,)  # 3: blocks are open
        trial.expect(driver.finish() in well, f"{command}: {driver.error[-300:]}")
    _one_line(trial, trial.start(), *READ_ONLY)
    _one_line(trial, trial.start(command=["repair", str(trial.store), "--body", BODY]), *READ_ONLY)


@fault(
    "read-only store",
    "a tmpfs remounted read-only in the middle of a run, and again when it is done",
    every=2,
)
def read_only(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    if not permitted():
        return _read_only_by_hook(bench, random, folder)
    with DiskTrial(bench, folder, ROOM) as trial:
        driver = trial.start()
        count = int(random.integers(1, BLOCKS["small"] + 1))
        trial.wait(lambda: trial.commits() >= count, driver)
        while not trial.disk.remount("ro"):
            pass
        if driver.finish():
            _one_line(trial, driver, *READ_ONLY)
        trial.look()
        trial.sound()
        if not bench.short:
            _commands(trial)
        trial.disk.remount("rw")
        trial.resume()
        trial.disk.remount("ro")
        _commands(trial)
        dataset = str(next(trial.view.glob("dataset-*.zarr")))
        dataset = dataset.replace(str(trial.view), str(trial.store))
        read = subprocess.run([*trial.prefix, sys.executable, "-c", READ, dataset], capture_output=True)
        trial.expect(read.returncode == 0, f"xarray: {read.stderr[-300:]!r}")
        return trial.judge("refused in one line, readable; same bytes when writable again (tmpfs)")


def _read_only_by_hook(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial:
        number = int(random.integers(bench.count("small worker", "open")))
        told = {"at": "open", "number": number, "errno": errno.EROFS}
        _one_line(trial, trial.start(script=trial.hook("worker", **told)), *READ_ONLY)
        trial.look()
        trial.sound()
        trial.resume()
        return trial.judge("refused in one line; same bytes when writable again (hook)")
