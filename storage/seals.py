"""JSON records that carry their own digest, so that a torn or edited one is never taken for a fact."""

import hashlib
import json
from typing import Any

from storage.errors import StoreError
from storage.files import Files


def canonical(value: Any) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def seal(record: dict[str, Any]) -> bytes:
    """Return a readable JSON text of a record with its digest under ``seal``."""
    return json.dumps({**record, "seal": digest(record)}, indent=1, allow_nan=False).encode() + b"\n"


def unseal(data: bytes) -> dict[str, Any]:
    """Return the record of a sealed text; raises ValueError if it is torn, edited or not a record."""
    record = json.loads(data)
    if not isinstance(record, dict) or "seal" not in record:
        raise ValueError("not a sealed record")
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
