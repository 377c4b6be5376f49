"""Processes that are killed from outside, at random moments."""

import time
from pathlib import Path

import numpy as np

from chaos import processes
from chaos.bench import BLOCKS, Bench, Driver
from chaos.faults import Result, fault
from chaos.trial import RAY, Trial
from morsecensus.storage.store import open_run

MOST_KILLS = 10
"""Of one run: more than the retries of a block, so that some blocks fail and the next run must mend that."""


def _kill_worker(trial: Trial, driver: Driver, random: np.random.Generator) -> bool:
    """Kill one worker that may be in a block; wait for one, since a new one may be about to start."""
    for _ in range(100):
        below = trial.below(driver)
        workers = sorted(who for who in below if processes.is_busy(who))
        if workers:
            return trial.kill(workers[int(random.integers(len(workers)))])
        if driver.ended:
            return False
        time.sleep(0.02)
    return False


def _workers(bench: Bench, random: np.random.Generator, folder: Path, *arguments: str) -> Result:
    with Trial(bench, folder) as trial:
        driver = trial.start(*arguments)
        times = int(random.integers(1, MOST_KILLS + 1))
        for count in sorted(random.integers(0, BLOCKS["small"], times)):
            if not trial.wait(lambda count=count: trial.commits() >= count, driver):
                break
            time.sleep(random.uniform(0.0, 0.15))
            _kill_worker(trial, driver, random)
            trial.look()
        failed = driver.finish() != 0
        if failed:
            trial.expect("the worker process died" in driver.message, f"ended with: {driver.error[-300:]}")
            trial.resume()
        return trial.judge("block failed, next run same bytes" if failed else "same bytes")


@fault("worker killed, serial", "SIGKILL to the worker of the serial backend, 1 to 10 times in a run")
def worker_serial(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _workers(bench, random, folder)


@fault("worker killed, Ray", "SIGKILL to a busy worker of Ray, 1 to 10 times in a run", every=3, ray=True)
def worker_ray(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _workers(bench, random, folder, *RAY)


def _kill_driver(trial: Trial, random: np.random.Generator, *arguments: str) -> None:
    driver = trial.start(*arguments)
    trial.moment(driver, random)
    trial.kill_driver(driver)
    trial.look()


@fault("driver killed, serial", "SIGKILL to the driver, twice in a row, then resumed")
def driver_serial(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial:
        for _ in range(bench.twice):
            _kill_driver(trial, random)
        trial.resume()
        return trial.judge()


@fault(
    "driver killed, Ray, orphans dead",
    "SIGKILL to the driver and then to all that Ray leaves behind, resumed with Ray",
    every=3,
    ray=True,
)
def driver_ray(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial:
        _kill_driver(trial, random, *RAY)
        for who in trial.below(trial.drivers[0]) | trial.remembered:
            processes.end(who)  # not counted: most of them are Ray's own
        trial.look()
        trial.resume(*RAY)
        return trial.judge()


@fault(
    "driver killed, Ray, orphans at work",
    "SIGKILL to the driver alone: Ray's workers go on writing while the next driver, serial, works",
    every=3,
    ray=True,
)
def orphans_ray(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial:
        driver = trial.start(*RAY, script={"body": {"seconds": 0.5}})
        count = int(random.integers(0, BLOCKS["small"] - 2))
        trial.wait(lambda: trial.commits() >= count and _working(trial, driver), driver)
        time.sleep(random.uniform(0.0, 0.5))
        trial.kill_driver(driver)
        before = trial.commits()
        trial.look()
        trial.resume()
        writers = _foreign_writers(trial)
        text = "same bytes, orphans committed too" if writers > before else "same bytes"
        return trial.judge(text)


def _working(trial: Trial, driver: Driver) -> bool:
    return sum(map(processes.is_busy, trial.below(driver))) >= 2


def _foreign_writers(trial: Trial) -> int:
    """Count the blocks that the killed driver's workers committed, before or after its death."""
    run = open_run(str(trial.store))
    known = {pid for pid, _ in trial.remembered}
    return sum(
        marker.provenance["pid"] in known
        for cell in run.manifest.cells
        for marker in run.committed(cell).markers.values()
    )
