"""Moments of tangent Hessians at random points, law by law: is the bulk that of the GOE?

Random points are the clean test: for Gaussian couplings G is a GOE matrix of size N-1 there, exactly. For
other laws with finite kurtosis the fourth moment is known too (`fourth_moment`).

    python -m benchmarks.universality
"""

import math
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from morsecensus.analysis.theory.goe.moments import catalan, goe_moment
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.entries import EntrySpin
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems import symmetric

LAWS = ("gaussian", "rademacher", "student(5)", "student(2.5)", "diluted(0.3)")
ORDERS = (2, 4, 6)
SEED = 1
Bulk = Float[np.ndarray, "landscapes eigenvalue"]


@partial(jax.jit, static_argnums=0)
def _tangent(landscape: EntrySpin, couplings: Any, basis: Float[Array, "n n"]) -> Float[Array, "m m"]:
    """G in an orthonormal basis: the first column of ``basis`` is the point, over sqrt(N)."""
    x = basis[:, 0] * math.sqrt(landscape.n)
    return basis[:, 1:].T @ landscape.jet(couplings, x).hessian @ basis[:, 1:]


@partial(jax.jit, static_argnums=0)
def _fourth_powers(landscape: EntrySpin, units: Any, basis: Float[Array, "n n"]) -> Float[Array, ""]:
    """Sum over entries of tr A_e^4."""
    squares = jax.vmap(lambda unit: _tangent(landscape, unit, basis))(units)
    return jnp.sum((squares @ squares) ** 2)


def _bases(n: int, count: int) -> Float[np.ndarray, "count n n"]:
    draw = generator(SEED, "random points", n)
    return np.linalg.qr(draw.standard_normal((count, n, n)))[0]


def _unit(landscape: EntrySpin) -> float:
    return math.sqrt(landscape.covariance.x2 * (landscape.n - 1) / landscape.n)


def bulk_at_random_points(landscape: EntrySpin, count: int) -> Bulk:
    """Eigenvalues of G at one uniform point of each of ``count`` landscapes, in units in which the semicircle
    is [-2, 2]."""
    bases = _bases(landscape.n, count)
    matrices = [_tangent(landscape, landscape.sample(SEED, k), jnp.asarray(bases[k])) for k in range(count)]
    return np.linalg.eigvalsh(np.array(matrices)) / _unit(landscape)


def moments(bulk: Bulk) -> tuple[Float[np.ndarray, " orders"], Float[np.ndarray, " orders"]]:
    """Mean moments and their errors over landscapes."""
    each = np.array([np.mean(bulk**order, axis=1) for order in ORDERS])
    return each.mean(axis=1), each.std(axis=1, ddof=1) / math.sqrt(bulk.shape[0])


def fourth_moment(landscape: EntrySpin, points: int = 200) -> tuple[float, float]:
    """The mean fourth moment of G at random points, exactly but for the mean over them, with its error.

    G is linear in independent entries, ``G = sum_e z_e A_e``: the Wick pairings give the GOE's moment, and
    what is left is the excess kurtosis times ``sum_e tr A_e^4``.
    """
    n, (degree,) = landscape.n, [p for p, _ in landscape.covariance.terms]
    scale = n ** (-(degree - 1) / 2) / np.sqrt(symmetric.multiplicities(n, degree))
    units = [{f"degree_{degree}": landscape.pack(row, degree)} for row in np.diag(scale)]
    stacked = {key: jnp.asarray(np.stack([unit[key] for unit in units])) for key in units[0]}
    sums = [float(_fourth_powers(landscape, stacked, jnp.asarray(b))) for b in _bases(n, points)]
    sums = np.array(sums) / (n - 1) / _unit(landscape) ** 4
    kurtosis = landscape.law.excess_kurtosis
    if kurtosis == 0:
        return goe_moment(n - 1, 4), 0.0
    error = abs(kurtosis) * float(np.std(sums, ddof=1)) / math.sqrt(points)
    return goe_moment(n - 1, 4) + kurtosis * float(np.mean(sums)), error


def _expected(landscape: EntrySpin) -> str:
    return "{:.3f} +- {:.3f}".format(*fourth_moment(landscape))


def rows(xi: str, sizes: tuple[int, ...], count: int, laws: tuple[str, ...] = LAWS) -> Iterator[str]:
    """Lines of a table in Markdown."""
    yield "| law | N | m2 | m4 | m4 expected | median of m4 | m6 | GOE m2, m4, m6 |"
    yield "|---|---|---|---|---|---|---|---|"
    for law in laws:
        for n in sizes:
            landscape = build("entries", {"law": law, "xi": xi}, n)
            assert isinstance(landscape, EntrySpin)
            bulk = bulk_at_random_points(landscape, count)
            mean, se = moments(bulk)
            texts = [f"{m:.3f} +- {s:.3f}" for m, s in zip(mean, se, strict=True)]
            median = f"{np.median(np.mean(bulk**4, axis=1)):.3f}"
            finite = math.isfinite(landscape.law.excess_kurtosis)
            expected = _expected(landscape) if finite else "infinite"
            exact = ", ".join(f"{goe_moment(n - 1, order):.3f}" for order in ORDERS)
            yield f"| {law} | {n} | {texts[0]} | {texts[1]} | {expected} | {median} | {texts[2]} | {exact} |"
    limits = ", ".join(str(catalan(order // 2)) for order in ORDERS)
    yield f"| any | infinite | | | | | | {limits} |"


def diluted_rows(sizes: tuple[int, ...], count: int) -> Iterator[str]:
    """The negative control: couplings that get rarer with N."""
    yield "| kept | N | couplings of a spin | m2 | m4 | m4 expected | GOE m4 |"
    yield "|---|---|---|---|---|---|---|"
    for name, kept in (("0.3", lambda n: 0.3), ("1/N", lambda n: 1 / n), ("4/N^2", lambda n: 4 / n**2)):
        for n in sizes:
            landscape = build("entries", {"law": f"diluted({kept(n)!r})", "xi": "q^3"}, n)
            assert isinstance(landscape, EntrySpin)
            mean, se = moments(bulk_at_random_points(landscape, count))
            texts = [f"{m:.3f} +- {s:.3f}" for m, s in zip(mean[:2], se[:2], strict=True)]
            share = kept(n) * symmetric.packed_size(n, 2)
            expected = _expected(landscape)
            exact = f"{goe_moment(n - 1, 4):.3f}"
            yield f"| {name} | {n} | {share:.1f} | {texts[0]} | {texts[1]} | {expected} | {exact} |"


def main(count: str = "1000") -> None:
    """Print both tables."""
    print("\n".join(rows("q^3", (4, 8, 16), int(count))))
    print()
    print("\n".join(diluted_rows((4, 8, 16), int(count))))


if __name__ == "__main__":
    main(*sys.argv[1:])
