"""What numbers are called: arrays of doubles, and values that are ready for JSON."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
