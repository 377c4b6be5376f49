"""Critical points per second at p = 3, N = 20, against a loop over SciPy, and a whole census at N = 12."""

import math
import time

import numpy as np

from benchmarks.harness import Row, interleaved, processes, seconds, total_rate

N = 20
XI = {"xi": "q^3"}
STARTS = 8192


def _landscape(n: int):
    from morsecensus.tasks.landscapes.base import build

    landscape = build("pspin", XI, n)
    return landscape, landscape.sample(1, 0)


def our_points(worker: int, starts: int = STARTS) -> tuple[int, float]:
    """Converged starts whose point was identified, deduplicated and classified, and the seconds that took."""
    from morsecensus.tasks.finders.found import add_hits, nothing_found
    from morsecensus.tasks.finders.multistart.rounds import search_round
    from morsecensus.tasks.finders.options import MultistartOptions

    landscape, couplings = _landscape(N)
    variation = landscape.hessian_variation(couplings)
    options = MultistartOptions(starts_per_round=starts)

    def census(number: int):
        found = search_round(landscape, couplings, worker, 0, options, number)
        add_hits(landscape, couplings, variation, nothing_found(landscape), found.points)
        return len(found.points)

    census(0)
    start = time.perf_counter()
    found = census(1)
    return found, time.perf_counter() - start


def scipy_points(worker: int, starts: int = 150) -> tuple[int, float]:
    """The loop that people write: scipy.optimize.root on (x, multiplier) with its Jacobian, then
    eigenvalues."""
    from scipy.optimize import root

    gradient, hessian = _dense_cubic(N)
    rng = np.random.default_rng(worker)

    def residual(z):
        x, mu = z[:-1], z[-1]
        return np.append(gradient(x) - mu * x, (N - x @ x) / 2)

    def jacobian(z):
        x, mu = z[:-1], z[-1]
        return np.block([[hessian(x) - mu * np.eye(N), -x[:, None]], [-x[None, :], np.zeros((1, 1))]])

    found = 0
    start = time.perf_counter()
    for _ in range(starts):
        x = rng.standard_normal(N)
        x *= math.sqrt(N) / np.linalg.norm(x)
        solution = root(residual, np.append(x, x @ gradient(x) / N), jac=jacobian, tol=1e-12)
        if solution.success and np.linalg.norm(solution.fun) < 1e-9:
            y, mu = solution.x[:-1], solution.x[-1]
            basis = np.linalg.svd(y[:, None])[0][:, 1:]
            np.linalg.eigvalsh(basis.T @ (hessian(y) - mu * np.eye(N)) @ basis)
            found += 1
    return found, time.perf_counter() - start


def _dense_cubic(n: int):
    """Gradient and Hessian of the same landscape as NumPy functions of the full tensor."""
    _, couplings = _landscape(n)
    tensor = couplings["degree_3"].reshape(n, n, n)
    return lambda x: 3 * (tensor @ x @ x), lambda x: 6 * (tensor @ x)


def _census_seconds(worker: int, n: int = 12) -> tuple[int, float]:
    from morsecensus.tasks.finders.multistart.census import multistart
    from morsecensus.tasks.finders.options import MultistartOptions
    from morsecensus.tasks.measurables.words import COMPLETE

    landscape, _ = _landscape(n)
    options = MultistartOptions()
    multistart(landscape, landscape.sample(1, 99), 1, 99, MultistartOptions(max_rounds=1))
    spent = []
    for instance in range(3 * worker, 3 * worker + 3):
        couplings = landscape.sample(1, instance)
        spent.append(seconds(lambda c=couplings, i=instance: _check(multistart(landscape, c, 1, i, options))))
    assert COMPLETE == 0
    return 1, float(np.median(spent))


def _check(census) -> None:
    if census.ledger.status != 0:
        raise RuntimeError(f"the N = 12 census stayed open: reason {census.ledger.reason}")


def run() -> list[Row]:
    with processes() as pool:
        rates = interleaved(
            {
                "ours": lambda: total_rate(pool, our_points),
                "scipy": lambda: total_rate(pool, scipy_points),
            },
            repeats=3,
        )
        census = max(spent for _, spent in pool.map(_census_seconds, range(2)))
    loop = rates["scipy"] / 2  # such a loop uses one core
    return [
        Row(
            "critical points/s, N=20: 2 workers against one scipy.optimize.root loop",
            rates["ours"] / loop,
            ">= 50",
            f"{rates['ours']:.0f}/s against {loop:.0f}/s; core for core {rates['ours'] / rates['scipy']:.0f}",
        ),
        Row(
            "full census of one N=12 landscape, one core, seconds",
            census,
            "< 2",
            "slower of two workers' medians",
        ),
    ]
