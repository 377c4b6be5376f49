"""Vectors of numbers as values inside compiled functions, and their arithmetic.

A loop over lanes that the compiler should vectorise by itself needs alias checks that cost more than the
loop. Here a group of lanes is a value of its own type, `<8 x double>` say in LLVM, that lives in registers:
one AVX-512 register, or two of AVX2, or four of NEON, chosen by LLVM. Every operation acts on each lane
alone and the fused multiply-add rounds once everywhere, so a lane's result doesn't depend on its
neighbours, nor on how many there are.

What this file exports by itself has eight lanes; `vectors` makes the same operations for another number, as
`simd_wide` does.
"""

import operator
from typing import Any

import numpy as np
from jaxtyping import Float
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from morsecensus.tasks.runtime import simd_types
from morsecensus.tasks.runtime.simd_types import Lanes, constant, converted, kind_of, vectors

LANES = 8
load, store, spread, like = vectors(LANES)


def aligned(vectors: int) -> Float[np.ndarray, " doubles"]:
    """A zeroed array of this many vectors of doubles."""
    return simd_types.aligned(vectors, LANES)


def _widen(typingctx: Any, value: Any) -> Any:
    """Numbers of any precision as doubles."""
    kind = kind_of(types.float64, value.lanes)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return converted(builder, args[0], value, kind)

    return kind(value), codegen


def _fused(negate: bool) -> Any:
    def fused(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            first = builder.fneg(args[0]) if negate else args[0]
            kind = ir.FunctionType(a.vector, [a.vector] * 3)
            function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.{a.suffix}")
            return builder.call(function, [first, args[1], args[2]])

        return a(a, a, a), codegen

    return fused


def _root(typingctx: Any, a: Any) -> Any:
    """The square root."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(a.vector, [a.vector])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.{a.suffix}")
        return builder.call(function, args)

    return a(a), codegen


def _binary(operation: str) -> Any:
    def binary(typingctx: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, operation)(*args)

        return a(a, a), codegen

    return binary


def _less(typingctx: Any, a: Any, b: Any) -> Any:
    """Where a < b: one and zero elsewhere."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        below = builder.fcmp_ordered("<", *args)
        return builder.select(below, constant(a, 1.0), constant(a, 0.0))

    return a(a, a), codegen


def _choose(typingctx: Any, where: Any, yes: Any, no: Any) -> Any:
    """``yes`` where ``where`` isn't zero, else ``no``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        there = builder.fcmp_unordered("!=", args[0], constant(where, 0.0))
        return builder.select(there, args[1], args[2])

    return yes(where, yes, yes), codegen


def _anywhere(typingctx: Any, where: Any) -> Any:
    """Whether any lane isn't zero."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        there = builder.fcmp_unordered("!=", args[0], constant(where, 0.0))
        bits = builder.bitcast(there, ir.IntType(where.lanes))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(where), codegen


multiply_add: Any = intrinsic(_fused(False))
"""``a * b + c``, rounded once."""
subtract_product: Any = intrinsic(_fused(True))
"""``c - a * b``, rounded once."""
root: Any = intrinsic(_root)
widen: Any = intrinsic(_widen)
less: Any = intrinsic(_less)
choose: Any = intrinsic(_choose)
anywhere: Any = intrinsic(_anywhere)
_add: Any = intrinsic(_binary("fadd"))
_subtract: Any = intrinsic(_binary("fsub"))
_multiply: Any = intrinsic(_binary("fmul"))
_divide: Any = intrinsic(_binary("fdiv"))


@overload(operator.add, inline="always")
def _overload_add(a, b):
    if isinstance(a, Lanes) and isinstance(b, Lanes):
        return lambda a, b: _add(a, b)


@overload(operator.sub, inline="always")
def _overload_subtract(a, b):
    if isinstance(a, Lanes) and isinstance(b, Lanes):
        return lambda a, b: _subtract(a, b)


@overload(operator.mul, inline="always")
def _overload_multiply(a, b):
    if isinstance(a, Lanes) and isinstance(b, Lanes):
        return lambda a, b: _multiply(a, b)


@overload(operator.truediv, inline="always")
def _overload_divide(a, b):
    if isinstance(a, Lanes) and isinstance(b, Lanes):
        return lambda a, b: _divide(a, b)
