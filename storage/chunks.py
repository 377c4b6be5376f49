"""One array chunk to bytes and back, exactly as zarr's own pipeline (bytes, zstd, crc32c) writes it.

Going round zarr's writer lets each object be fsynced and gives its checksum without reading it back. A test
holds the bytes against zarr's.
"""

import math
import zlib
from collections.abc import Sequence

import google_crc32c
import numpy as np
from numcodecs.zstd import Zstd

ZSTD_LEVEL = 3
_ZSTD = Zstd(level=ZSTD_LEVEL)
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


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
    wanted = dtype.itemsize * math.prod(shape)
    # before it is unpacked: a few bytes may claim to be terabytes
    if _content_size(body) != wanted:
        raise ValueError(f"it does not hold {wanted} bytes")
    try:
        return np.frombuffer(_ZSTD.decode(body), dtype=dtype).reshape(shape)
    except RuntimeError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _content_size(frame: bytes) -> int | None:
    """Return the size that a zstd frame claims to unpack to, None if it claims none (RFC 8878, 3.1.1.1)."""
    if len(frame) < 5 or frame[:4] != _ZSTD_MAGIC:
        return None
    descriptor = frame[4]
    single, kind = descriptor >> 5 & 1, descriptor >> 6
    width = (1 if single else 0, 2, 4, 8)[kind]
    start = 5 + (not single) + (0, 1, 2, 4)[descriptor & 3]
    field = frame[start : start + width]
    if not width or len(field) < width:
        return None
    return int.from_bytes(field, "little") + (256 if width == 2 else 0)


def checksum(data: bytes) -> str:
    """Return the CRC-32 of an object, as markers record it.

    Not crc32c: an object that ends with its own crc32c has the same crc32c whatever it holds, so a marker
    could not tell two intact chunks apart.
    """
    return f"{zlib.crc32(data):08x}"
