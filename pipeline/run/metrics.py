"""How far a run is, for Prometheus: a file in its text exposition format, for a collector of text files.

The format: https://prometheus.io/docs/instrumenting/exposition_formats. The file is replaced whole, so that
who reads it never sees half of one; while it is written its name doesn't end with ``.prom``.
"""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.progress import Counts

EVERY_SECONDS = 10.0
PREFIX = "morsecensus_"


class MetricsFile:
    """Writes counts to a file, at most every ten seconds.

    Args:
        labels: of every sample, such as the name of the study.

    Raises UsageError if the file can't be written; later on that is passed over, for the run goes on.
    """

    def __init__(self, path: Path, labels: Mapping[str, str], clock: Callable[[], float] = time.monotonic):
        self._path, self._labels, self._clock = path, labels, clock
        self._began = self._wrote = clock()
        try:
            self._replace("")
        except OSError as error:
            raise UsageError(f"--metrics: cannot write {path}: {error.strerror or error}") from error

    def update(self, counts: Counts, left: float | None, *, running: bool = True) -> None:
        """Write the counts, if it is time, or if the run ended.

        Args:
            left: seconds that are left, None while unknown.
        """
        now = self._clock()
        if running and self._wrote != self._began and now - self._wrote < EVERY_SECONDS:
            return
        self._wrote = now
        with contextlib.suppress(OSError):
            self._replace(text_of(counts, self._labels, now - self._began, left, running=running))

    def _replace(self, text: str) -> None:
        new = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex}.new")
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(self._path)
        finally:
            new.unlink(missing_ok=True)


def text_of(
    counts: Counts, labels: Mapping[str, str], elapsed: float, left: float | None, *, running: bool
) -> str:
    """Return counts in the text exposition format, after so many seconds of this run."""
    named = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    lines: list[str] = []
    for name, kind, meaning, value in _metrics(counts, elapsed, left, running):
        lines += [f"# HELP {PREFIX}{name} {meaning}", f"# TYPE {PREFIX}{name} {kind}"]
        lines.append(f"{PREFIX}{name}{{{named}}} {value!r}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _metrics(
    counts: Counts, elapsed: float, left: float | None, running: bool
) -> Iterator[tuple[str, str, str, float]]:
    seconds = sum(pace.seconds for pace in counts.paces.values())
    yield "running", "gauge", "1 while blocks are computed, 0 from then on.", int(running)
    yield "blocks_planned", "gauge", "Blocks of the run, or of its part.", counts.blocks
    yield "blocks_done", "gauge", "Of these, committed.", counts.blocks_done
    yield "blocks_failed", "gauge", "Blocks that failed for good since it was started.", counts.failed_blocks
    yield "blocks_submitted", "gauge", "Blocks that workers have or that wait for one.", counts.submitted
    yield "landscapes_planned", "gauge", "Landscapes of the run, or of its part.", counts.landscapes
    yield "landscapes_done", "gauge", "Of these, committed.", counts.done
    yield "points", "gauge", "Points of the committed landscapes.", counts.points
    yield "retries_total", "counter", "Blocks given to another worker after theirs died.", counts.retries
    yield "worker_seconds_total", "counter", "Seconds of workers that the committed blocks took.", seconds
    yield "workers", "gauge", "Worker processes that ended a block since it was started.", len(counts.workers)
    yield "elapsed_seconds", "gauge", "Seconds since the first block was given out.", elapsed
    if left is not None:
        yield "left_seconds", "gauge", "Seconds that are left, as the progress line says.", left
