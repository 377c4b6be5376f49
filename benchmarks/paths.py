"""Paths of a homotopy a second against N, and how far that is from what the arithmetic alone would take.

The roofline: multiply-adds of a step, counted below, at the rate of the largest kernel (`algebra.contract`)
where its matrix is large, in doubles and in single precision, on the same core in the same run.
"""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.harness import Row, processes

SIZES = (6, 8, 10, 12, 14, 16, 18, 20, 22, 24)
PATHS = 1000
REPEATS = 3
ROWS, COLUMNS = 1200, 120
"""Of the matrix whose contraction is the roofline: it stays in the second-level cache."""
FIGURES = Path("bench-output")


class Work(NamedTuple):
    """Multiply-adds of real numbers in one step of one path."""

    double: float
    single: float


def work_of_step(n: int, order: int, degree: int) -> Work:
    """Of a pure cubic in n variables, series to an order, a denominator of some degree."""
    m, pairs = n + 1, n * (n + 1) / 2
    contraction, product, factors, solve = 2 * pairs * n, 4 * n**2, 4 * m**3 / 6, 4 * m**2
    newton = 2 * (contraction + product + 6 * pairs + factors + solve)
    control = (degree + 2) * (degree + 3) / 2 * 4 * m + (2 * order + 8 * degree) * m
    twins = sum(k // 2 for k in range(2, order + 1))
    lower = sum(k - 1 for k in range(2, order + 1)) * 8 * n
    series = order // 2 * contraction + (twins + order - 1) * product + order * solve + lower
    return Work(newton + control, series)


class Measured(NamedTuple):
    """Of one size: paths a second of one core, mean steps of a path, kept and repeated."""

    rate: float
    kept: float
    repeated: float


def followed(n: int) -> Measured:
    """Paths spread over all of them, best of a few runs by the thread's own time."""
    from morsecensus.tasks.finders.homotopy.paths import TrackerSettings, follow
    from morsecensus.tasks.finders.homotopy.start import polynomial_system
    from morsecensus.tasks.landscapes.base import build

    landscape = build("pspin", {"xi": "q^3"}, n)
    system = polynomial_system(landscape, landscape.sample(1, 0))
    weights = system.start("rate")
    paths = np.unique(np.linspace(0, system.paths - 1, PATHS).astype(int))
    follow(system, weights, paths[:2], TrackerSettings())  # compiles
    spent = []
    steps = np.zeros((len(paths), 2))
    for _ in range(REPEATS):
        start = time.thread_time()
        steps = follow(system, weights, paths, TrackerSettings()).steps
        spent.append(time.thread_time() - start)
    kept, repeated = steps.mean(axis=0)
    return Measured(len(paths) / min(spent), kept, repeated)


def peak(number: type) -> float:
    """Multiply-adds a second of a large contraction in numbers of this kind, all lanes together."""
    from morsecensus.tasks.finders.homotopy.algebra import contract
    from morsecensus.tasks.runtime.simd_wide import LANES, aligned

    matrix = np.random.default_rng(1).standard_normal((ROWS, COLUMNS)).astype(number)
    source, target = aligned(2 * COLUMNS, number), aligned(2 * ROWS, number)
    source[:] = 1.0
    contract(matrix, source, 0, target)
    best = float("inf")
    for _ in range(30):
        start = time.perf_counter()
        contract(matrix, source, 0, target)
        best = min(best, time.perf_counter() - start)
    return 2 * ROWS * COLUMNS * LANES / best


def roofline(n: int, rates: tuple[float, float]) -> float:
    """Seconds that a step's arithmetic takes at these rates of doubles and of single precision."""
    from morsecensus.tasks.finders.homotopy.control import DEGREE
    from morsecensus.tasks.finders.homotopy.paths import TrackerSettings

    work = work_of_step(n, TrackerSettings().order, DEGREE)
    return work.double / rates[0] + work.single / rates[1]


def draw(found: dict[int, Measured], bound: dict[int, float]) -> Path:
    from morsecensus.analysis.page.style import new_figure, save, style, whole_numbers

    FIGURES.mkdir(parents=True, exist_ok=True)
    with style():
        figure, (ax,) = new_figure(1, 1, 2.6)
        ax.semilogy(list(bound), list(bound.values()), color="0.6", label="arithmetic alone")
        ax.semilogy(list(found), [one.rate for one in found.values()], "o-", label="followed")
        ax.set(xlabel="N", ylabel="paths a second and core")
        ax.legend()
        whole_numbers(ax)
        return save(figure, FIGURES, "paths")[1]


def run() -> list[Row]:
    with processes(1) as pool:
        rates = pool.submit(peak, np.float64).result(), pool.submit(peak, np.float32).result()
        found = {n: pool.submit(followed, n).result() for n in SIZES}
    rows, bound = [], {}
    for n, one in found.items():
        steps = one.kept + one.repeated
        spent, least = 1 / (one.rate * steps), roofline(n, rates)
        bound[n] = 1 / (least * one.kept)
        measured = f"{one.rate:.0f} paths/s, {one.kept:.1f} steps and {one.repeated:.2f} repeated"
        peaks = f"{rates[0] / 1e9:.0f} and {rates[1] / 1e9:.0f} G multiply-adds/s"
        details = f"{measured}; {1e6 * spent:.2f} us a step, at {peaks} {1e6 * least:.2f}"
        what = f"homotopy paths, q^3, N={n}, one core: share of the roofline"
        rows.append(Row(what, least / spent, "", details))
    print(f"drawn: {draw(found, bound)}")
    return rows
