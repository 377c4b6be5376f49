"""How paths ended, in little room: millions of complex endpoints needn't be held to be told apart."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Complex, Float, Int

from morsecensus.tasks.finders.homotopy.distinctness import (
    PRINTS,
    SAME,
    directions,
    fingerprints,
    group,
)
from morsecensus.tasks.finders.homotopy.paths import Tracked
from morsecensus.tasks.finders.homotopy.regular import is_regular
from morsecensus.tasks.finders.homotopy.tracker import ARRIVED
from morsecensus.tasks.systems.system import System

REAL = 1e-8
"""An endpoint is real if its imaginary part is at most this, relative to its length. Complex solutions as
near to a real one come in pairs that double precision can't tell from a double root."""
SHARP = 1e-10
"""Relative length of the last Newton step that makes an endpoint a solution."""


def is_real(solutions: Complex[np.ndarray, "found unknowns"], system: System) -> Bool[np.ndarray, " found"]:
    """Which solutions are real to round-off, up to the phase of a class; certificates prove it."""
    return np.linalg.norm(directions(solutions, system)[:, system.n :], axis=1) <= REAL


def sound(tracked: Tracked) -> Bool[np.ndarray, " paths"]:
    """Paths that arrived at a solution."""
    return (tracked.status == ARRIVED) & (tracked.accuracy[:, 0] <= SHARP)


@dataclass(frozen=True)
class Ends:
    """How paths ended: about 70 bytes of each, and endpoints where they are asked for.

    Attributes:
        status: as in `paths.Tracked`.
        steps: shape (paths, 2), accepted and repeated ones.
        arrived: whether it arrived at a solution; at a regular one, where others are to be expected.
        reached: the time that the path reached.
        size: |x|^2 of its endpoint.
        prints: its fingerprint; nan where nothing arrived.
        kept: rows whose endpoints are held, ascending.
        endpoints: theirs.
    """

    status: Int[np.ndarray, " paths"]
    steps: Int[np.ndarray, "paths 2"]
    arrived: Bool[np.ndarray, " paths"]
    reached: Float[np.ndarray, " paths"]
    size: Float[np.ndarray, " paths"]
    prints: Float[np.ndarray, "paths prints"]
    kept: Int[np.ndarray, " kept"]
    endpoints: Complex[np.ndarray, "kept unknowns"]

    def __len__(self) -> int:
        return len(self.status)

    def _by_path(self) -> tuple[np.ndarray, ...]:
        return self.status, self.steps, self.arrived, self.reached, self.size, self.prints

    def _held(self) -> Int[np.ndarray, " paths"]:
        """Where in `endpoints` each path's is; -1 if it isn't."""
        where = np.full(len(self), -1)
        where[self.kept] = np.arange(len(self.kept))
        return where

    def take(self, rows: Int[np.ndarray, " rows"]) -> "Ends":
        """Some of them, in this order."""
        held = self._held()[rows]
        kept = np.flatnonzero(held >= 0)
        return Ends(
            *(column[rows] for column in self._by_path()), kept=kept, endpoints=self.endpoints[held[kept]]
        )

    def put(self, rows: Int[np.ndarray, " rows"], new: "Ends") -> "Ends":
        """These with ``new`` ones at ``rows``."""
        order = np.arange(len(self))
        order[rows] = len(self) + np.arange(len(rows))
        return Ends.joined([self, new]).take(order)

    @staticmethod
    def joined(parts: Sequence["Ends"]) -> "Ends":
        """One after the other."""
        columns = zip(*(part._by_path() for part in parts), strict=True)
        offsets = np.cumsum([0, *(len(part) for part in parts)])
        kept = [part.kept + offset for part, offset in zip(parts, offsets, strict=False)]
        endpoints = np.concatenate([part.endpoints for part in parts])
        return Ends(
            *(np.concatenate(column) for column in columns), kept=np.concatenate(kept), endpoints=endpoints
        )

    def groups(self, system: System) -> Int[np.ndarray, " paths"]:
        """Labels of those that end at one solution: by fingerprints, and by endpoints where both are held."""
        held = self._held()

        def compared(one: np.ndarray, two: np.ndarray) -> np.ndarray:
            both = (held[one] >= 0) & (held[two] >= 0)
            same = np.ones(len(one), dtype=bool)
            here, there = (directions(self.endpoints[held[rows[both]]], system) for rows in (one, two))
            same[both] = np.linalg.norm(here - there, axis=1) <= SAME
            return same

        return group(self.prints, compared)

    def packed(self) -> bytes:
        """As bytes that `unpacked` reads: a line of JSON that says what follows, and the columns."""
        columns = {field.name: np.ascontiguousarray(getattr(self, field.name)) for field in fields(self)}
        head = json.dumps([[name, column.dtype.str, column.shape] for name, column in columns.items()])
        return b"".join([head.encode(), b"\n", *(column.tobytes() for column in columns.values())])

    @staticmethod
    def unpacked(data: bytes) -> "Ends":
        """What `packed` wrote. Raises ValueError if it isn't that."""
        head, _, body = data.partition(b"\n")
        columns, first = {}, 0
        for name, kind, shape in json.loads(head):
            dtype, count = np.dtype(kind), math.prod(shape)
            columns[name] = np.frombuffer(body, dtype, count, first).reshape(shape)
            first += dtype.itemsize * count
        return Ends(**columns)


def ends_of(tracked: Tracked, system: System, *, generic: bool, everything: bool) -> Ends:
    """What is kept of followed paths.

    Args:
        generic: whether all solutions are regular; if not, arriving at a singular one doesn't count.
        everything: keep all endpoints that arrived; else the real ones alone.
    """
    arrived = sound(tracked)
    if not generic:
        arrived[arrived] = is_regular(system, tracked.endpoints[arrived])
    rows = np.flatnonzero(arrived)
    prints = np.full((len(arrived), PRINTS), math.nan)
    prints[rows] = fingerprints(tracked.endpoints[rows], system)
    kept = rows if everything else rows[is_real(tracked.endpoints[rows], system)]
    return Ends(
        tracked.status.astype(np.int8),
        tracked.steps.astype(np.int32),
        arrived,
        tracked.accuracy[:, 2].copy(),
        np.sum(np.abs(tracked.endpoints[:, : system.n]) ** 2, axis=1),
        prints,
        kept,
        tracked.endpoints[kept],
    )
