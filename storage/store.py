"""Creating, opening and extending a run."""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from morsecensus.storage.chunks import ZSTD_LEVEL
from morsecensus.storage.errors import RemoteError, StoreError
from morsecensus.storage.files import Files, open_files
from morsecensus.storage.layout import RUN, CellLayout, Generation, Manifest, stream_key
from morsecensus.storage.lease import settle
from morsecensus.storage.markers import Committed, committed
from morsecensus.storage.rollup import Summaries, summarise
from morsecensus.storage.seals import canonical, read_record, seal
from morsecensus.storage.tables import Column, Table

if TYPE_CHECKING:
    import zarr


@dataclass(frozen=True)
class Run:
    """An open run: where it lies and what run.json says."""

    files: Files
    manifest: Manifest

    @property
    def url(self) -> str:
        """The path or URL it was opened with."""
        return self.files.url

    def committed(self, cell: CellLayout) -> Committed:
        """Return the committed blocks of a cell, read from the markers."""
        return committed(self.files, cell, self.manifest.generations)

    def summaries(self, cell: CellLayout) -> Summaries:
        """Return what is known of the committed blocks of a cell, reading only markers that are not rolled
        up.
        """
        return summarise(self.files, cell, self.manifest.generations)


def exists(url: str) -> bool:
    """Say whether a run lies there (even a damaged one)."""
    return open_files(url).size(RUN) is not None


def open_run(url: str) -> Run:
    """Open an existing run; raises StoreError if there is none, or if run.json is damaged or of another
    format, RemoteError if a remote store can't be asked.
    """
    files = open_files(url)
    try:
        record = read_record(files, RUN)
    except FileNotFoundError:
        raise StoreError(f"{url}: no run here (run.json is missing)") from None
    except RemoteError:
        raise
    except OSError as error:
        raise StoreError(f"{url}: cannot read run.json: {error.strerror or error}") from error
    try:
        return Run(files, Manifest.from_record(record))
    except (KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{url}: run.json is not of this format ({type(error).__name__}: {error})"
        ) from error


def write_manifest(files: Files, manifest: Manifest) -> Run:
    """Bring the stream's metadata up to a manifest and then write run.json: create, extend, add a generation.

    Only the driver calls this, holding the lease. run.json comes last, so a kill in between leaves either the
    old run or the new one; arrays that are longer than run.json says are harmless.
    """
    run = Run(files, manifest)
    mend_stream(run)
    files.write({RUN: seal(manifest.to_record())})
    return run


def create_manifest(files: Files, manifest: Manifest) -> Run:
    """Create a run together with others who do the same: metadata of the stream, the same bytes from each,
    then run.json, by whoever comes first. Return the run as it is now, which may be another one's.
    """
    mend_stream(Run(files, manifest))
    if files.create(RUN, seal(manifest.to_record())):
        settle(files)
    return open_run(files.url)


def mend_stream(run: Run) -> None:
    """Write metadata of the stream that are missing or differ."""
    for number, _ in enumerate(run.manifest.generations):
        _write_stream(run.files, run.manifest, number)


def add_generation(run: Run, generation: Generation) -> Run:
    """Add an environment to a run, with a stream of its own."""
    generations = (*run.manifest.generations, generation)
    return write_manifest(run.files, replace(run.manifest, generations=generations))


def _write_stream(files: Files, manifest: Manifest, generation: int) -> None:
    """Write every zarr.json that is missing or differs; nothing else."""
    key = stream_key(generation)
    wanted = {f"{key}/{name}": data for name, data in stream_metadata(manifest).items()}
    files.write({name: data for name, data in wanted.items() if _differs(files, name, data)})


def _differs(files: Files, key: str, data: bytes) -> bool:
    if files.size(key) != len(data):
        return True
    return files.read(key) != data


def stream_metadata(manifest: Manifest) -> dict[str, bytes]:
    """Return the zarr.json files of the stream by their key within it."""
    # Loaded here: it takes 0.2 s, and of all who read this file only the driver of a new run needs it.
    import zarr
    from zarr.storage import MemoryStore

    found: dict[str, bytes] = {}
    memory: dict[str, Any] = {}
    root = zarr.create_group(MemoryStore(memory), attributes={"name": manifest.name})
    for cell in manifest.cells:
        group = root.create_group(cell.id, attributes={"hash": cell.hash, **cell.attrs})
        for table in cell.tables:
            for column in table.streamed:
                _create_array(group, cell, table, column)
    for key, buffer in sorted(memory.items()):
        found[key] = buffer.to_bytes()
    return found


def _create_array(group: "zarr.Group", cell: CellLayout, table: Table, column: Column) -> None:
    from zarr.codecs import Crc32cCodec, ZstdCodec

    trailing = column.shape(cell.sizes)
    if table.ragged:
        shape, chunks = (cell.blocks, cell.row_axis), (1, cell.chunk_rows)
        dims = ("block", table.dimension)
    else:
        shape, chunks = (cell.padded,), (cell.block_size,)
        dims = (table.dimension,)
    group.create_array(
        table.array_name(column),
        shape=(*shape, *trailing),
        chunks=(*chunks, *trailing),
        dtype=column.little_endian,
        fill_value=column.unknown,
        filters=None,
        compressors=[ZstdCodec(level=ZSTD_LEVEL, checksum=False), Crc32cCodec()],
        # one flat folder per array: one directory to fsync instead of one per block
        chunk_key_encoding={"name": "default", "separator": "."},
        dimension_names=(*dims, *column.dims),
        attributes=column.attributes,
        config={"write_empty_chunks": True},
    )


@contextlib.contextmanager
def quiet_zarr() -> Iterator[None]:
    """Silence zarr's note that consolidated metadata is not yet in the v3 specification.

    Plain ``xarray.open_zarr`` warns about a store *without* it; readers matter more.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Consolidated metadata", category=UserWarning)
        yield


def check_same(stored: CellLayout, wanted: CellLayout) -> None:
    """Raise StoreError unless two cells of the same hash agree in everything but the number of landscapes."""
    for name in ("block_size", "chunk_rows", "rows_bound", "sizes", "body", "spec"):
        old, new = getattr(stored, name), getattr(wanted, name)
        if canonical(old) != canonical(new):
            raise StoreError(
                f"{stored.id}: {name} is {old!r} in the store and {new!r} in this version: "
                "use a new --store, or the version that wrote this one"
            )
    if [table.form for table in stored.tables] != [table.form for table in wanted.tables]:
        raise StoreError(
            f"{stored.id}: {_differing(stored, wanted)} in the store or in this version alone, or in another "
            "form: use a new --store, or the version that wrote this one"
        )


def _differing(stored: CellLayout, wanted: CellLayout) -> str:
    """Name what only one of two cells has, or has in another form."""
    mine, theirs = (
        {(table.name, *column.form) for table in cell.tables for column in table.columns}
        for cell in (stored, wanted)
    )
    names = sorted({f"{form[0]}.{form[1]}" for form in mine ^ theirs})
    return f"columns {', '.join(names)} are" if names else "the tables are"
