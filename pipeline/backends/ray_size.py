"""How large a Ray cluster is, and how many tasks to keep submitted. Imported after what Ray reads is set."""

import functools
import time
from dataclasses import dataclass

import ray

JOBS_PER_CPU = 3
"""Submitted at once: enough that no CPU waits for the driver, few enough that stopping is quick."""
MOST_WAITING = 4096
"""Jobs that wait for a CPU at most: thousands of them finish between two looks of the driver, not more."""
LOOK_SECONDS = 5.0
"""How long an answer about the cluster's size holds: asking takes 0.2 ms for one node, and more for many."""


@dataclass(frozen=True)
class Size:
    """What a cluster has in all, and the memory of the node that has most."""

    cpus: float
    gpus: float
    most_memory: float


def size() -> Size:
    """Return the cluster's size, a few seconds old at most, since nodes may join or leave."""
    return look(int(time.monotonic() / LOOK_SECONDS))


@functools.lru_cache(maxsize=1)
def look(moment: int) -> Size:
    del moment  # only the key of the cache
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    of = {name: [node.get(name, 0.0) for node in nodes] or [0.0] for name in ("CPU", "GPU", "memory")}
    return Size(sum(of["CPU"]), sum(of["GPU"]), max(of["memory"]))


def places(gpus: float = 0.0) -> int:
    """Return how many tasks the cluster runs together."""
    found = size()
    return max(1, int(min(found.cpus, found.gpus / gpus) if gpus else found.cpus))


def window(gpus: float = 0.0) -> int:
    """Return how many tasks to keep submitted."""
    together = places(gpus)
    return together + min((JOBS_PER_CPU - 1) * together, MOST_WAITING)
