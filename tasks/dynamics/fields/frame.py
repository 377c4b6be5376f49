"""Coordinates in R^N of what was met so far: an orthonormal basis that grows by one direction at a time.

A vector that is drawn fresh and isotropic has independent normal coordinates along the directions that are
known, and beyond them *one* new direction of length chi with N - m degrees of freedom: all that N does.
"""

import math

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.dynamics.fields.base import SpanFullError, Vector


class Frame:
    """Directions 0..known-1 of R^n; vectors are zero-padded to ``size``."""

    def __init__(self, n: int, size: int) -> None:
        self.n, self.size, self.known = n, min(n, size), 0

    def beyond(self, draw: np.random.Generator) -> tuple[int, float] | None:
        """The direction of what a standard normal vector has beyond the known ones, which becomes known, and
        its length; None if nothing is beyond.

        Raises:
            SpanFullError: vectors have no room for it.
        """
        if self.known == self.n:
            return None
        if self.known == self.size:
            raise SpanFullError(f"{self.size} directions are known, which is the room that was asked for")
        length = math.sqrt(draw.chisquare(float(self.n - self.known)))
        self.known += 1
        return self.known - 1, length

    def normal(self, draw: np.random.Generator) -> Vector:
        """A standard normal vector of R^n."""
        vector = np.zeros(self.size)
        vector[: self.known] = draw.standard_normal(self.known)
        fresh = self.beyond(draw)
        if fresh is not None:
            vector[fresh[0]] = fresh[1]
        return vector

    def axis(self) -> Vector:
        """A direction that is new by choice and not by chance: of a signal or of a planted start."""
        if self.known == self.size:
            raise SpanFullError(f"{self.size} directions are known, which is the room that was asked for")
        vector = np.zeros(self.size)
        vector[self.known] = 1.0
        self.known += 1
        return vector


class Rows:
    """A matrix to which rows are appended; a row may be as long as the frame is at that time."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.count = frame, 0
        # Pages that are never written take no memory.
        self._held = np.zeros((16, frame.size))

    @property
    def matrix(self) -> Float[np.ndarray, "count known"]:
        return self._held[: self.count, : self.frame.known]

    def append(self, row: Vector) -> None:
        if self.count == len(self._held):
            held = np.zeros((2 * self.count, self.frame.size))
            held[: self.count, : self.frame.known] = self.matrix
            self._held = held
        self._held[self.count, : self.frame.known] = row[: self.frame.known]
        self.count += 1

    def off(self, vector: Vector) -> None:
        """Take the part in the span of the rows, which are orthonormal, off a vector."""
        part = vector[: self.frame.known]
        part -= (self.matrix @ part) @ self.matrix
