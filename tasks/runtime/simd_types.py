"""Lanes as types of compiled code, and what reads and writes them."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

ALIGNED = 64
"""Bytes: a cache line."""


class Lanes(types.Type):
    """One number a lane, all of one precision."""

    def __init__(self, number: Any, element: Any, lanes: int) -> None:
        super().__init__(name=f"Lanes({number}, {lanes})")
        self.number, self.lanes = number, lanes
        self.vector = ir.VectorType(element, lanes)
        self.suffix = f"v{lanes}f{number.bitwidth}"


_ELEMENTS = {types.float64: ir.DoubleType(), types.float32: ir.FloatType()}


@cache
def kind_of(number: Any, lanes: int) -> Lanes:
    return Lanes(number, _ELEMENTS[number], lanes)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, fe_type.vector)


def constant(kind: Lanes, value: float) -> Any:
    return ir.Constant(kind.vector, [value] * kind.lanes)


def _splat(builder: Any, number: Any, kind: Lanes) -> Any:
    zero = ir.Constant(ir.IntType(32), 0)
    single = builder.insert_element(ir.Constant(kind.vector, ir.Undefined), number, zero)
    mask = ir.Constant(ir.VectorType(ir.IntType(32), kind.lanes), [0] * kind.lanes)
    return builder.shuffle_vector(single, ir.Constant(kind.vector, ir.Undefined), mask)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any, kind: Lanes) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    first = builder.mul(index, ir.Constant(index.type, kind.lanes))
    return builder.bitcast(builder.gep(data, [first]), kind.vector.as_pointer())


def _alignment(kind: Lanes) -> int:
    return min(ALIGNED, kind.lanes * kind.number.bitwidth // 8)


class Vectors(NamedTuple):
    """What has to be told how many lanes there are: the rest sees it of its arguments."""

    load: Any
    store: Any
    spread: Any
    like: Any


def vectors(lanes: int) -> Vectors:
    """The operations for so many lanes."""

    def load(typingctx: Any, array: Any, index: Any) -> Any:
        """The vector with this index of a contiguous array, of its precision."""
        kind = kind_of(array.dtype, lanes)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = _pointer(context, builder, signature.args[0], args[0], args[1], kind)
            return builder.load(pointer, align=_alignment(kind))

        return kind(array, types.intp), codegen

    def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
        """Write a vector, rounded or widened to the array's precision."""
        kind = kind_of(array.dtype, lanes)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = _pointer(context, builder, signature.args[0], args[0], args[1], kind)
            builder.store(converted(builder, args[2], value, kind), pointer, align=_alignment(kind))
            return context.get_dummy_value()

        return types.void(array, types.intp, value), codegen

    def spread(typingctx: Any, value: Any) -> Any:
        """One number in all lanes, of its own precision."""
        kind = kind_of(value if value in _ELEMENTS else types.float64, lanes)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _splat(builder, args[0], kind)

        return kind(kind.number), codegen

    def like(typingctx: Any, array: Any, value: Any) -> Any:
        """One number in all lanes, of an array's precision."""
        kind = kind_of(array.dtype, lanes)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _splat(builder, context.cast(builder, args[1], types.float64, kind.number), kind)

        return kind(array, types.float64), codegen

    return Vectors(intrinsic(load), intrinsic(store), intrinsic(spread), intrinsic(like))


def converted(builder: Any, value: Any, given: Lanes, wanted: Lanes) -> Any:
    if given.number == wanted.number:
        return value
    convert = builder.fptrunc if given.number == types.float64 else builder.fpext
    return convert(value, wanted.vector)


def aligned(vectors: int, lanes: int, dtype: type = np.float64) -> Float[np.ndarray, " numbers"]:
    """A zeroed array of this many vectors, on a boundary that `load` and `store` rely on."""
    size = np.dtype(dtype).itemsize
    raw = np.zeros(vectors * lanes + ALIGNED // size, dtype)
    offset = (-raw.ctypes.data % ALIGNED) // size
    return raw[offset : offset + vectors * lanes]
