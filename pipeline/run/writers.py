"""The pieces of a dataset, read and written by the workers of a backend."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from itertools import chain
from typing import Any

from morsecensus.pipeline.backends.executor import POLL_SECONDS, Executor
from morsecensus.pipeline.errors import RunError
from morsecensus.pipeline.run.faults import advised
from morsecensus.pipeline.worker.visibility import identity
from morsecensus.storage.inventory import Entry
from morsecensus.storage.layout import Generation
from morsecensus.storage.shards import Piece, Written, knows_something
from morsecensus.storage.store import Run

LOOKED_INTO = 16
"""Chunks of a column that are read here first: most columns know something in the first of them."""


class Workers:
    """Who writes a dataset: see `storage.compact.Writers`.

    Args:
        here: the environment of the workers, which must all have it: compressed bytes depend on libraries.
        between: is called several times a second; what it raises ends the writing.
    """

    def __init__(self, executor: Executor, run: Run, here: Generation, between: Callable[[], None]):
        self._executor, self._run, self._between = executor, run, between
        self._cells = {cell.id: cell.to_record() for cell in run.manifest.cells}
        self._job = {"store": run.url, "run": identity(run), "generation": asdict(here)}

    def write(self, pieces: Iterable[Piece]) -> Iterator[Written]:
        for receipt in self._receipts("shards", pieces):
            objects = {key: Entry(*entry) for key, entry in receipt["objects"].items()}
            yield Written(objects, receipt["counted"])

    def any_known(self, pieces: Iterable[Piece]) -> bool:
        pieces = iter(pieces)
        first = next(pieces, None)
        if first is None:
            return False
        some, rest = first.sources[:LOOKED_INTO], first.sources[LOOKED_INTO:]
        if knows_something(self._run.files, replace(first, sources=some)):
            return True
        left = chain([replace(first, sources=rest)], pieces)
        with closing(self._receipts("known", left)) as receipts:
            return any(receipt["known"] for receipt in receipts)

    def _receipts(self, job: str, pieces: Iterable[Piece]) -> Generator[dict[str, Any], None, None]:
        """Yield what became of pieces, in any order; when it is closed, wait for those that are at work."""
        waiting = 0
        rest = (piece for piece in pieces if piece.sources)
        try:
            while True:
                self._between()
                while waiting < self._executor.window() and (piece := next(rest, None)) is not None:
                    record = piece.to_record(self._cells[piece.cell.id])
                    self._executor.submit({"job": job, **self._job, "piece": record})
                    waiting += 1
                if not waiting:
                    return
                for done in self._executor.completed(POLL_SECONDS):
                    waiting -= 1
                    if "error" in done.receipt:
                        raise RunError(f"{self._run.url}: {advised(done.receipt['error'])}")
                    yield done.receipt
        except GeneratorExit:
            while waiting:
                waiting -= len(self._executor.completed(POLL_SECONDS))
            raise
