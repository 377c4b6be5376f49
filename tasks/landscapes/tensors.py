"""Couplings as arrays of a file: what the arrays may be, one packed form for all of them, and its digest.

H is the contraction of what is given, on spheres |x_i|^2 = n_i, with no factor of its own:

    degree_p   symmetric tensor S of degree p = 1..6, shape (n,)*p or (landscapes, n, ..., n);
               H(x) = sum over all ordered tuples S_{i_1..i_p} x_{i_1}...x_{i_p}
    packed_p   the same tensor at sorted multi-indices i_1 <= ... <= i_p in lexicographic order,
               shape (C(n+p-1, p),) or (landscapes, C(n+p-1, p))
    tensor     an r-linear form on r spheres, shape (n_1, ..., n_r); ``tensors`` has landscapes first

Degrees add up to one H; a multilinear form stands alone. NumPy only: the driver reads a study without JAX.
"""

import hashlib
import itertools
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.covariance import MAX_DEGREE, Covariance
from morsecensus.tasks.landscapes.parameters import LARGEST_RATIO, MOST_FACTORS
from morsecensus.tasks.systems import symmetric

Packed = dict[str, Float[np.ndarray, "..."]]
"""``packed_p`` (landscapes, entries) for each degree, or ``tensors`` (landscapes, n_1, ..., n_r) alone."""

ASYMMETRY = 1e-10
"""Relative to the largest entry: rounding passes, a tensor that nobody symmetrised doesn't."""
ALLOWED = f"degree_p or packed_p with p from 1 to {MAX_DEGREE}, or tensor, or tensors"
LEAST_SHARE = 1e-6
"""Of a degree that the first landscape has not, in plans."""
LARGEST = 1e250
"""What the largest entry of a landscape may be, and its inverse the least: energies are doubles then, and no
digits are lost below the smallest normal ones."""
_NAME = re.compile(rf"(degree|packed)_([1-{MAX_DEGREE}])", re.ASCII)


def pack(arrays: Mapping[str, np.ndarray], n: int) -> Packed:
    """Check arrays of couplings and bring them into packed form, landscapes first.

    Args:
        n: the size that the study gives: of the sphere, or what the sizes of all spheres are multiples of.

    Raises:
        ValueError: a name, shape or kind of array that isn't one of those above, entries that are not finite,
            a tensor that isn't symmetric (with the largest asymmetry), landscapes without couplings.
    """
    if not arrays:
        raise ValueError(f"no arrays, allowed: {ALLOWED}")
    for name, array in arrays.items():
        if name not in ("tensor", "tensors") and not _NAME.fullmatch(name):
            raise ValueError(f"array {name[:40]!r}, allowed: {ALLOWED}")
        if array.dtype.kind not in "fiu":
            raise ValueError(f"{name}: got numbers of type {array.dtype}, allowed: real ones")
    forms = arrays.keys() & {"tensor", "tensors"}
    if forms and len(arrays) > 1:
        raise ValueError(f"got {', '.join(sorted(arrays))} together, allowed: {ALLOWED}")
    if forms:
        name = forms.pop()
        return {"tensors": _multilinear(name, _doubles(name, arrays[name]), n)}
    named = _degrees(arrays, n)
    counts = {len(array) for array in named.values()}
    if len(counts) > 1:
        shown = ", ".join(f"{name}: {len(array)}" for name, array in named.items())
        raise ValueError(f"numbers of landscapes differ ({shown}), allowed: one for all degrees")
    if all(_degree(name) == 1 for name in named):
        raise ValueError("got degree 1 alone, allowed: at least one degree from 2 on")
    _check_sizes(named)
    return {f"packed_{_degree(name)}": array for name, array in named.items()}


def _degree(name: str) -> int:
    return int(name[-1])


def _doubles(name: str, array: np.ndarray) -> Float[np.ndarray, "..."]:
    found = np.ascontiguousarray(array, dtype="<f8")
    bad = found.size - int(np.isfinite(found).sum())
    if bad:
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(found))[0])
        raise ValueError(
            f"{name}: {bad} entries are not finite, the first at {list(where)}, allowed: numbers"
        )
    return found


def _multilinear(name: str, array: Float[np.ndarray, "..."], n: int) -> Float[np.ndarray, "..."]:
    held = array if name == "tensors" else array[None]
    sizes = held.shape[1:]
    if not 2 <= len(sizes) <= MOST_FACTORS or any(k % n or not 2 <= k <= LARGEST_RATIO * n for k in sizes):
        raise ValueError(
            f"{name}: got sizes {_shape(sizes)}, allowed: 2 to {MOST_FACTORS} spheres whose sizes are "
            f"at least 2 and multiples of the study's n = {n}; with n = 1 they may be any"
        )
    _check_sizes({name: held})
    return held


def _degrees(arrays: Mapping[str, np.ndarray], n: int) -> Packed:
    """Packed entries under the names that the user gave them."""
    if n < 2:
        raise ValueError(
            f"n: got {n} with {', '.join(sorted(arrays))}, allowed: the size of the sphere, from 2"
        )
    named: Packed = {}
    for name in sorted(arrays, key=lambda name: (_degree(name), name)):
        degree = _degree(name)
        if f"degree_{degree}" in named:
            raise ValueError(f"got degree_{degree} and packed_{degree}, allowed: one of them")
        read = _full if name.startswith("degree") else _sorted_entries
        named[name] = read(name, _doubles(name, arrays[name]), n, degree)
    return named


