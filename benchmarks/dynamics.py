"""Trajectories: free sampling at N from 10^3 to 10^12, many runs, Langevin and SGD at 10^6, and descents on
couplings against the bare product of matrices that they are made of. Seconds are of one core's CPU."""

import time

import numpy as np

from benchmarks.harness import WORKERS, Row, processes
from morsecensus.tasks.runtime.memory import peak_bytes

PURE = {"xi": "q^3"}
FLOWS = 40
"""Landscapes that a flow's time is a mean over."""
T_100 = -1.6160807
"""Energy of the flow of q^3 at t = 100, N to infinity."""


def _run(asked: dict, runs: int = 1):
    """Seconds of CPU for so many runs, the last run, and the process's peak memory in MB."""
    from morsecensus.tasks.dynamics.options import TrajectoryOptions
    from morsecensus.tasks.dynamics.run import run_trajectory

    options = TrajectoryOptions(**{"parameters": PURE, "sampler": "free", "looks": 10} | asked)
    start = time.process_time()
    for landscape in range(runs):
        found = run_trajectory(options, 1, landscape, 0)
    spent = time.process_time() - start
    return spent, found, peak_bytes() / 2**20


def flow_seconds(n: int) -> tuple[float, int]:
    """Of the flow to t = 10, once its tables are there, a mean over landscapes: one draw takes up to a third
    more than another; and the dimension of the last."""
    asked = dict(n=n, algorithm="flow", until=10.0, tolerance=1e-5, accuracy=1e-5)
    _run(asked)
    spent, found, _ = _run(asked, FLOWS)
    return spent / FLOWS, int(found.dimension[-1])


def single(asked: dict) -> tuple[float, float, int, float]:
    """Seconds, energy at the end, dimension, MB of one run."""
    spent, found, memory = _run(asked)
    return spent, found.end_energy, int(found.dimension[-1]), memory


def many(worker: int) -> float:
    """Seconds of CPU of this worker's half of 1,000 runs."""
    del worker
    start = time.process_time()
    _run(
        dict(n=1000, algorithm="gd", step=0.05, until=3.0, tolerance=1e-5),
        runs=1000 // WORKERS,
    )
    return time.process_time() - start


def descent_share(runs: int = 2048) -> tuple[float, float, int]:
    """Microseconds of a gradient of descents at N = 100 to 1e-5, of one such product by BLAS, and gradients a
    run. Few runs say less: the last of them make batches that are small."""
    from morsecensus.tasks.dynamics.options import TrajectoryOptions
    from morsecensus.tasks.dynamics.run import run_trajectories

    asked = dict(n=100, algorithm="gd", parameters=PURE, step=0.1, until=400.0, stop=1e-5, looks=20)
    options = TrajectoryOptions(**asked)
    before = _product_seconds()
    start = time.process_time()
    found = run_trajectories(options, 1, 0, range(runs))
    spent, gradients = time.process_time() - start, sum(run.gradients for run in found)
    bare = (before + _product_seconds()) / 2
    return 1e6 * spent / gradients, 1e6 * bare, gradients // runs


def _product_seconds(size: int = 100, lanes: int = 256) -> float:
    """For each column of a product of matrices as gradients of degree 3 need it."""
    rng = np.random.default_rng(1)
    pairs = size * (size + 1) // 2
    matrix, columns = rng.standard_normal((size, pairs)), rng.standard_normal((pairs, lanes))
    np.matmul(matrix, columns)
    start = time.process_time()
    for _ in range(100):
        np.matmul(matrix, columns)
    return (time.process_time() - start) / (100 * lanes)


SINGLE = {
    "flow of q^3 to t = 100, N = 10^12": (
        dict(n=10**12, algorithm="flow", until=100.0, tolerance=1e-5, accuracy=1e-5),
        90,
    ),
    "flow of (q^3+q^4)/2 to t = 10, N = 10^6": (
        dict(
            n=10**6,
            algorithm="flow",
            until=10.0,
            tolerance=1e-5,
            accuracy=1e-5,
            parameters={"xi": "0.5*q^3+0.5*q^4"},
        ),
        60,
    ),
    "Langevin, 300 steps, N = 10^6": (
        dict(n=10**6, algorithm="langevin", temperature=1.0, step=0.05, until=15.0),
        20,
    ),
    "SGD of 20 fields, 300 steps, N = 10^6": (
        dict(n=10**6, algorithm="sgd", summands=20, step=0.2, until=3.0),
        30,
    ),
}


def run() -> list[Row]:
    rows = []
    with processes(1) as pool:
        taken = {n: pool.submit(flow_seconds, n).result() for n in (10**3, 10**6, 10**12)}
    for n, (spent, dimension) in taken.items():
        rows.append(
            Row(f"flow of q^3 to t = 10, N = {n:.0e}: seconds", spent, "<= 0.3", f"{dimension} directions")
        )
    spread = max(s for s, _ in taken.values()) / min(s for s, _ in taken.values())
    rows.append(Row("the same, slowest over fastest N", spread, "<= 1.2", "tolerance 1e-5"))
    for name, (asked, bar) in SINGLE.items():
        with processes(1) as pool:
            spent, energy, dimension, memory = pool.submit(single, asked).result()
        said = f"{dimension} directions, {memory:.0f} MB, e = {energy:.7f}"
        if "t = 100" in name:
            said += f", off by {energy - T_100:.1e}"
        rows.append(Row(f"{name}: seconds", spent, f"<= {bar}", said))
    with processes() as pool:
        slowest = max(pool.map(many, range(WORKERS)))
    rows.append(Row("1,000 runs at N = 1,000, 60 Euler steps, 2 workers: seconds", slowest, "<= 5", ""))
    with processes(1) as pool:
        ours, bare, gradients = pool.submit(descent_share).result()
    said = f"{ours:.0f} against {bare:.0f} us a gradient, {gradients} gradients a run"
    rows.append(Row("descents on couplings, N = 100: bare product over ours", bare / ours, ">= 0.7", said))
    return rows
