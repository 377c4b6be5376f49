"""Processes that die at a chosen point of their own work: at a byte of a file, or at an operation on files.

Where: the worker (chunks, markers), the driver (metadata, run.json, the lease, the dataset, latest.json), and
the driver from the first file of a dataset on. How many such points there are is counted in an undisturbed
run, so each of them can be hit.
"""

import signal
from pathlib import Path
from typing import Any

import numpy as np

from chaos.bench import Bench
from chaos.faults import Result, fault
from chaos.hooks import FIRED
from chaos.trial import RAY, Trial
from morsecensus.storage.dataset import dataset_hash

DATASET = "/dataset-"
TIMES = 8
"""Of one run: more than the retries of a block, so that some blocks fail and the next run must mend that."""


def _point(bench: Bench, random: np.random.Generator, who: str, at: str, within: str = "") -> dict[str, Any]:
    """Draw a point of an undisturbed run: which opening or operation, and which byte of what is written."""
    told: dict[str, Any] = {"at": at, "number": int(random.integers(bench.count(who, at, within)))}
    if at == "open":
        told["bytes"] = bench.offset(random, who.split()[1])
    return told | ({"within": within} if within else {})


def _deaths(trial: Trial) -> int:
    """Count the workers of the serial backend that were replaced by another one."""
    return max(0, sum(1 for _ in trial.tokens.glob("worker-*")) - 1)


def _worker(bench: Bench, random: np.random.Generator, folder: Path, at: str) -> Result:
    with Trial(bench, folder) as trial:
        # of one block, or it would rarely be reached by a worker that has just been started
        told = _point(bench, random, "small worker", at)
        told["number"] //= int(random.integers(1, 13))
        times = int(random.integers(1, TIMES + 1))
        driver = trial.start(script=trial.hook("worker", times=times, **told))
        failed = driver.finish() != 0
        trial.kills += _deaths(trial)
        trial.look()
        if failed:
            trial.expect("the worker process died" in driver.message, f"ended with: {driver.error[-300:]}")
            trial.resume()
        return trial.judge("block failed, next run same bytes" if failed else _outcome(trial))


@fault(
    "worker dies at a byte",
    "the kernel ends the worker (SIGXFSZ) at byte k of the j-th file it writes; 1 to 8 times",
)
def worker_byte(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _worker(bench, random, folder, "open")


@fault(
    "worker dies at an operation",
    "SIGKILL at the j-th open, rename, link, remove or mkdir of the worker; 1 to 8 times",
)
def worker_operation(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _worker(bench, random, folder, "operation")


@fault("worker of Ray dies at an operation", "the same in workers of Ray", every=3, ray=True)
def worker_operation_ray(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial:
        told = _point(bench, random, "small worker", "operation")
        told["number"] //= 12
        driver = trial.start(
            *RAY, script=trial.hook("worker", times=int(random.integers(1, TIMES + 1)), **told)
        )
        failed = driver.finish() != 0
        trial.kills += sum(1 for _ in trial.tokens.glob(f"{FIRED}-*"))
        trial.look()
        if failed:
            trial.expect("the worker process died" in driver.message, f"ended with: {driver.error[-300:]}")
            trial.resume(*RAY)
        return trial.judge("block failed, next run same bytes" if failed else "same bytes")


def _driver_dies(trial: Trial, told: dict[str, Any], study: str = "small") -> None:
    # two drivers in a row are armed, and the second one may find less left to do
    driver = trial.start(script=trial.hook("driver", times=2, **told), study=study)
    code = driver.finish()
    ways = (0, -signal.SIGXFSZ, -signal.SIGKILL)
    trial.expect(code in ways, f"the driver ended with {code}: {driver.error[-300:]}")
    trial.kills += code < 0
    trial.look()


def _outcome(trial: Trial) -> str:
    return "same bytes" if trial.kills else "not reached, same bytes"


def _driver(bench: Bench, random: np.random.Generator, folder: Path, at: str) -> Result:
    with Trial(bench, folder) as trial:
        for _ in range(bench.twice):
            _driver_dies(trial, _point(bench, random, "small driver", at))
        trial.resume()
        return trial.judge(_outcome(trial))


@fault(
    "driver dies at a byte",
    "the kernel ends the driver (SIGXFSZ) at byte k of the j-th file it writes; twice",
)
def driver_byte(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _driver(bench, random, folder, "open")


@fault(
    "driver dies at an operation",
    "SIGKILL at the j-th open, rename, link, remove or mkdir of the driver; twice",
)
def driver_operation(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _driver(bench, random, folder, "operation")


def _compaction(bench: Bench, random: np.random.Generator, folder: Path, at: str) -> Result:
    """Extend a finished store and die while its second dataset is written: the first one stays, or the
    second one is whole.
    """
    with Trial(bench, folder) as trial:
        bench.copy("small", trial.store)
        trial.look()
        for _ in range(bench.twice):
            _driver_dies(trial, _point(bench, random, "large driver", at, DATASET), "large")
            whole = dataset_hash(str(trial.store)) in (bench.hashes["small"], bench.hashes["large"])
            trial.expect(whole, "neither the old dataset nor the new one is whole")
        trial.resume(study="large")
        return trial.judge(_outcome(trial), study="large")


@fault(
    "compaction dies at a byte",
    "an extended store: the kernel ends the driver at byte k of the j-th file of a new dataset; twice",
)
def compaction_byte(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _compaction(bench, random, folder, "open")


@fault(
    "compaction dies at an operation",
    "an extended store: SIGKILL at the j-th operation from the first file of a new dataset on; twice",
)
def compaction_operation(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _compaction(bench, random, folder, "operation")
