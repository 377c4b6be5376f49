"""Batched gradient at N = 100, p = 3, against NumPy's matrix product on the same machine, one thread each."""

import numpy as np

from benchmarks.harness import Row, interleaved, processes

N, STARTS = 100, 256


def _best(action, repeats: int = 15) -> float:
    import time

    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        spent.append(time.perf_counter() - start)
    return min(spent)


def gradient_rate(_: int = 0) -> float:
    """Flops per second, counting 2 N^3 a start whatever was really done."""
    import jax

    from morsecensus.tasks.landscapes.base import build

    landscape = build("pspin", {"xi": "q^3"}, N)
    couplings = jax.device_put(landscape.sample(1, 0))
    points = jax.device_put(landscape.manifold.random_points(np.random.default_rng(0), STARTS))
    gradient = jax.jit(
        lambda c, x: jax.vmap(lambda y: landscape.manifold.project(y, landscape.value_and_gradient(c, y)[1]))(
            x
        )
    )
    gradient(couplings, points).block_until_ready()
    return 2 * N**3 * STARTS / _best(lambda: gradient(couplings, points).block_until_ready())


def packed_product_rate(_: int = 0) -> float:
    """The same for XLA's packed GEMM alone: what is left is the gather that unpacks and the last
    contraction."""
    import jax

    rng = np.random.default_rng(0)
    matrix = jax.device_put(rng.standard_normal((N * (N + 1) // 2, N)))
    points = jax.device_put(rng.standard_normal((N, STARTS)))
    product = jax.jit(lambda a, b: a @ b)
    product(matrix, points).block_until_ready()
    return 2 * N**3 * STARTS / _best(lambda: product(matrix, points).block_until_ready())


def numpy_rate(_: int = 0) -> float:
    """NumPy's product of the full N^2 x N matrix with the batch."""
    rng = np.random.default_rng(0)
    matrix, points = rng.standard_normal((N * N, N)), rng.standard_normal((N, STARTS))
    return 2 * N**3 * STARTS / _best(lambda: matrix @ points)


def run() -> list[Row]:
    with processes(1) as pool:
        rates = interleaved(
            {
                name: lambda f=function: pool.submit(f).result()
                for name, function in (
                    ("ours", gradient_rate),
                    ("packed", packed_product_rate),
                    ("numpy", numpy_rate),
                )
            },
            repeats=5,
        )
    gflops = {name: rate / 1e9 for name, rate in rates.items()}
    return [
        Row(
            "batched gradient, N=100: nominal flops (2 N^3 a start) against NumPy's product",
            rates["ours"] / rates["numpy"],
            ">= 1.2",
            "{ours:.0f} against {numpy:.0f} Gflop/s; packed GEMM alone {packed:.0f}".format(**gflops),
        )
    ]
