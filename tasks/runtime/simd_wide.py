"""As many lanes as two registers hold, where they are AVX-512's: two independent chains of instructions for
each that is written hide half of its latency. Elsewhere eight, since registers would not do.

What happens in a lane doesn't depend on their number, so results don't depend on the machine's kind for it.
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from llvmlite import binding

from morsecensus.tasks.runtime import simd_types

LANES = 16 if binding.get_host_cpu_features().get("avx512f") else 8

load: Any
store: Any
spread: Any
like: Any
load, store, spread, like = simd_types.vectors(LANES)


def aligned(vectors: int, dtype: type = np.float64) -> Float[np.ndarray, " numbers"]:
    """A zeroed array of this many vectors."""
    return simd_types.aligned(vectors, LANES, dtype)
