"""JSON records that carry their own digest, so that a torn or edited one is never taken for a fact."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files
from morsecensus.storage.local_files import PARTIAL


def canonical(value: Any) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def sealed(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its digest under ``seal``."""
    return {**record, "seal": digest(record)}


def seal(record: dict[str, Any]) -> bytes:
    """Return a readable JSON text of a record with its digest under ``seal``."""
    return json.dumps(sealed(record), indent=1, allow_nan=False).encode() + b"\n"


def unseal(data: bytes) -> dict[str, Any]:
    """Return the record of a sealed text; raises ValueError if it is torn, edited or not a record."""
    return unsealed(json.loads(data))


def unsealed(value: Any) -> dict[str, Any]:
    """Return the record of what was JSON of a sealed one; raises ValueError if it is not one."""
    if not isinstance(value, dict) or "seal" not in value:
        raise ValueError("not a sealed record")
    record = dict(value)
    claimed = record.pop("seal")
    if digest(record) != claimed:
        raise ValueError("its digest does not match its content")
    return record


def read_record(files: Files, key: str) -> dict[str, Any]:
    """Return a sealed record of a store; raises FileNotFoundError, or StoreError if it is damaged."""
    data = files.read(key)
    try:
        return unseal(data)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"{files.url}: {key} is damaged ({len(data)} bytes: {reason})") from error


_DIGEST = hashlib.sha256().digest_size


def with_digest(data: bytes) -> bytes:
    """Return bytes with their digest behind them, for what isn't JSON."""
    return data + hashlib.sha256(data).digest()


def is_whole(data: bytes) -> bool:
    """Say whether bytes end with the digest of what is before."""
    return len(data) >= _DIGEST and hashlib.sha256(data[:-_DIGEST]).digest() == data[-_DIGEST:]


def content(data: bytes) -> bytes:
    """Return what is before the digest."""
    return data[:-_DIGEST]


def pieces(files: Files, prefix: str) -> Iterator[tuple[str, bool]]:
    """Yield the key of each object under a prefix that should end with its digest, and whether it does. What
    is deleted meanwhile is left out, as partial files are."""
    for key in files.walk(prefix):
        if key.endswith(PARTIAL):
            continue
        with contextlib.suppress(FileNotFoundError):
            yield key, is_whole(files.read(key))
