"""What the compiled tracker takes of a multilinear system."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class PackedForms(NamedTuple):
    """Two multilinear forms, H_0 to start from and the target H, as `tables.Contraction` of gradient and
    Hessian.

    ``weight`` is the complex number c that multiplies H_0; ``degree`` is the number r of factors and n the
    sum of their sizes.
    """

    start_hessian: Float[np.ndarray, " hessian_entries"]
    hessian: Float[np.ndarray, " hessian_entries"]
    hessian_shapes: Int[np.ndarray, "blocks five"]
    places: Int[np.ndarray, " block_entries"]
    rolled_places: Int[np.ndarray, " block_entries"]
    start_gradient: Float[np.ndarray, " gradient_entries"]
    gradient: Float[np.ndarray, " gradient_entries"]
    gradient_shapes: Int[np.ndarray, "factors five"]
    recurrence: Int[np.ndarray, "products two"]
    weight: complex
    n: int
    degree: int
