"""Bytes under a root: what a store needs of them, and which files a path or URL stands for."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from fsspec.core import url_to_fs

from morsecensus.storage.errors import StoreError
from morsecensus.storage.local_files import LocalFiles
from morsecensus.storage.remote_files import RemoteFiles

REMOTE_OPTIONS = {"use_listings_cache": False}
"""fsspec remembers listings for good and answers from them: what another process wrote would stay unseen."""
S3_OPTIONS = {"max_concurrency": 1}
"""Read an object by one request: s3fs first asks for its size, so that it can read large ones in parts."""


class Files(Protocol):
    """The operations a store needs. Keys are relative, with forward slashes."""

    url: str
    readers: int
    """How many threads read at a time what is many: a remote store answers slowly, but to many."""

    def read(self, key: str) -> bytes:
        """Return the bytes of an object; raises FileNotFoundError."""
        ...

    def write(self, objects: Mapping[str, bytes]) -> None:
        """Write whole objects, each one atomically, and make all of them durable before returning."""
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Write an object durably unless it exists; say whether it was written."""
        ...

    def size(self, key: str) -> int | None:
        """Return the size of an object, None if there is none."""
        ...

    def names(self, prefix: str) -> list[str]:
        """Return the sorted names of what lies directly under a prefix."""
        ...

    def stamps(self, prefix: str) -> dict[str, str]:
        """Return, for each object directly under a prefix, what changes when it is written again; empty if
        the store tells nothing of the kind."""
        ...

    def walk(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys of all objects under a prefix, sorted."""
        ...

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Return the size of each object under a prefix by its key, from listings alone; empty if there is
        nothing.
        """
        ...

    def remove(self, key: str) -> None:
        """Remove an object, or all objects under a prefix: repair does, and a block that it is done with."""
        ...

    def zarr(self, key: str) -> Any:
        """Return what zarr opens as a store at a key."""
        ...

    def errors(self, what: str) -> contextlib.AbstractContextManager[None]:
        """Return a context in which all that a remote store raises becomes an OSError that names it."""
        ...


def open_files(url: str) -> Files:
    """Return the files under a path or URL, touching nothing; raises StoreError for an unusable URL."""
    if not url or any(ord(c) < 32 for c in url):
        raise StoreError(f"store: got {url!r}, allowed: a directory or an fsspec URL such as s3://bucket/run")
    if "://" not in url or url.startswith("file://"):
        return LocalFiles(Path(url.removeprefix("file://")).expanduser().absolute())
    _refuse_secrets(url)
    try:
        s3 = url.partition("://")[0] in ("s3", "s3a")
        fs, root = url_to_fs(url, **REMOTE_OPTIONS, **(S3_OPTIONS if s3 else {}))
    except (ValueError, ImportError) as error:
        raise StoreError(f"store: cannot open {url}: {' '.join(str(error).split())}") from error
    return RemoteFiles(fs, root, url)


def _refuse_secrets(url: str) -> None:
    """Raise StoreError if a URL holds a password: it would end up in jobs, records and messages."""
    try:
        secret = urlsplit(url).password
    except ValueError:
        secret = None  # no network location; fsspec says what is wrong with it
    if secret is not None:
        raise StoreError("store: the URL holds a password: give credentials through the environment only")
