"""One injection: a store, the drivers that work on it, and the judge."""

import contextlib
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from chaos import processes
from chaos.bench import BLOCKS, SECONDS, Bench, Driver, environment
from chaos.faults import Result
from morsecensus.storage.chunks import checksum
from morsecensus.storage.dataset import dataset_hash
from morsecensus.storage.errors import StoreError
from morsecensus.storage.store import exists, open_run
from morsecensus.storage.verify import verify

RAY = ("--backend", "ray", "--workers", "2")
MAX_RUNS = 5
"""Runs until everything is there. More than MAX_RETRIES kills may fail a block, so one may not be enough."""


class Trial:
    """Use as a context manager: at the end it ends every process that it started and that is left."""

    def __init__(self, bench: Bench, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.bench, self.folder, self.store = bench, folder, folder / "store"
        self.tokens = folder / "tokens"
        self.tokens.mkdir()
        self.mark = uuid.uuid4().hex
        self.view = self.window = self.store  # what is judged; what shows how far a run is
        self.prefix: list[str] = []
        self.kills = 0
        self.drivers: list[Driver] = []
        self.wrong: list[str] = []
        self._seen: dict[str, dict[str, tuple[int, str]]] = {}
        self._lost: dict[str, int] = {}
        self.remembered: set[processes.Identity] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        del exception
        if not self.drivers:
            return
        for driver in self.drivers:
            self.below(driver)
        for _ in range(3):
            self.remembered |= processes.of_trial(self.mark, -1)
            for who in self.remembered:
                processes.end(who)
            time.sleep(0.05)
        for driver in self.drivers:
            driver.process.wait()

    def start(
        self,
        *arguments: str,
        study: str = "small",
        script: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        command: list[str] | None = None,
    ) -> Driver:
        """Start a driver: `run` of a study, or another command.

        ``script`` tells its hooks and its body what to do.
        """
        folder = self.folder / f"driver-{len(self.drivers)}"
        folder.mkdir()
        told = environment(script, self.mark, env)
        given = command or self.bench.run_command(folder, self.store, study, *arguments)
        driver = Driver(folder, given, told, self.prefix)
        self.drivers.append(driver)
        return driver

    def hook(self, role: str, **told: Any) -> dict[str, Any]:
        """Return the script that arms the hook of a role."""
        return {role: {"store": f"{self.store}/", "tokens": str(self.tokens), **told}}

    def moment(self, driver: Driver, random: np.random.Generator, study: str = "small") -> None:
        """Wait for a random moment of a run: after so many commits, and then a random while."""
        count = int(random.integers(0, BLOCKS[study] + 1))
        ends = 1.0 if count in (0, BLOCKS[study]) else 3 * SECONDS
        self.wait(lambda: (self.window / "lease.json").exists() and self.commits() >= count, driver)
        time.sleep(random.uniform(0.0, ends))

    def wait(self, condition: Callable[[], bool], driver: Driver, seconds: float = 120.0) -> bool:
        """Wait until a condition holds; say whether it did before the driver ended."""
        deadline = time.monotonic() + seconds
        while not condition():
            if driver.ended:
                return condition()
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds:.0f} s for a driver: {driver.error[-500:]}")
            time.sleep(0.005)
        return True

    def pause(self, driver: Driver, seconds: float) -> None:
        """Wait so long, or until the driver ended."""
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > until, driver)

    def commits(self) -> int:
        """Return how many markers lie there, valid or not."""
        return sum(1 for _ in self.window.glob("commits/*/*.json"))

    def below(self, driver: Driver) -> set[processes.Identity]:
        """Return the living processes of this trial, and remember them."""
        root = -1 if driver.ended else driver.process.pid
        found = processes.of_trial(self.mark, root)
        self.remembered |= found
        return found

    def kill(self, who: processes.Identity) -> bool:
        """Kill a process of this trial; counted only if it was alive."""
        done = processes.end(who)
        self.kills += done
        return done

    def kill_driver(self, driver: Driver) -> bool:
        """Kill a driver and nothing else; what it leaves behind is remembered."""
        self.below(driver)
        if driver.ended:
            return False
        driver.process.kill()
        driver.process.wait()
        self.kills += 1
        return True

    def look(self) -> None:
        """Check every block that is committed now, or was when this looked before: does its marker say the
        same, and is each object that it names intact?
        """
        valid: dict[str, dict[str, tuple[int, str]]] = {}
        if exists(str(self.view)):
            with contextlib.suppress(StoreError):  # a damaged run.json; then nothing is committed any more
                run = open_run(str(self.view))
                valid = {
                    marker.key: dict(marker.objects.items())
                    for cell in run.manifest.cells
                    for marker in run.committed(cell).markers.values()
                }
        self._seen = valid | self._seen
        for key, objects in self._seen.items():
            for name, (size, crc) in objects.items():
                if valid.get(key) != objects or not self._intact(name, size, crc):
                    self._lost[name] = size

    def _intact(self, name: str, size: int, crc: str) -> bool:
        try:
            data = (self.view / name).read_bytes()
        except OSError:
            return False
        return len(data) == size and checksum(data) == crc

    def lose(self, name: str, size: int) -> None:
        """Count an object as lost."""
        self._lost[name] = size

    def expect(self, truth: bool, otherwise: str) -> None:
        """Note what is wrong unless something is true."""
        if not truth:
            self.wrong.append(otherwise)

    def resume(self, *arguments: str, study: str = "small", **more: Any) -> int:
        """Run until a driver ends with exit code 0; return how many runs that took."""
        for runs in range(1, MAX_RUNS + 1):
            driver = self.start(*arguments, study=study, **more)
            code = driver.finish()
            self.look()
            if code == 0:
                return runs
            if "blocks failed" not in driver.message:
                self.wrong.append(f"a resumed run ended with {code}: {driver.error[-300:]}")
                return runs
        self.wrong.append(f"not done after {MAX_RUNS} runs")
        return MAX_RUNS

    def sound(self) -> None:
        """Expect a store without problems, however far it is."""
        if exists(str(self.view)):
            report = verify(open_run(str(self.view)))
            self.expect(not report.problems, f"verify: {[p.text for p in report.problems[:3]]}")
            self.expect(report.failed == 0, f"{report.failed} blocks failed")

    def judge(self, outcome: str = "same bytes", *, study: str = "small") -> Result:
        """The final word: nothing lost, nothing damaged, everything done, the bytes of an undisturbed run."""
        self.look()
        try:
            run = open_run(str(self.view))
            report = verify(run)
            self.expect(not report.problems, f"verify: {[p.text for p in report.problems[:3]]}")
            self.expect(report.done == report.planned == BLOCKS[study], f"{report.done} blocks done")
            self.expect(report.failed == 0, f"{report.failed} blocks failed")
            same = dataset_hash(str(self.view)) == self.bench.hashes[study]
            self.expect(same, "other bytes than the undisturbed run")
        except (StoreError, OSError) as error:
            self.wrong.append(str(error))
        return self.result(outcome)

    def result(self, outcome: str) -> Result:
        """The result without a look at the dataset, for faults that end with a refusal."""
        lost = sum(self._lost.values())
        self.expect(lost == 0, f"{lost} bytes of committed blocks lost")
        for driver in self.drivers:
            self.expect("Traceback" not in driver.error, f"a traceback: {driver.error[-400:]}")
        return Result("; ".join(self.wrong) or outcome, lost, not self.wrong, self.kills)
