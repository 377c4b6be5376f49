import google_crc32c
import numpy as np
import pytest
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from morsecensus.storage.chunks import ZSTD_LEVEL, checksum, decode, encode


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


@pytest.mark.parametrize("size", [1, 31, 32, 33, 300, 8191, 8192, 8200, 100_000])
@pytest.mark.parametrize("kind", ["same", "random"])
def test_chunks_of_all_sizes_come_back(size, kind):
    values = np.random.default_rng(size).normal(size=size) if kind == "random" else np.ones(size)
    np.testing.assert_array_equal(decode(encode(values, np.dtype("<f8")), np.dtype("<f8"), (size,)), values)


def _sealed(body):
    return body + google_crc32c.value(body).to_bytes(4, "little")


MAGIC = bytes.fromhex("28b52ffd")


REFUSED = r"does not hold 160 bytes|decompression error"


@pytest.mark.parametrize(
    "body",
    [
        b"not a frame at all",
        MAGIC,
        MAGIC + b"\xe0" + (2**50).to_bytes(8, "little") + b"\x01\x00\x00",
        MAGIC + b"\xe0" + (160).to_bytes(8, "little") + b"\x01\x00\x00",
        MAGIC + b"\x00\x58\x01\x00\x00",
        encode(np.arange(21.0), np.dtype("<f8"))[:-4],
        encode(np.arange(20.0), np.dtype("<f8"))[:-5],
    ],
    ids=["text", "nothing", "terabytes", "of no data", "of unknown size", "longer", "cut"],
)
def test_a_forged_chunk_is_refused_before_it_fills_the_memory(body):
    with pytest.raises(ValueError, match=REFUSED):
        decode(_sealed(body), np.dtype("<f8"), (20,))
