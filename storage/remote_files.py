"""Bytes under an fsspec URL: one PUT for a whole object."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import fsspec

from morsecensus.storage.errors import RemoteError, StoreError

EXISTS, CONFLICT = 412, 409
"""What servers of S3 answer to a conditional PUT: the object is there, which some say without naming the
condition; another one is writing it just now, so this one is to be tried again."""
CONFLICT_PAUSES = (0.1, 0.3, 1.0, 3.0)
"""Seconds before each further try of a PUT that met another."""


class RemoteFiles:
    """A prefix of an fsspec file system; one PUT per object, assumed atomic and strongly consistent."""

    readers = 16

    def __init__(self, fs: fsspec.AbstractFileSystem, root: str, url: str):
        self.fs, self.root, self.url = fs, root.rstrip("/"), url

    def _path(self, key: str) -> str:
        return str(PurePosixPath(self.root) / key) if key else self.root

    def read(self, key: str) -> bytes:
        with self.errors(key):
            data = self.fs.cat_file(self._path(key))
        return data if isinstance(data, bytes) else bytes(data, "latin-1")

    def write(self, objects: Mapping[str, bytes]) -> None:
        if not objects:
            return
        with self.errors(next(iter(objects))):
            # together, where the file system can: each of 51 objects would wait for its own round trip
            self.fs.pipe({self._path(key): data for key, data in objects.items()})

    def create(self, key: str, data: bytes) -> bool:
        for pause in (*CONFLICT_PAUSES, None):
            try:
                return self._create(key, data)
            except RemoteError as error:
                if _status(error) == EXISTS:
                    return False
                if _status(error) != CONFLICT or pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError

    def _create(self, key: str, data: bytes) -> bool:
        try:
            with self.errors(key):
                self.fs.pipe_file(self._path(key), data, mode="create")
        except FileExistsError:
            return False
        except (NotImplementedError, TypeError) as error:
            raise StoreError(
                f"{self.url}: {type(self.fs).__name__} cannot create an object only if there is none, so two "
                "drivers could not tell who comes first: use a folder that is mounted, or s3://"
            ) from error
        return True

    def size(self, key: str) -> int | None:
        try:
            with self.errors(key):
                return int(self.fs.info(self._path(key))["size"])
        except FileNotFoundError:
            return None

    def names(self, prefix: str) -> list[str]:
        folder = self._path(prefix)
        try:
            with self.errors(prefix):
                found = self.fs.ls(folder, detail=False, refresh=True)
        except FileNotFoundError:
            return []
        # a console's "create folder" leaves an object named like the folder itself
        return sorted(PurePosixPath(path).name for path in found if path.rstrip("/") != folder)

    def stamps(self, prefix: str) -> dict[str, str]:
        try:
            with self.errors(prefix):
                found = self.fs.ls(self._path(prefix), detail=True, refresh=True)
        except FileNotFoundError:
            return {}
        return {PurePosixPath(entry["name"]).name: _stamp(entry) for entry in found}

    def walk(self, prefix: str = "") -> Iterator[str]:
        cut = len(self.root) + 1
        with self.errors(prefix):
            found = sorted(str(p) for p in self.fs.find(self._path(prefix)))
        for path in found:
            if path[cut:]:
                yield path[cut:]

    def sizes(self, prefix: str = "") -> dict[str, int]:
        cut = len(self.root) + 1
        try:
            with self.errors(prefix):
                found = self.fs.find(self._path(prefix), detail=True)
        except FileNotFoundError:
            return {}
        known = {str(path)[cut:]: entry.get("size") for path, entry in dict(found).items()}
        # some file systems list names alone
        return {
            key: (self.size(key) or 0) if size is None else int(size) for key, size in known.items() if key
        }

    def remove(self, key: str) -> None:
        path = self._path(key)
        with self.errors(key), contextlib.suppress(FileNotFoundError):
            self.fs.rm(path, recursive=True)
            # s3fs deletes in bulk and passes over what the server refuses
            if self.fs.exists(path):
                raise PermissionError("it is still there after it was deleted")

    def zarr(self, key: str) -> Any:
        from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper
        from zarr.storage import FsspecStore

        # Through this client: zarr's own, for another event loop, would never be closed.
        return FsspecStore(AsyncFileSystemWrapper(self.fs, asynchronous=True), path=self._path(key))

    @contextlib.contextmanager
    def errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except (StoreError, RemoteError, FileNotFoundError, FileExistsError):
            raise
        except Exception as error:
            # Clients have exceptions of their own; what Python itself raises is, OSError apart, our bug.
            if type(error).__module__ == "builtins" and not isinstance(error, OSError):
                raise
            reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            raise RemoteError(
                f"{self.url}: {what or 'the store'}: {reason}: check the URL, the network, and the "
                "credentials in the environment"
            ) from error


def _status(error: BaseException) -> int | None:
    """The status of the server's answer that an error came from, down its causes; None if it had none."""
    cause: BaseException | None = error
    while cause is not None:
        answer = getattr(cause, "response", None)
        metadata = answer.get("ResponseMetadata", {}) if isinstance(answer, Mapping) else {}
        if isinstance(metadata.get("HTTPStatusCode"), int):
            return metadata["HTTPStatusCode"]
        cause = cause.__cause__
    return None


def _stamp(entry: Mapping[str, Any]) -> str:
    version = next((entry[name] for name in ("ETag", "etag", "LastModified", "mtime") if entry.get(name)), "")
    return f"{entry.get('size')}-{version}" if version else ""
