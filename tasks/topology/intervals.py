"""Curves that gradient lines start on, and intervals of them that are bisected."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int


class Curves(Protocol):
    """Curves of starting points, several at once."""

    @property
    def rows(self) -> Int[np.ndarray, " curves"]:
        """The index-2 saddle that each belongs to."""
        ...

    def points(
        self, curve: Int[np.ndarray, " lines"], t: Float[np.ndarray, " lines"]
    ) -> Float[np.ndarray, "lines ambient"]: ...


@dataclass(frozen=True)
class Ellipses:
    """About index-2 saddles; t is the angle."""

    rows: Int[np.ndarray, " curves"]
    centres: Float[np.ndarray, "curves ambient"]
    axes: Float[np.ndarray, "curves ambient 2"]

    def points(
        self, curve: Int[np.ndarray, " lines"], t: Float[np.ndarray, " lines"]
    ) -> Float[np.ndarray, "lines ambient"]:
        plane = np.stack([np.cos(t), np.sin(t)], axis=1)
        return self.centres[curve] + np.einsum("lak,lk->la", self.axes[curve], plane)


@dataclass(frozen=True)
class Chords:
    """Between neighbouring lines on one level; t runs from 0 to 1."""

    rows: Int[np.ndarray, " curves"]
    ends: Float[np.ndarray, "curves 2 ambient"]

    def points(
        self, curve: Int[np.ndarray, " lines"], t: Float[np.ndarray, " lines"]
    ) -> Float[np.ndarray, "lines ambient"]:
        return np.einsum("le,lea->la", np.stack([1 - t, t], axis=1), self.ends[curve])


@dataclass(frozen=True)
class Intervals:
    """Between neighbouring lines of one curve: their rows among all lines, and where on the curve they
    start."""

    curve: Int[np.ndarray, " intervals"]
    ends: Int[np.ndarray, "intervals 2"]
    t: Float[np.ndarray, "intervals 2"]

    def take(self, rows: np.ndarray) -> "Intervals":
        return Intervals(self.curve[rows], self.ends[rows], self.t[rows])

    def inner(self, parts: int) -> Float[np.ndarray, "intervals inner"]:
        """Where lines start that cut each interval into equal parts."""
        fraction = np.arange(1, parts) / parts
        return self.t[:, :1] * (1 - fraction) + self.t[:, 1:] * fraction

    def divide(self, lines: Int[np.ndarray, "intervals inner"]) -> "Intervals":
        """The parts of each interval, given the rows of the lines that start at `inner`."""
        parts = lines.shape[1] + 1
        rows = np.concatenate([self.ends[:, :1], lines, self.ends[:, 1:]], axis=1)
        t = np.concatenate([self.t[:, :1], self.inner(parts), self.t[:, 1:]], axis=1)
        ends = np.stack([rows[:, :-1], rows[:, 1:]], axis=2).reshape(-1, 2)
        return Intervals(
            np.repeat(self.curve, parts), ends, np.stack([t[:, :-1], t[:, 1:]], axis=2).reshape(-1, 2)
        )
