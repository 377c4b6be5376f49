"""Drivers that are asked to stop, and drivers that want the same store."""

import os
import re
import signal
import time
from pathlib import Path

import numpy as np

from chaos.bench import Bench
from chaos.faults import Result, fault
from chaos.trial import RAY, Trial

NUMBERS = (signal.SIGINT, signal.SIGTERM)


def _stop(trial: Trial, number: signal.Signals, random: np.random.Generator, *arguments: str) -> str:
    """Send a signal to a driver at a random moment; say how it ended."""
    driver = trial.start(*arguments)
    trial.moment(driver, random)
    trial.below(driver)
    if not driver.ended:
        os.kill(driver.process.pid, number)
    code = driver.finish()
    trial.look()
    if code == 128 + number:
        left = (trial.store / "lease.json").exists()
        trial.expect(not left, f"{number.name}: the lease was left behind")
        said = "the same command goes on" in driver.message or "stopped" in driver.message
        trial.expect(said, f"{number.name}: it said: {driver.error[-300:]}")
        return f"exit {code}"
    # before the lease is taken, and while Ray puts its own handler in, a signal acts as ever
    trial.expect(code in (0, -number), f"{number.name}: exit code {code}: {driver.error[-300:]}")
    return f"ended by {number.name} at once" if code else "had just ended"


def _shuffled(random: np.random.Generator) -> list[signal.Signals]:
    return [NUMBERS[i] for i in random.permutation(len(NUMBERS))]


def _stopped(bench: Bench, random: np.random.Generator, folder: Path, *arguments: str) -> Result:
    with Trial(bench, folder) as trial:
        how = [_stop(trial, number, random, *arguments) for number in _shuffled(random)]
        trial.resume(*arguments)
        return trial.judge(f"{', '.join(sorted(how))}, same bytes")


@fault(
    "asked to stop, serial", "SIGINT and SIGTERM, one driver each, at a random moment, then resumed", every=2
)
def stop_serial(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _stopped(bench, random, folder)


@fault("asked to stop, Ray", "the same with Ray", every=3, ray=True)
def stop_ray(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    return _stopped(bench, random, folder, *RAY)


@fault("second driver", "a second driver starts while the first one works", every=2)
def second(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial:
        go = folder / "go"
        first = trial.start(script={"body": {"until": str(go)}})
        trial.wait(lambda: (trial.store / "lease.json").exists(), first)
        time.sleep(random.uniform(0.0, 1.0))
        other = trial.start()
        trial.expect(other.finish() == 1, f"the second one ended with {other.process.returncode}")
        go.touch()
        named = re.search(r"held by another driver \(host \S+, pid (\d+)\)", other.message)
        right = named is not None and int(named[1]) == first.process.pid
        trial.expect(right, f"the second one said: {other.error[-300:]}")
        trial.expect(first.finish() == 0, f"the first one: {first.error[-300:]}")
        return trial.judge("refused, naming host and pid of the holder; same bytes")


@fault("two take over a dead one", "two drivers start together on the lease of a killed one", every=2)
def race(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial:
        dead = trial.start(script={"body": {"seconds": 0.2}})
        trial.wait(lambda: trial.commits() >= 1, dead)
        time.sleep(random.uniform(0.0, 0.5))
        trial.kill_driver(dead)
        trial.expect((trial.store / "lease.json").exists(), "the killed one left no lease")
        trial.look()
        go = folder / "go"
        both = [trial.start(script={"body": {"until": str(go)}}) for _ in range(2)]
        trial.wait(lambda: both[1].ended, both[0])  # the winner is in its first block
        go.touch()
        codes = sorted(driver.finish() for driver in both)
        trial.expect(codes == [0, 1], f"exit codes {codes}")
        loser = next((driver for driver in both if driver.process.returncode == 1), both[0])
        trial.expect("held by another driver" in loser.message, f"the loser said: {loser.error[-300:]}")
        return trial.judge("one wins, the other is refused; same bytes")
