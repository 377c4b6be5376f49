"""Critical points and minima per second at p = 3, N = 20, against loops over SciPy and pymanopt."""

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


def our_minima(worker: int, starts: int = 4096) -> tuple[int, float]:
    """Distinct starts that descended to a minimum and were polished and classified."""
    from morsecensus.tasks.finders.multistart.descent import descend
    from morsecensus.tasks.measurables.words import CONVERGED
    from morsecensus.tasks.points.newton import refine

    landscape, couplings = _landscape(N)
    rng = np.random.default_rng(worker)
    target = 1e-2 * landscape.gradient_scale * math.sqrt(N)

    def minimise():
        points = landscape.manifold.random_points(rng, starts)
        ends = [
            descend(landscape, couplings, points[k : k + 64], np.ones(64), np.full(64, 10**6), target, 2000)
            for k in range(0, starts, 64)
        ]
        low = np.concatenate([np.asarray(end.points) for end in ends])
        hits = refine(landscape, couplings, low, 20, 0.1)
        converged = np.asarray(hits.points)[np.asarray(hits.outcomes) == CONVERGED]
        return _count_minima(landscape, couplings, converged)

    minimise()
    start = time.perf_counter()
    found = minimise()
    return found, time.perf_counter() - start


def _count_minima(landscape, couplings, points) -> int:
    """Hits on points of index 0: each distinct point is classified once, its hits share the verdict."""
    from morsecensus.tasks.finders.found import add_hits, nothing_found

    variation = landscape.hessian_variation(couplings)
    classes = add_hits(landscape, couplings, variation, nothing_found(landscape), points)[0].points
    minimum = (classes.points.index == 0) | (classes.points.index == N - 1)
    return int(classes.hits[minimum].sum())


def pymanopt_minima(worker: int, starts: int = 12) -> tuple[int, float]:
    """Riemannian trust regions of pymanopt on the unit sphere, analytic derivatives, one run a start."""
    import pymanopt
    from pymanopt.manifolds import Sphere
    from pymanopt.optimizers import TrustRegions

    gradient, hessian = _dense_cubic(N)
    manifold = Sphere(N)
    scale = math.sqrt(N)

    @pymanopt.function.numpy(manifold)
    def cost(y):
        return gradient(scale * y) @ (scale * y) / 3

    @pymanopt.function.numpy(manifold)
    def euclidean_gradient(y):
        return scale * gradient(scale * y)

    @pymanopt.function.numpy(manifold)
    def euclidean_hessian(y, v):
        return N * hessian(scale * y) @ v

    problem = pymanopt.Problem(
        manifold, cost, euclidean_gradient=euclidean_gradient, euclidean_hessian=euclidean_hessian
    )
    optimizer = TrustRegions(verbosity=0, min_gradient_norm=1e-9)
    rng = np.random.default_rng(worker)
    found = 0
    start = time.perf_counter()
    for _ in range(starts):
        x = rng.standard_normal(N)
        y = optimizer.run(problem, initial_point=x / np.linalg.norm(x)).point
        tangent = euclidean_gradient(y) - (euclidean_gradient(y) @ y) * y
        found += bool(np.linalg.norm(tangent) < 1e-6 * N)
    return found, time.perf_counter() - start


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
                "our minima": lambda: total_rate(pool, our_minima),
                "pymanopt": lambda: total_rate(pool, pymanopt_minima),
            },
            repeats=3,
        )
        census = max(spent for _, spent in pool.map(_census_seconds, range(2)))
    loop = rates["scipy"] / 2  # such a loop uses one core
    manifold_loop = rates["pymanopt"] / 2
    return [
        Row(
            "critical points/s, N=20: 2 workers against one scipy.optimize.root loop",
            rates["ours"] / loop,
            ">= 50",
            f"{rates['ours']:.0f}/s against {loop:.0f}/s; core for core {rates['ours'] / rates['scipy']:.0f}",
        ),
        Row(
            "minima/s, N=20: 2 workers against one pymanopt trust-region loop",
            rates["our minima"] / manifold_loop,
            ">= 100",
            f"{rates['our minima']:.0f}/s against {manifold_loop:.0f}/s; core for core "
            f"{rates['our minima'] / rates['pymanopt']:.0f}",
        ),
        Row(
            "full census of one N=12 landscape, one core, seconds",
            census,
            "< 2",
            "slower of two workers' medians",
        ),
    ]