def _sorted_entries(
    name: str, array: Float[np.ndarray, "..."], n: int, degree: int
) -> Float[np.ndarray, "landscapes packed"]:
    size = symmetric.packed_size(n, degree)
    if array.ndim not in (1, 2) or array.shape[-1] != size:
        raise ValueError(
            f"{name}: got shape {_shape(array.shape)}, allowed at n = {n}: ({size},) or (landscapes, {size})"
        )
    return array.reshape(-1, size)


def _full(
    name: str, array: Float[np.ndarray, "..."], n: int, degree: int
) -> Float[np.ndarray, "landscapes packed"]:
    shape = (n,) * degree
    if array.shape not in (shape, array.shape[:1] + shape):
        raise ValueError(
            f"{name}: got shape {_shape(array.shape)}, allowed at n = {n}: {_shape(shape)} or "
            f"{_shape(('landscapes', *shape))}"
        )
    held = array.reshape(-1, *shape)
    for axis in range(1, degree):
        # Swaps of neighbours generate all orders.
        _check_swap(name, held, axis)
    return held[:, *symmetric.multi_indices(n, degree).T]


def _check_swap(name: str, held: Float[np.ndarray, "..."], axis: int) -> None:
    difference = np.abs(held - np.swapaxes(held, axis, axis + 1))
    each = tuple(range(1, held.ndim))
    worst, largest = difference.max(axis=each), np.abs(held).max(axis=each)
    bad = np.flatnonzero(worst > ASYMMETRY * largest)
    if len(bad):
        k = int(bad[np.argmax(worst[bad] / largest[bad])])
        at = [int(i) for i in np.unravel_index(np.argmax(difference[k]), difference[k].shape)]
        at[axis - 1], at[axis], other = at[axis], at[axis - 1], list(at)
        raise ValueError(
            f"{name}: not symmetric: landscape {k} differs by {worst[k]:.3g} (its largest entry is "
            f"{largest[k]:.3g}) between {other} and {at}; give the mean over all orders of the indices, "
            f"which is the same H"
        )


def _check_sizes(arrays: Mapping[str, Float[np.ndarray, "..."]]) -> None:
    """Some couplings that bend H, and none beyond what doubles hold."""
    held = len(next(iter(arrays.values())))
    if not held:
        raise ValueError(f"{', '.join(arrays)}: no landscape, allowed: one or more")
    bent = [name for name in arrays if name[-2:] != "_1"]
    if not any(arrays[name].any() for name in bent):
        raise ValueError(f"{', '.join(bent)}: all entries are zero, allowed: some others")
    each = [np.abs(array).reshape(held, -1).max(axis=1) for array in arrays.values()]
    largest = np.max(each, axis=0)
    bad = np.flatnonzero((largest > LARGEST) | ((largest > 0) & (largest < 1 / LARGEST)))
    if len(bad):
        k = int(bad[0])
        raise ValueError(
            f"{', '.join(arrays)}: the largest entry of landscape {k} is {largest[k]:.3g} in size, "
            f"allowed: {1 / LARGEST:g} to {LARGEST:g}, or 0; multiply that landscape by a number"
        )


def _shape(shape: tuple) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def digest(packed: Packed) -> str:
    """SHA-256 of names, shapes and little-endian doubles: of the content, not of the file around it."""
    found = hashlib.sha256()
    for name in sorted(packed):
        array = np.ascontiguousarray(packed[name], dtype="<f8")
        found.update(f"{name}:{array.shape}:".encode() + array.tobytes())
    return found.hexdigest()


def rows(packed: Packed, first: int, end: int) -> Packed:
    """Some landscapes."""
    return {name: array[first:end] for name, array in packed.items()}


def describe(packed: Packed) -> dict[str, Any]:
    """The parameters of a cell with this content: ``sha256``, ``held`` (landscapes), and the sizes of its
    spheres, or the covariance that it is like.

    ``xi_like`` has the degrees of H, with the weights that Gaussian couplings with the first landscape's mean
    squares would have, of sum 1; to three digits, for plans alone. No theory is meant, and no tolerance comes
    from it.
    """
    known = {"sha256": digest(packed), "held": len(next(iter(packed.values())))}
    if "tensors" in packed:
        return known | {"sizes": ",".join(map(str, packed["tensors"].shape[1:]))}
    held = {_degree(name): array for name, array in packed.items() if array.any()}
    largest = max((float(np.abs(array[0]).max()) for array in held.values()), default=0.0) or 1.0
    values = [0.0] * (MAX_DEGREE + 1)
    for degree, array in held.items():
        size = _size_of(array.shape[1], degree)
        mean = float(np.square(array[0] / largest) @ symmetric.multiplicities(size, degree)) / array.shape[1]
        values[degree] = mean * size ** (degree - 1)
    total = sum(values) or 1.0
    shares = [max(value / total, LEAST_SHARE) if d in held else 0.0 for d, value in enumerate(values)]
    return known | {"xi_like": str(Covariance(tuple(float(f"{share:.3g}") for share in shares)))}


def _size_of(entries: int, degree: int) -> int:
    """The n with C(n+degree-1, degree) entries."""
    return next(n for n in itertools.count(1) if symmetric.packed_size(n, degree) >= entries)
