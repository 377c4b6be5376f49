"""Every random number of the project starts here: labels in, a counter-based generator out.

A key never depends on a block, a worker, a batch size, the time or the host, so that any process can draw
the numbers of any landscape again. Philox is NumPy's portable counter-based generator (Salmon et al., SC
2011): the same key gives the same bits on every machine.
"""

import hashlib
import operator
from typing import Any

import numpy as np


def generator(*labels: str | int) -> np.random.Generator:
    """A generator keyed by the SHA-256 of the labels, e.g. ``generator(seed, "pspin", n, landscape,
    "couplings", 3)``.

    Labels are joined with their types, so that ``1`` and ``"1"`` give independent streams. Integers of NumPy
    are integers; TypeError for what is neither an integer nor text, 1.0 and True among it.
    """
    text = "/".join(map(_typed, labels))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest[:16], dtype="<u8")))


def _typed(label: str | int) -> str:
    return f"str:{label}" if isinstance(label, str) else f"int:{integer(label)}"


def integer(value: Any) -> int:
    """An integer of any kind as Python's; TypeError for what is none, True and 1.0 among it."""
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"got {value}, allowed: integers")
    return operator.index(value)
