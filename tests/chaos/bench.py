"""What all trials share: the study, what an undisturbed serial run of it gives, and what such a run does."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import chaos
from chaos.body import BODY
from chaos.hooks import ENV
from chaos.processes import MARK
from morsecensus.storage.dataset import dataset_hash

TESTS = Path(chaos.__file__).parents[1]
SMALL = {"n": "4:5", "landscapes": 24}
LARGE = {"n": "4:6", "landscapes": 32}
BLOCK = 4
BLOCKS = {"small": 2 * 6, "large": 3 * 8}
SECONDS = 0.05
"""Each block takes so long, writing apart: a run is long enough to be hit in the middle."""

LOGGED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")
"""How a line of a driver's log begins."""


class Driver:
    """The command line in a process and a session of its own."""

    def __init__(
        self, folder: Path, arguments: list[str], env: Mapping[str, str], prefix: list[str] | None = None
    ):
        # files, not pipes: workers that outlive a killed driver would keep a pipe open
        self._out, self._err = folder / "out.txt", folder / "err.txt"
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [*(prefix or []), sys.executable, "-m", "chaos.entry", *arguments],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder,
                start_new_session=True,
            )

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def error(self) -> str:
        """What it wrote to standard error so far, without the log of what it is doing."""
        lines = self._err.read_text(errors="replace").splitlines(keepends=True)
        return "".join(line for line in lines if not LOGGED.match(line))

    @property
    def message(self) -> str:
        """The line that says why it stopped."""
        lines = [line for line in self.error.splitlines() if line.startswith("morsecensus:")]
        return lines[-1] if lines else ""

    def finish(self, seconds: float = 240.0) -> int:
        """Wait for its end and return its exit code; raises TimeoutError."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"a driver did not end within {seconds:.0f} s: {self.error[-500:]}") from None


@dataclass
class Bench:
    """The references: hashes of undisturbed serial runs, their stores, and the operations they did.

    ``short`` spares trials what only takes time, for the test suite.
    """

    root: Path
    short: bool = False
    hashes: dict[str, str] = field(default_factory=dict)
    events: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    biggest: dict[str, int] = field(default_factory=dict)

    def prepare(self) -> "Bench":
        """Run the small and the large study undisturbed, side by side, with a log of what they do."""
        drivers: dict[str, Driver] = {}
        for name in ("small", "large"):
            folder = self.root / name
            log = {role: {"store": f"{folder}/store/", "log": str(folder / role)} for role in self._roles()}
            folder.mkdir(parents=True)
            command = self.run_command(folder, folder / "store", name)
            drivers[name] = Driver(folder, command, environment(log))
        for name, driver in drivers.items():
            if driver.finish():
                raise RuntimeError(f"the undisturbed run failed: {driver.error}")
            folder = self.root / name
            self.hashes[name] = dataset_hash(str(folder / "store"))
            for role in self._roles():
                lines = (folder / role).read_text().splitlines()
                self.events[f"{name} {role}"] = [(a, b) for a, _, b in (s.partition("\t") for s in lines)]
        store = self.root / "small/store"
        self.biggest = {
            "worker": max(path.stat().st_size for path in store.glob("commits/*/*")),
            "driver": max(path.stat().st_size for path in store.rglob("*") if path.is_file()),
        }
        return self

    @staticmethod
    def _roles() -> tuple[str, str]:
        return "driver", "worker"

    @staticmethod
    def run_command(folder: Path, store: Path, study: str, *arguments: str) -> list[str]:
        """Return the arguments of `run` of one of the studies, whose file is written to a folder."""
        path = folder / f"{study}.toml"
        path.write_text(study_text(study))
        return ["run", str(path), "--store", str(store), "--body", BODY, *arguments]

    @property
    def twice(self) -> int:
        """How often in a row a driver is ended."""
        return 1 if self.short else 2

    def copy(self, name: str, store: Path) -> None:
        """Put a copy of a reference store somewhere."""
        shutil.copytree(self.root / name / "store", store)

    def count(self, who: str, kind: str, within: str = "") -> int:
        """Return how many operations (or openings for writing) an undisturbed run does, from the first one
        whose path holds ``within``.
        """
        events = self.events[who]
        first = next(i for i, (_, path) in enumerate(events) if within in path)
        return sum(1 for event, _ in events[first:] if kind == "operation" or event == "write")

    def offset(self, random: np.random.Generator, role: str) -> int:
        """Return a byte offset that hits small files as well as large ones: log-uniform, zero included."""
        return int(self.biggest[role] ** random.uniform()) - 1


def environment(
    script: Mapping[str, Any] | None, mark: str = "", more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment of a driver. A script without ``body`` leaves blocks at their usual length."""
    told = {"body": {"seconds": SECONDS}} | dict(script or {})
    # datasets say when and by which commit their run began: a soak goes over midnight, and over commits
    said = {"SOURCE_DATE_EPOCH": "1767225600", "MORSECENSUS_COMMIT": "soak"}
    return {**os.environ, **said, "PYTHONPATH": str(TESTS), ENV: json.dumps(told), MARK: mark, **(more or {})}


def study_text(name: str) -> str:
    """Return the text of a study."""
    sizes = {"small": SMALL, "large": LARGE}[name]
    lines = ['name = "chaos"', "seed = 1", "[[cells]]", 'xi = "q^3"', f"block = {BLOCK}"]
    return "\n".join([*lines, *(f"{key} = {json.dumps(value)}" for key, value in sizes.items())]) + "\n"
