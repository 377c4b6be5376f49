"""The bottom of q^3 at N = 20, 60 and 100: minima per second against loops over SciPy and pymanopt, how near
the descents come to the machine's matrix products, and seconds until indices 0 and 1 are closed."""

import math
import time

import numpy as np

from benchmarks.harness import Row, interleaved, processes, seconds, total_rate

SIZES = (20, 60, 100)
STARTS = 2048
"""At N = 100, and more where a start takes less."""
STOP = 0.2
"""Gradient norm over sqrt(N) at which Newton takes over, aiming at minima."""
LARGE = 60
"""From here on descents have a bar of flops, and L-BFGS-B one of rates."""
CENSUSES = ((60, 128, "<= 30"), (100, 12, ""))
"""N, rounds, bar; at N = 100 no budget of minutes closes index 1 (docs/low-index.md)."""


def _landscape(n: int):
    import jax

    from morsecensus.tasks.landscapes.base import build

    landscape = build("pspin", {"xi": "q^3"}, n)
    return landscape, jax.device_put(landscape.sample(1, 0))


def our_minima(worker: int, n: int) -> tuple[int, float]:
    """Starts that ended at minima, deduplicated and classified, and the seconds that took."""
    from morsecensus.tasks.finders.low_index.descent import valleys
    from morsecensus.tasks.finders.low_index.known import ABOVE, Known, add
    from morsecensus.tasks.measurables.words import CONVERGED
    from morsecensus.tasks.points.newton_lanes import arrive

    landscape, couplings = _landscape(n)
    variation = landscape.hessian_variation(couplings)
    rng = np.random.default_rng(worker)
    starts = STARTS * max(1, 160 // n)
    targets = np.full(starts, STOP * math.sqrt(n))

    def minimise() -> int:
        low = valleys(landscape, couplings, landscape.random_starts(rng, starts), targets, 400)
        hits = arrive(landscape, couplings, low, 20, 0.25, np.zeros(starts, int))
        good = hits.outcomes == CONVERGED
        nothing = Known.nothing(landscape)
        known = add(landscape, couplings, variation, nothing, hits.points[good], hits.index[good], ABOVE, 0)
        return int(known.hits.sum())

    minimise()
    start = time.perf_counter()
    found = minimise()
    return found, time.perf_counter() - start


def _full_cubic(n: int):
    """Gradient and Hessian of the same landscape as NumPy functions of the full tensor."""
    from morsecensus.tasks.landscapes.base import build
    from morsecensus.tasks.systems import symmetric

    landscape = build("pspin", {"xi": "q^3"}, n)
    packed = landscape.tensors(landscape.sample(1, 0))[3]
    tensor = symmetric.unpack(packed[None], n, 3)[0].reshape(n * n, n)
    return lambda x: 3 * ((tensor @ x).reshape(n, n) @ x), lambda x: 6 * (tensor @ x).reshape(n, n)


def scipy_minima(worker: int, n: int, starts: int = 40) -> tuple[int, float]:
    """The loop that people write: L-BFGS-B in all of R^n of H on the sphere, analytic gradient, then the
    distances to the minima before."""
    from scipy.optimize import minimize

    gradient, _ = _full_cubic(n)
    rng = np.random.default_rng(worker)

    def value_and_slope(y):
        x = y * (math.sqrt(n) / np.linalg.norm(y))
        g = gradient(x)
        return g @ x / 3, (g - (g @ x) / n * x) * (math.sqrt(n) / np.linalg.norm(y))

    known: list[np.ndarray] = []
    found, start = 0, time.perf_counter()
    for _ in range(starts):
        y = rng.standard_normal(n)
        solution = minimize(
            value_and_slope,
            y * (math.sqrt(n) / np.linalg.norm(y)),
            jac=True,
            method="L-BFGS-B",
            options={"gtol": 1e-6, "ftol": 1e-15, "maxiter": 5000},
        )
        x = solution.x * (math.sqrt(n) / np.linalg.norm(solution.x))
        found += bool(np.abs(solution.jac).max() < 1e-4)
        if not any(np.linalg.norm(x - other) < 1e-3 for other in known):
            known.append(x)
    return found, time.perf_counter() - start


def pymanopt_minima(worker: int, n: int, starts: int = 12) -> tuple[int, float]:
    """Riemannian trust regions of pymanopt on the unit sphere, analytic derivatives, one run a start."""
    import pymanopt
    from pymanopt.manifolds import Sphere
    from pymanopt.optimizers import TrustRegions

    gradient, hessian = _full_cubic(n)
    manifold, scale = Sphere(n), math.sqrt(n)

    @pymanopt.function.numpy(manifold)
    def cost(y):
        return gradient(scale * y) @ (scale * y) / 3

    @pymanopt.function.numpy(manifold)
    def euclidean_gradient(y):
        return scale * gradient(scale * y)

    @pymanopt.function.numpy(manifold)
    def euclidean_hessian(y, v):
        return n * hessian(scale * y) @ v

    problem = pymanopt.Problem(
        manifold, cost, euclidean_gradient=euclidean_gradient, euclidean_hessian=euclidean_hessian
    )
    optimizer = TrustRegions(verbosity=0, min_gradient_norm=1e-9)
    rng = np.random.default_rng(worker)
    start = time.perf_counter()
    for _ in range(starts):
        x = rng.standard_normal(n)
        optimizer.run(problem, initial_point=x / np.linalg.norm(x))
    return starts, time.perf_counter() - start


def descent_share(n: int) -> tuple[float, float]:
    """Flops per second of descents, counting the products of their gradients alone, and of such products."""
    import jax

    from morsecensus.tasks.finders.low_index.descent import LANES, descend_to

    landscape, couplings = _landscape(n)
    starts = landscape.random_starts(np.random.default_rng(0), STARTS).astype(np.float32)
    targets = np.full(STARTS, STOP * math.sqrt(n))
    pairs = n * (n + 1) // 2

    def descend():
        return np.asarray(descend_to(landscape, couplings, starts, targets, 400).trials)

    trials = int(descend().sum())
    ours = 2 * pairs * n * trials / min(seconds(descend) for _ in range(3))
    rng = np.random.default_rng(1)
    product = jax.jit(lambda a, b: a @ b)
    matrix = jax.device_put(rng.standard_normal((n, pairs), np.float32))
    lanes = jax.device_put(rng.standard_normal((pairs, LANES), np.float32))
    product(matrix, lanes).block_until_ready()
    spent = min(seconds(lambda: product(matrix, lanes).block_until_ready()) for _ in range(30))
    return ours, 2 * pairs * n * LANES / spent


def census_seconds(n: int, rounds: int, instance: int = 0) -> tuple[float, int, bool]:
    """Of one landscape up to index 1, after compilation: seconds, points, whether both are closed."""
    from morsecensus.tasks.finders.low_index.census import low_index
    from morsecensus.tasks.finders.options import LowIndexOptions
    from morsecensus.tasks.measurables.words import INDEX_CLOSED

    landscape, _ = _landscape(n)
    couplings = landscape.sample(1, instance)
    low_index(landscape, landscape.sample(1, 99), 1, 99, LowIndexOptions(max_rounds=2))
    start = time.perf_counter()
    census = low_index(landscape, couplings, 1, instance, LowIndexOptions(max_rounds=rounds))
    spent = time.perf_counter() - start
    closed = bool((census.bottom.state[:2] == INDEX_CLOSED).all())
    return spent, int(census.ledger.points_by_index[:2].sum()), closed


def run() -> list[Row]:
    rows = []
    for n in SIZES:
        with processes() as pool:
            rates = interleaved(
                {
                    name: lambda f=function, n=n: total_rate(pool, _At(f, n))
                    for name, function in (
                        ("ours", our_minima),
                        ("scipy", scipy_minima),
                        ("pymanopt", pymanopt_minima),
                    )
                },
                repeats=3,
            )
            ours, product = pool.submit(descent_share, n).result()
        rows += _rates(n, rates)
        if n < LARGE:
            continue
        details = f"{ours / 1e9:.0f} against {product / 1e9:.0f} Gflop/s"
        rows.append(
            Row(
                f"descents, N={n}: flops of their products over a bare one", ours / product, ">= 0.5", details
            )
        )
    for n, rounds, bar in CENSUSES:
        with processes(1) as pool:
            spent, points, closed = pool.submit(census_seconds, n, rounds).result()
        what = f"indices 0 and 1 of one landscape, N={n}, one core, {rounds} rounds at most: seconds"
        said = f"{spent:.0f} s, {points} points, {'closed' if closed else 'open'}"
        rows.append(Row(what, spent if closed or not bar else math.inf, bar, said))
    return rows


class _At:
    """A measurement at one N, for processes."""

    def __init__(self, measure, n: int):
        self.measure, self.n = measure, n

    def __call__(self, worker: int) -> tuple[int, float]:
        return self.measure(worker, self.n)


def _rates(n: int, rates: dict[str, float]) -> list[Row]:
    """Two workers against one loop, which uses one core."""
    rows = []
    for name, bar in (("scipy", ">= 30" if n >= LARGE else ""), ("pymanopt", ">= 100")):
        loop = rates[name] / 2
        details = (
            f"{rates['ours']:,.0f}/s against {loop:.1f}/s; core for core {rates['ours'] / rates[name]:.0f}"
        )
        rows.append(
            Row(f"minima/s, N={n}: 2 workers against one {name} loop", rates["ours"] / loop, bar, details)
        )
    return rows
