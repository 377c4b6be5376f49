"""Eight doubles as one value inside compiled functions: the only file that imports numba.

A loop over eight lanes that the compiler should vectorise by itself needs alias checks that cost more than
the loop. Here a group of lanes is a value of its own type, `<8 x double>` in LLVM, that lives in registers:
one AVX-512 register, or two of AVX2, or four of NEON, chosen by LLVM. Every operation acts on each lane
alone and the fused multiply-add rounds once everywhere, so a lane's result doesn't depend on its
neighbours.
"""

import hashlib
import operator
import os
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
from jaxtyping import Float
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils, config
from numba.extending import intrinsic, models, overload, register_model

from morsecensus.tasks.runtime.compile_lock import one_at_a_time

LANES = 8
_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Lanes")


LANES_TYPE = _Lanes()


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, _DOUBLES)


_TASKS = Path(__file__).parents[1]


@cache
def _cache_folder(folder: Path) -> str:
    """Where machine code of a folder's functions is kept: named by its sources and by those of this file.

    numba looks only at the file of the function that it compiles, so a change in another file, whose
    functions were inlined into it, would go unnoticed.
    """
    paths = [Path(__file__), *sorted(folder.rglob("*.py"))]
    sources = hashlib.sha256(b"".join(path.read_bytes() for path in paths))
    base = folder / "__pycache__"
    writable = os.access(base if base.exists() else folder, os.W_OK)
    return str((base if writable else Path(gettempdir())) / f"numba-{sources.hexdigest()[:16]}")


def _folder(function: Any) -> Path:
    """The part of the room that a function stands in: a finder is one."""
    parts = Path(function.__code__.co_filename).resolve().relative_to(_TASKS.resolve()).parts[:-1]
    return _TASKS.joinpath(*parts[:2])


_SETTINGS: Any = config  # numba defines its settings at run time


def _jit(function: Any, **options: Any) -> Any:
    before = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = _cache_folder(_folder(function))
    try:
        made = njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    finally:
        _SETTINGS.CACHE_DIR = before
    made.compile = one_at_a_time(made.compile, _cache_folder(_folder(function)))
    return made


def compiled(function: Any) -> Any:
    """Compile without the interpreter lock, and keep the machine code on disk."""
    return _jit(function)


def inlined(function: Any) -> Any:
    """Compile into the caller: vectors stay in registers."""
    return _jit(function, forceinline=True)


def _vector_pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    first = builder.mul(index, ir.Constant(index.type, LANES))
    return builder.bitcast(builder.gep(data, [first]), _DOUBLES.as_pointer())


def _load(typingctx: Any, array: Any, index: Any) -> Any:
    """The vector with this index of a contiguous float64 array."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _vector_pointer(context, builder, signature.args[0], *args)
        return builder.load(pointer, align=64)

    return LANES_TYPE(array, types.intp), codegen


def _store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Write a vector."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _vector_pointer(context, builder, signature.args[0], args[0], args[1])
        builder.store(args[2], pointer, align=64)
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES_TYPE), codegen


def _spread(typingctx: Any, value: Any) -> Any:
    """One number in all lanes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        zero = ir.Constant(ir.IntType(32), 0)
        single = builder.insert_element(ir.Constant(_DOUBLES, ir.Undefined), args[0], zero)
        mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(single, ir.Constant(_DOUBLES, ir.Undefined), mask)

    return LANES_TYPE(types.float64), codegen


load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
spread: Any = intrinsic(_spread)


def _fused(negate: bool) -> Any:
    def fused(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            first = builder.fneg(args[0]) if negate else args[0]
            kind = ir.FunctionType(_DOUBLES, [_DOUBLES] * 3)
            function = cgutils.get_or_insert_function(builder.module, kind, "llvm.fma.v8f64")
            return builder.call(function, [first, args[1], args[2]])

        return LANES_TYPE(LANES_TYPE, LANES_TYPE, LANES_TYPE), codegen

    return fused


def _binary(operation: str) -> Any:
    def binary(typingctx: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, operation)(*args)

        return LANES_TYPE(LANES_TYPE, LANES_TYPE), codegen

    return binary


multiply_add: Any = intrinsic(_fused(False))
"""``a * b + c``, rounded once."""
subtract_product: Any = intrinsic(_fused(True))
"""``c - a * b``, rounded once."""
_add: Any = intrinsic(_binary("fadd"))
_subtract: Any = intrinsic(_binary("fsub"))
_multiply: Any = intrinsic(_binary("fmul"))
_divide: Any = intrinsic(_binary("fdiv"))


@overload(operator.add, inline="always")
def _overload_add(a, b):
    if isinstance(a, _Lanes) and isinstance(b, _Lanes):
        return lambda a, b: _add(a, b)


@overload(operator.sub, inline="always")
def _overload_subtract(a, b):
    if isinstance(a, _Lanes) and isinstance(b, _Lanes):
        return lambda a, b: _subtract(a, b)


@overload(operator.mul, inline="always")
def _overload_multiply(a, b):
    if isinstance(a, _Lanes) and isinstance(b, _Lanes):
        return lambda a, b: _multiply(a, b)


@overload(operator.truediv, inline="always")
def _overload_divide(a, b):
    if isinstance(a, _Lanes) and isinstance(b, _Lanes):
        return lambda a, b: _divide(a, b)


def aligned(vectors: int) -> Float[np.ndarray, " doubles"]:
    """A zeroed array of this many vectors, on a boundary that `load` and `store` rely on."""
    raw = np.zeros(vectors * LANES + LANES)
    offset = (-raw.ctypes.data % 64) // 8
    return raw[offset : offset + vectors * LANES]
