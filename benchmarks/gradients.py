"""The gradient of every landscape at the sizes of its example, against the matrix products that it can't do
without: one thread, one batch of starts.

The bound of a spin model is the product of its coupling matrices with the monomials of the batch; of a tensor
its contraction with the last factor; of a factorisation the product of its layers and the two back.
"""

from collections.abc import Callable

import numpy as np

from benchmarks.harness import Row, interleaved, processes

STARTS = 1024
WANTED = 2.0
SPIN, TENSOR, LAYERS = "spin", "tensor", "layers"
CASES: tuple[tuple[str, dict, int, str], ...] = (
    ("pspin", {"xi": "q^3"}, 10, SPIN),
    ("pspin", {"xi": "q^6"}, 5, SPIN),
    ("pspin", {"xi": "0.5*q^2+0.5*q^4"}, 5, SPIN),
    ("pspin", {"xi": "q^3"}, 100, SPIN),
    ("matrix-tensor", {"p": 3, "delta2": 0.4, "deltap": 1.0}, 6, SPIN),
    ("entries", {"xi": "q^3", "law": "rademacher"}, 7, SPIN),
    ("partite", {"sizes": "1,1,1"}, 5, TENSOR),
    ("partite", {"sizes": "1,1,1"}, 40, TENSOR),
    ("factorised", {"width": 3, "layers": 3}, 3, LAYERS),
)


def _seconds(action: Callable[[], object]) -> float:
    import time

    action()
    spent = []
    for _ in range(30):
        start = time.perf_counter()
        action()
        spent.append(time.perf_counter() - start)
    return min(spent)


def _jitted(function: Callable, *arguments: object) -> Callable[[], object]:
    import jax

    placed = jax.device_put(arguments)
    compiled = jax.jit(function)
    return lambda: jax.block_until_ready(compiled(*placed))


def gradient_seconds(case: int) -> float:
    """One batch of values and gradients."""
    import jax

    from morsecensus.tasks.landscapes.base import build

    model, parameters, n, _ = CASES[case]
    landscape = build(model, parameters, n)
    points = landscape.manifold.random_points(np.random.default_rng(0), STARTS)
    couplings = landscape.sample(1, 0)
    return _seconds(
        _jitted(lambda c, x: jax.vmap(lambda y: landscape.value_and_gradient(c, y))(x), couplings, points)
    )


def product_seconds(case: int) -> float:
    """The matrix products of the same batch."""
    import jax
    import jax.numpy as jnp

    from morsecensus.tasks.landscapes.base import build

    model, parameters, n, kind = CASES[case]
    landscape, rng = build(model, parameters, n), np.random.default_rng(0)
    if kind == LAYERS:
        width, layers = parameters["width"], parameters["layers"]
        inner = rng.standard_normal((layers, STARTS, max(n, width), max(n, width)))
        # forward, and as many products back for each layer
        return _seconds(_jitted(lambda w: [jnp.matmul(a, b) for a in w for b in w][: 2 * layers - 1], inner))
    couplings = landscape.sample(1, 0)
    if kind == TENSOR:
        shapes = [
            (np.asarray(couplings).size // n, n)
        ] * 2  # two of the contractions are with the whole tensor
    else:
        matrices = [np.asarray(leaf) for leaf in jax.tree.leaves(couplings)]
        shapes = [matrix.shape for matrix in matrices if matrix.ndim == 2]
    pairs = [(rng.standard_normal(shape), rng.standard_normal((shape[1], STARTS))) for shape in shapes]
    return _seconds(_jitted(lambda products: [a @ b for a, b in products], pairs))


def run() -> list[Row]:
    rows = []
    with processes(1) as pool:
        for case, (model, parameters, n, _) in enumerate(CASES):
            taken = interleaved(
                {
                    name: lambda f=function, k=case: pool.submit(f, k).result()
                    for name, function in (("ours", gradient_seconds), ("product", product_seconds))
                },
                repeats=3,
            )
            text = ", ".join(f"{key} = {value}" for key, value in parameters.items())
            each = {name: 1e9 * spent / STARTS for name, spent in taken.items()}
            rows.append(
                Row(
                    f"gradient of {model}, {text}, n = {n}, over its matrix products",
                    taken["ours"] / taken["product"],
                    f"<= {WANTED:g}",
                    "{ours:.0f} ns a start against {product:.0f} ns".format(**each),
                )
            )
    return rows
