"""Bytes under a root: a local directory, with fsync and atomic rename, or any fsspec URL, with whole-object
PUTs.

Zarr's own local store never calls fsync, so everything that a marker vouches for is written through here.
"""

import contextlib
import errno
import os
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit

import fsspec
from fsspec.core import url_to_fs

from morsecensus.storage.errors import RemoteError, StoreError

PARTIAL = ".partial"
"""Ending of a file that was being written; a kill may leave it behind, and nothing ever reads it."""
WRITERS = 8
"""Threads that wait for the disk: 41 small files took 28 ms one by one and take 15 ms together (measured)."""
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


class LocalFiles:
    """A local directory."""

    readers = 1

    def __init__(self, root: Path):
        self.root = root
        self.url = str(root)
        self._real = root.resolve()

    def path(self, key: str) -> Path:
        """Return where an object lies; raises StoreError if a name or a link leads out of the root."""
        path = self.root / key
        if not path.resolve().is_relative_to(self._real):
            raise StoreError(f"{self.url}: {key} leads out of the store: remove that link or entry")
        return path

    def read(self, key: str) -> bytes:
        return self.path(key).read_bytes()

    def write(self, objects: Mapping[str, bytes]) -> None:
        directories: dict[Path, None] = {}
        for key in objects:
            path = self.path(key)
            for made in _make_directory(path.parent):
                directories[made.parent] = None
            directories[path.parent] = None
        # Waiting in threads lets the disk sync many files at once; nothing here depends on their order.
        with ThreadPoolExecutor(min(WRITERS, len(objects) or 1)) as pool:
            list(pool.map(self._replace, objects.keys(), objects.values()))
            list(pool.map(_sync, directories))

    def make(self, folder: Path) -> None:
        """Make a folder, to stay: those above it know of it on the disk."""
        for made in _make_directory(folder):
            _sync(made.parent)

    def _replace(self, key: str, data: bytes) -> None:
        path = self.root / key
        temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}{PARTIAL}")
        try:
            _write_synced(temporary, data)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise

    def create(self, key: str, data: bytes) -> bool:
        path = self.path(key)
        made = _make_directory(path.parent)
        temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}{PARTIAL}")
        try:
            _write_synced(temporary, data)
            # link, unlike rename, fails if the name is taken
            os.link(temporary, path)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        for folder in {path.parent, *(folder.parent for folder in made)}:
            _sync(folder)
        return True

    def size(self, key: str) -> int | None:
        try:
            return self.path(key).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, prefix: str) -> list[str]:
        try:
            return sorted(path.name for path in self.path(prefix).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def stamps(self, prefix: str) -> dict[str, str]:
        found = {}
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(self.path(prefix)) as inside,
        ):
            for entry in inside:
                # one that goes while others are looked at ends no listing: partial files are renamed
                with contextlib.suppress(FileNotFoundError):
                    known = entry.stat()
                    found[entry.name] = f"{known.st_size}-{known.st_mtime_ns}"
        return found

    def walk(self, prefix: str = "") -> Iterator[str]:
        found = []
        for folder, _, names in os.walk(self.path(prefix)):
            base = Path(folder).relative_to(self.root)
            found.extend((base / name).as_posix() for name in names)
        yield from sorted(found)

    def sizes(self, prefix: str = "") -> dict[str, int]:
        # plain names: a Path for each object takes twice as long as the system does; a folder that can't be
        # listed raises, for it must not pass for an empty one
        start = self.path(prefix)
        above = start.relative_to(self.root).as_posix()
        found, folders = {}, [(str(start), "" if above == "." else f"{above}/")]
        while folders:
            folder, above = folders.pop()
            with (
                contextlib.suppress(FileNotFoundError, NotADirectoryError),
                os.scandir(folder) as inside,
            ):
                for entry in inside:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, f"{above}{entry.name}/"))
                    elif not entry.is_dir():
                        with contextlib.suppress(FileNotFoundError):  # a link to nothing
                            found[f"{above}{entry.name}"] = entry.stat().st_size
        return found

    def remove(self, key: str) -> None:
        path = self.path(key)
        if path.is_dir():
            for inner in list(self.walk(key)):
                (self.root / inner).unlink(missing_ok=True)
            for folder, _, _ in os.walk(path, topdown=False):
                _remove_folder(Path(folder))
        else:
            path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _sync(path.parent)

    def zarr(self, key: str) -> Any:
        from zarr.storage import LocalStore

        return LocalStore(self.path(key))

    def errors(self, what: str) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


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


def _stamp(entry: Mapping[str, Any]) -> str:
    version = next((entry[name] for name in ("ETag", "etag", "LastModified", "mtime") if entry.get(name)), "")
    return f"{entry.get('size')}-{version}" if version else ""


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


def _remove_folder(folder: Path) -> None:
    """Remove an empty folder, unless somebody else does, or puts something into it."""
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTEMPTY):
            raise


def _make_directory(path: Path) -> list[Path]:
    """Create a directory with its parents; return those that had to be made, so that they can be fsynced."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        if path == path.parent:
            break
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(parents=True, exist_ok=True)
    return missing


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
