"""A store that is broken on purpose: the marker before what it names. The judge must notice."""

from collections.abc import Mapping

from morsecensus.storage.local_files import LocalFiles

_write = LocalFiles.write


def break_writes() -> None:
    """Make this process keep back the objects of a block until its marker is written."""
    held: dict[str, bytes] = {}

    def write(self: LocalFiles, objects: Mapping[str, bytes]) -> None:
        if all("stream.zarr" in key for key in objects):
            held.update(objects)
            return
        _write(self, objects)
        _write(self, held)
        held.clear()

    LocalFiles.write = write  # type: ignore[method-assign]
