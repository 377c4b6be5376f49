"""One array chunk to bytes and back, exactly as zarr's own pipeline (bytes, zstd, crc32c) writes it.

Going round zarr's writer lets each object be fsynced and gives its checksum without reading it back. A test
holds the bytes against zarr's.
"""

import zlib
from collections.abc import Sequence

import google_crc32c
import numpy as np
from numcodecs.zstd import Zstd

ZSTD_LEVEL = 3
_ZSTD = Zstd(level=ZSTD_LEVEL)


def encode(values: np.ndarray, dtype: np.dtype) -> bytes:
    """Return the bytes of a whole chunk."""
    packed = _ZSTD.encode(np.ascontiguousarray(values, dtype=dtype))
    data = bytes(packed)
    return data + google_crc32c.value(data).to_bytes(4, "little")


def decode(data: bytes, dtype: np.dtype, shape: Sequence[int]) -> np.ndarray:
    """Return the values of a whole chunk; raises ValueError if the bytes are not one."""
    body, stored = data[:-4], data[-4:]
    if len(data) < 5 or google_crc32c.value(body).to_bytes(4, "little") != stored:
        raise ValueError("its crc32c does not match its content")
    return np.frombuffer(_ZSTD.decode(body), dtype=dtype).reshape(shape)


def checksum(data: bytes) -> str:
    """Return the CRC-32 of an object, as markers record it.

    Not crc32c: an object that ends with its own crc32c has the same crc32c whatever it holds, so a marker
    could not tell two intact chunks apart.
    """
    return f"{zlib.crc32(data):08x}"
