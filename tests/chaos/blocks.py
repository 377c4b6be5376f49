"""Blocks that fail: that raise, that end their process, that ask for more memory than there is."""

from pathlib import Path

import numpy as np

from chaos.bench import BLOCKS, SECONDS, Bench
from chaos.faults import Result, fault
from chaos.trial import RAY, Trial
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import verify

GIB = 2**30


def _some(random: np.random.Generator, most: int) -> list[str]:
    """Draw blocks as "n:block"."""
    names = [f"{n}:{block}" for n in (4, 5) for block in range(BLOCKS["small"] // 2)]
    return [str(name) for name in random.choice(names, int(random.integers(1, most + 1)), replace=False)]


def _failing(
    trial: Trial,
    told: dict[str, object],
    bad: list[str],
    *wanted: str,
    arguments: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
) -> Result:
    """Run with blocks that fail, look at how they are recorded, run again without."""
    driver = trial.start(*arguments, script={"body": {"seconds": SECONDS, **told}}, env=env)
    code = driver.finish(seconds=300)
    trial.expect(code == 1, f"ended with {code}")
    said = f"{len(bad)} blocks failed" in driver.message and any(text in driver.message for text in wanted)
    trial.expect(said, f"said: {driver.error[-400:]}")
    report = verify(open_run(str(trial.store)))
    trial.expect(report.failed == len(bad), f"{report.failed} blocks recorded as failed, not {len(bad)}")
    trial.expect(report.done == BLOCKS["small"] - len(bad), f"{report.done} blocks done")
    trial.look()
    trial.resume()
    return trial.judge("recorded as failed, next run same bytes")


@fault("block raises", "1 to 4 random blocks raise an exception", every=4)
def raises(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    bad = _some(random, 4)
    with Trial(bench, folder) as trial:
        return _failing(trial, {"raise": bad}, bad, "ArithmeticError: scripted failure")


@fault("block ends its process", "1 or 2 random blocks end their worker, on every try", every=4)
def exits(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    bad = _some(random, 2)
    with Trial(bench, folder) as trial:
        result = _failing(trial, {"exit": bad}, bad, "the worker process died 4 times (exit code 7)")
        return result


@fault("allocation refused", "1 to 4 random blocks ask for 1 GiB more than RLIMIT_AS leaves them", every=4)
def allocates(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    bad = _some(random, 4)
    with Trial(bench, folder) as trial:
        told = {"allocate": bad, "bytes": 2 * GIB, "limit": GIB}
        return _failing(trial, told, bad, "MemoryError")


@fault(
    "memory used up, Ray",
    "one block fills memory past the threshold of Ray's memory monitor, on every try",
    every=6,
    ray=True,
)
def hoards(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    bad = _some(random, 1)
    room = int(GIB * random.uniform(1.5, 2.5))
    total, available = _memory()
    env = {
        "RAY_memory_usage_threshold": f"{(total - available + room) / total:.4f}",
        "RAY_memory_monitor_refresh_ms": "50",
        # each try takes about 10 s
        **({"RAY_task_oom_retries": "1"} if bench.short else {}),
    }
    with Trial(bench, folder) as trial:
        told = {"hoard": bad, "bytes": room + GIB}
        return _failing(trial, told, bad, "memory", arguments=RAY, env=env)


def _memory() -> tuple[int, int]:
    """Return bytes in all and bytes available of this host."""
    fields = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    sizes = {name.rstrip(":"): 1024 * int(value) for name, value, *_ in fields}
    return sizes["MemTotal"], sizes["MemAvailable"]
