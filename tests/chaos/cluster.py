"""Nodes of a Ray cluster that vanish while their blocks run."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from chaos.bench import BLOCKS, Bench, environment
from chaos.faults import Result, fault
from chaos.trial import Trial

LOOPBACK = {
    "RAY_AUTH_MODE": "disabled",
    # this switch makes Ray call its own host 127.0.0.1; else it puts the host's address for that one
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}


class ClusterHost:
    """A cluster in a process of its own. Use as a context manager."""

    def __init__(self, trial: Trial):
        self._errors = (trial.folder / "cluster.txt").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chaos.cluster_host"],
            env=environment(None, trial.mark, LOOPBACK),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self.address = self._line()

    def __enter__(self) -> "ClusterHost":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"the cluster did not start: {Path(self._errors.name).read_text()[-500:]}")
        return line

    def tell(self, command: str) -> int:
        """Add or remove a node; return how many there are then."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return int(self._line())


@fault(
    "node lost",
    "two nodes of one CPU: one is killed with its processes at a random moment, later another joins",
    every=3,
    ray=True,
)
def node(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial, ClusterHost(trial) as host:
        where = ("--backend", "ray", "--address", host.address)
        driver = trial.start(*where, script={"body": {"seconds": 0.4}}, env=LOOPBACK)
        for command in ("remove", "add"):
            count = int(random.integers(0, BLOCKS["small"] - 2))
            trial.wait(lambda count=count: trial.commits() >= count, driver)
            time.sleep(random.uniform(0.0, 0.5))
            nodes = host.tell(command)
            trial.kills += command == "remove" and not driver.ended
            trial.look()
        trial.expect(nodes == 2, f"{nodes} nodes at the end")
        failed = driver.finish() != 0
        if failed:
            trial.expect("the worker process died" in driver.message, f"ended with: {driver.error[-300:]}")
            trial.resume()
        return trial.judge("block failed, next run same bytes" if failed else "same bytes")
