import google_crc32c
import numpy as np
import pytest
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from storage.chunks import ZSTD_LEVEL, checksum, decode, encode


@pytest.mark.parametrize("dtype", ["<f8", "<i8", "<i2", "<u2", "|i1"])
def test_bytes_are_those_that_zarr_writes(tmp_path, dtype):
    values = (np.random.default_rng(0).normal(size=(1, 16, 3)) * 50).astype(dtype)
    array = zarr.create_array(
        tmp_path / "a.zarr",
        shape=values.shape,
        chunks=values.shape,
        dtype=dtype,
        filters=None,
        compressors=[ZstdCodec(level=ZSTD_LEVEL, checksum=False), Crc32cCodec()],
        chunk_key_encoding={"name": "default", "separator": "."},
        config={"write_empty_chunks": True},
    )
    array[:] = values
    assert (tmp_path / "a.zarr" / "c.0.0.0").read_bytes() == encode(values, np.dtype(dtype))


def test_every_flipped_bit_is_noticed():
    data = encode(np.arange(20.0), np.dtype("<f8"))
    for position in range(8 * len(data)):
        bad = bytearray(data)
        bad[position // 8] ^= 1 << position % 8
        with pytest.raises(ValueError, match="crc32c"):
            decode(bytes(bad), np.dtype("<f8"), (20,))


@pytest.mark.parametrize("cut", [0, 3, 4, 10])
def test_a_truncated_chunk_is_noticed(cut):
    with pytest.raises(ValueError, match="crc32c"):
        decode(encode(np.arange(20.0), np.dtype("<f8"))[:cut], np.dtype("<f8"), (20,))


def test_the_checksum_tells_intact_chunks_apart():
    one, other = (encode(np.full(8, value), np.dtype("<f8")) for value in (1.0, 2.0))
    assert google_crc32c.value(one) == google_crc32c.value(other), "why markers don't use crc32c"
    assert checksum(one) != checksum(other)
