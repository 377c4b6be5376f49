"""Every random number of the project starts here: labels in, a counter-based generator out.

A key never depends on a block, a worker, a batch size, the time or the host, so that any process can draw
the numbers of any landscape again. Philox is NumPy's portable counter-based generator (Salmon et al., SC
2011): the same key gives the same bits on every machine.
"""

import hashlib

import numpy as np


def generator(*labels: str | int) -> np.random.Generator:
    """A generator keyed by the SHA-256 of the labels, e.g. ``generator(seed, "pspin", n, landscape,
    "couplings", 3)``.

    Labels are joined with their types, so that ``1`` and ``"1"`` give independent streams.
    """
    text = "/".join(f"{type(label).__name__}:{label}" for label in labels)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest[:16], dtype="<u8")))
