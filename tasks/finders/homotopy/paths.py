"""Track numbered paths of a system: buffers, settings and the compiled loop, chunks on several threads."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Complex, Float, Int

from morsecensus.tasks.finders.homotopy.control import FIT, PADE
from morsecensus.tasks.finders.homotopy.tracker import UNTRACKED, Buffers, track
from morsecensus.tasks.runtime.simd_wide import LANES, aligned
from morsecensus.tasks.systems.system import System, Weights

CHUNK = 8192
"""Paths that one call of the tracker follows: the starts of 2^20 paths needn't exist at once."""


SINGLE = 5e-5
"""Aimed errors from here on are far above what single precision rounds in a series."""


@dataclass(frozen=True)
class TrackerSettings:
    """How paths are followed. Errors are relative lengths of Newton steps after a prediction."""

    order: int = 8
    """Of the power series that predicts; at least 3."""
    aim: float = 1e-4
    """Steps are chosen for this prediction error."""
    largest: float = 1e-2
    """A larger one is repeated with half the step."""
    most_steps: int = 5000

    @property
    def number(self) -> type:
        """Of the series: they predict, and Newton's steps in doubles correct and judge what they predict."""
        return np.float32 if self.aim >= SINGLE else np.float64

    def values(self) -> tuple[int, float, float, int]:
        return self.order, self.aim, self.largest, self.most_steps


@dataclass(frozen=True)
class Tracked:
    """Where paths ended. ``status`` is one of tracker.ARRIVED, STALLED, TOO_LONG; ``accuracy`` as in
    `tracker.track`."""

    endpoints: Complex[np.ndarray, "paths unknowns"]
    status: Int[np.ndarray, " paths"]
    steps: Int[np.ndarray, "paths 2"]
    accuracy: Float[np.ndarray, "paths 3"]

    def columns(self) -> tuple[np.ndarray, ...]:
        return self.endpoints, self.status, self.steps, self.accuracy


Part = TypeVar("Part")
Paths = Int[np.ndarray, " paths"]
Follow = Callable[[Weights, Paths, TrackerSettings], Tracked]
"""Follows paths of one system, here or elsewhere: the numbers don't depend on where."""


def _arrays(vectors: Any, number: type) -> Any:
    """An array for each number of vectors, in tuples of tuples as they are."""
    if isinstance(vectors, tuple):
        return tuple(_arrays(part, number) for part in vectors)
    return aligned(vectors, number)


def _buffers(system: System, order: int, number: type) -> Buffers:
    m = system.unknowns
    work, room = system.room(order)
    series = 2 * m * (order + 1)
    rows = [aligned(vectors) for vectors in (series, series, 2 * m)]
    groups = [_arrays(work, np.float64), _arrays(room, number)]
    fit = [aligned(vectors) for vectors in (FIT, PADE)]
    single = [aligned(1) for _ in range(len(Buffers._fields) - 10)]
    lanes = [np.zeros((4, LANES)), np.zeros(LANES, dtype=np.int64), np.zeros(LANES, dtype=np.int64)]
    return Buffers._make([*rows, *groups, *fit, *single, *lanes])


def follow(
    system: System,
    weights: Weights,
    paths: Int[np.ndarray, " paths"],
    settings: TrackerSettings,
) -> Tracked:
    """Track these paths from the start system with these weights. Releases the interpreter lock."""
    starts = system.starts(weights, paths)
    count, m = starts.shape
    endpoints = np.zeros((count, m), dtype=complex)
    status = np.full(count, UNTRACKED)
    steps = np.zeros((count, 2), dtype=np.int64)
    accuracy = np.zeros((count, 3))
    if count:
        number = settings.number if system.single else np.float64
        buffers = _buffers(system, settings.order, number)
        arguments = (settings.values(), buffers, endpoints, status, steps, accuracy)
        track(system.packed(weights, number), starts, *arguments)
    return Tracked(system.untracked(endpoints), status, steps, accuracy)


def here(system: System, threads: int) -> Follow:
    """Follow paths in chunks, on several threads if asked."""

    def follow_here(weights: Weights, paths: Paths, settings: TrackerSettings) -> Tracked:
        chunks = chunks_of(paths, threads)
        return joined(list(in_turn(lambda chunk: follow(system, weights, chunk, settings), chunks, threads)))

    return follow_here


def in_turn(work: Callable[[Paths], Part], chunks: Sequence[Paths], threads: int) -> Iterator[Part]:
    """What comes of each chunk, in their order, on several threads if asked."""
    if threads == 1:
        yield from map(work, chunks)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(work, chunks)


def chunks_of(paths: Paths, hands: int) -> list[Paths]:
    """Chunks of paths for several hands, four for each so that none waits long for the last."""
    if hands > 1 and len(paths) < 4 * hands * CHUNK:
        return [chunk for chunk in np.array_split(paths, 4 * hands) if len(chunk)] or [paths]
    return [paths[first : first + CHUNK] for first in range(0, max(len(paths), 1), CHUNK)]


def joined(parts: Sequence[Tracked]) -> Tracked:
    """Chunks as one."""
    columns = zip(*(part.columns() for part in parts), strict=True)
    return Tracked(*(np.concatenate(column) for column in columns))
