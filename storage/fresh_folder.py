"""A folder of output that is written anew, beside the old one, and takes its place only when it is whole.

A manifest in the folder lists what was written. What it lists may be replaced or removed by the next writing;
anything else is somebody's, and stays: if its name is needed, the writing is refused.
"""

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from morsecensus.storage.errors import StoreError
from morsecensus.storage.local_files import PARTIAL

MANIFEST = ".morsecensus-files.json"


@contextmanager
def fresh_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder to write into; when the block ends well, its files replace those of ``out``.

    If the block raises, ``out`` is as it was. A new ``out`` appears by one renaming. An old one stays the
    same folder (a shell or a server may be in it, it may be a mount, and hold files of others): its files
    are exchanged one by one, each by a renaming, within milliseconds.

    Raises:
        StoreError: ``out`` holds a file that must be replaced, and that no earlier writing lists.
        OSError: something can't be written.
    """
    out = out.resolve()
    existed = out.exists()
    out.parent.mkdir(parents=True, exist_ok=True)
    place = out if existed else out.parent  # a parent need not be ours to write in
    new = place / f".{out.name}.{uuid.uuid4().hex}{PARTIAL}"
    new.mkdir()
    try:
        yield new
        written = _files(new)
        (new / MANIFEST).write_text(json.dumps(sorted(written), indent=1) + "\n")
        _refuse_foreign(out, written)
        if existed:
            _replace(out, new, written)
        else:
            new.rename(out)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _listed(out: Path) -> set[str]:
    """What an earlier writing put there; nothing if there is no manifest, or no sound one."""
    try:
        names = json.loads((out / MANIFEST).read_text())
    except (OSError, ValueError):
        return set()
    sound = isinstance(names, list) and all(isinstance(name, str) for name in names)
    # a manifest may come from anywhere: nothing outside the folder is ever touched
    inside = (name for name in names if not Path(name).is_absolute() and ".." not in Path(name).parts)
    return set(inside) if sound else set()


def _refuse_foreign(out: Path, written: set[str]) -> None:
    ours = _listed(out)
    for name in sorted(written - ours):
        path = out / name
        if path.exists() or path.is_symlink():
            raise StoreError(
                f"{out}: holds {name}, which no earlier run of this command wrote: remove it, or choose "
                "another folder"
            )


def _replace(out: Path, new: Path, written: set[str]) -> None:
    """Put the files where they belong, each by one renaming, the manifest of both before and of the new alone
    after: a kill in between leaves nothing that the next writing wouldn't know as ours.
    """
    stale = _listed(out) - written
    both = new / f"{MANIFEST}.both"
    both.write_text(json.dumps(sorted(written | stale), indent=1) + "\n")
    both.replace(out / MANIFEST)
    for name in sorted(stale):
        (out / name).unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or not there
            (out / name).parent.rmdir()
    for name in sorted(written):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).replace(out / name)
    (new / MANIFEST).replace(out / MANIFEST)
