"""Paths of the gradient flow as NumPy arrays, for any number of starts and sinks."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.lanes import LANES
from morsecensus.tasks.trajectories.lines import Ends, flow


@dataclass(frozen=True)
class Track:
    """The steps of paths at which their velocity has changed, one row per path; the first is the start, the
    last one the arrival, and unused ones have height -inf."""

    height: Float[np.ndarray, "starts steps"]
    time: Float[np.ndarray, "starts steps"]
    point: Float[np.ndarray, "starts steps ambient"]
    velocity: Float[np.ndarray, "starts steps ambient"]

    def take(self, rows: np.ndarray) -> "Track":
        return Track(self.height[rows], self.time[rows], self.point[rows], self.velocity[rows])


@dataclass(frozen=True)
class Paths:
    """One row per start.

    Attributes:
        arrival: row of the sink, or LOST.
        time: of the flow, until arrival.
        trials: steps, taken or not.
        steps: taken.
        kept: of these, in the track.
        least_gradient: least local minimum of the gradient norm along the path; infinite if it has none.
        least_point: where that was.
        track: the steps kept; without room if nobody asked for them.
    """

    arrival: Int[np.ndarray, " starts"]
    time: Float[np.ndarray, " starts"]
    trials: Int[np.ndarray, " starts"]
    steps: Int[np.ndarray, " starts"]
    kept: Int[np.ndarray, " starts"]
    least_gradient: Float[np.ndarray, " starts"]
    least_point: Float[np.ndarray, "starts ambient"]
    track: Track

    def take(self, rows: np.ndarray) -> "Paths":
        columns = (getattr(self, name)[rows] for name in Ends._fields)
        return Paths(*columns, track=self.track.take(rows))


def _padded(size: int, least: int) -> int:
    """The next power of two: few different shapes, few compilations."""
    return max(least, 1 << (size - 1).bit_length()) if size > 1 else least


def _pad(array: np.ndarray, size: int, value: float) -> np.ndarray:
    missing = np.full((size - len(array), *array.shape[1:]), value)
    return np.concatenate([array, missing])


MOST_STARTS = 256
"""In one call: bounds what the tracks take."""

ROOM, MORE_ROOM = 256, 4096
"""Points of a track: nearly all tracks are shorter (213 points among 43,000 lines at n = 8), and empty room
costs time. A path that needs more is followed again."""


def join(parts: list[Paths]) -> Paths:
    """The rows of all; tracks get the room of the longest."""
    room = max(part.track.height.shape[1] for part in parts)

    def joined(name: str, value: float) -> np.ndarray:
        whole = [getattr(part.track, name) for part in parts]
        spare = [[(0, 0), (0, room - a.shape[1]), *[(0, 0)] * (a.ndim - 2)] for a in whole]
        pairs = zip(whole, spare, strict=True)
        return np.concatenate([np.pad(a, widths, constant_values=value) for a, widths in pairs])

    track = Track(joined("height", -np.inf), joined("time", 0), joined("point", 0), joined("velocity", 0))
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in Ends._fields)
    return Paths(*columns, track=track)


def flow_all(
    landscape: Landscape,
    couplings: Couplings,
    sign: int,
    starts: Float[np.ndarray, "starts ambient"],
    sinks: Float[np.ndarray, "sinks ambient"],
    radii: Float[np.ndarray, " sinks"],
    tolerance: float,
    tracks: bool,
) -> Paths:
    """`flow` for any number of starts and sinks, as NumPy arrays."""
    many = _padded(len(radii), 8)
    sinks, radii = _pad(sinks, many, 0.0), _pad(radii, many, -1.0)

    def follow(part: Float[np.ndarray, "part ambient"], room: int) -> Paths:
        size = LANES if len(part) <= LANES else MOST_STARTS
        spare = np.concatenate([part, np.repeat(sinks[:1], size - len(part), axis=0)])
        ends, steps = flow(landscape, couplings, float(sign), spare, len(part), sinks, radii, tolerance, room)
        used = int(np.asarray(ends.kept)[: len(part)].max(initial=0)) + 1 if room else 0
        track = Track(*(np.asarray(column)[: len(part), :used].copy() for column in steps))
        return Paths(*(np.asarray(column)[: len(part)] for column in ends), track=track)

    parts: list[Paths] = []
    for first in range(0, max(len(starts), 1), MOST_STARTS):
        part = starts[first : first + MOST_STARTS]
        parts.append(follow(part, ROOM if tracks else 0))
        full = np.flatnonzero(parts[-1].kept == ROOM - 1) if tracks else np.zeros(0, dtype=np.int64)
        for begin in range(0, len(full), LANES):
            some = full[begin : begin + LANES]
            parts[-1] = _replaced(parts[-1], some, follow(part[some], MORE_ROOM))
    return join(parts)


def _replaced(paths: Paths, rows: np.ndarray, others: Paths) -> Paths:
    """These paths, with other ones in some rows."""
    place = np.arange(len(paths.arrival))
    place[rows] = len(place) + np.arange(len(rows))
    return join([paths, others]).take(place)
