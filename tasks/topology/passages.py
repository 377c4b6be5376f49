"""What lies between two neighbouring gradient lines: nothing, one separatrix, or too much to tell."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from morsecensus.tasks.topology.connections import Branches
from morsecensus.tasks.topology.levels import Levels
from morsecensus.tasks.topology.views import View
from morsecensus.tasks.trajectories.lines import LOST
from morsecensus.tasks.trajectories.paths import Paths, join


@dataclass(frozen=True)
class Lines:
    """Gradient lines, and where `Levels.watch` saw them."""

    paths: Paths
    watched: Float[np.ndarray, "lines levels ambient"]

    @property
    def arrival(self) -> Int[np.ndarray, " lines"]:
        return self.paths.arrival

    def take(self, rows: np.ndarray) -> "Lines":
        return Lines(self.paths.take(rows), self.watched[rows])

    def extend(self, other: "Lines") -> "Lines":
        watched = np.concatenate([self.watched, other.watched])
        return Lines(join([self.paths, other.paths]), watched)


class Judge:
    """Tells what lies between neighbouring lines of one view."""

    def __init__(self, seen: View, found: Branches, levels: Levels) -> None:
        self.seen, self.found, self.levels = seen, found, levels
        self.branches = Lines(found.paths, levels.watch(found.paths.track))
        self.place = np.full(len(seen.height), -1)
        self.place[found.saddles] = np.arange(len(found.saddles))

    def judge(
        self, lines: Lines, ends: Int[np.ndarray, "intervals 2"]
    ) -> tuple[Int[np.ndarray, " intervals"], Bool[np.ndarray, " intervals"]]:
        """For each interval the row of the saddle that cuts it or -1, and whether it is resolved."""
        arrival = lines.arrival[ends]
        same = self.levels.side_by_side(lines.watched[ends[:, 0]], lines.watched[ends[:, 1]])
        arc = (arrival[:, 0] == arrival[:, 1]) & (arrival[:, 0] != LOST) & same.all(axis=1)
        parting = same.argmin(axis=1)
        parted = np.flatnonzero(~same.all(axis=1) & (self.levels.saddle[parting] >= 0))
        sides = [self._side(lines, ends[parted, k], parting[parted]) for k in (0, 1)]
        sound = parted[sides[0] * sides[1] < 0]
        cutter = np.full(len(ends), -1)
        cutter[sound] = self.levels.saddle[parting[sound]]
        return cutter, arc | (cutter >= 0)

    def hopeless(self, lines: Lines, ends: Int[np.ndarray, "intervals 2"]) -> Bool[np.ndarray, " intervals"]:
        """Whether an end was given up, or a branch of the saddle that the ends part at."""
        same = self.levels.side_by_side(lines.watched[ends[:, 0]], lines.watched[ends[:, 1]])
        saddle = np.where(same.all(axis=1), -1, self.levels.saddle[same.argmin(axis=1)])
        hopeless = (lines.arrival[ends] == LOST).any(axis=1)
        parted = np.flatnonzero(saddle >= 0)
        hopeless[parted] |= (self.found.minima[self.place[saddle[parted]]] == LOST).any(axis=1)
        return hopeless

    def parting_height(
        self, lines: Lines, ends: Int[np.ndarray, "intervals 2"]
    ) -> Float[np.ndarray, " intervals"]:
        """The first level where the ends aren't side by side; the lowest that both get to, if they are
        everywhere."""
        one, other = lines.watched[ends[:, 0]], lines.watched[ends[:, 1]]
        same = self.levels.side_by_side(one, other)
        reached = np.isfinite(one[:, :, 0]) & np.isfinite(other[:, :, 0])
        lowest = reached.shape[1] - 1 - reached[:, ::-1].argmax(axis=1)
        return self.levels.height[np.where(same.all(axis=1), lowest, same.argmin(axis=1))]

    def _side(
        self, lines: Lines, rows: Int[np.ndarray, " some"], level: Int[np.ndarray, " some"]
    ) -> Int[np.ndarray, " some"]:
        """1 or -1 if a line passes the saddle of this level and then follows its branch on this side, else
        0."""
        saddle = self.levels.saddle[level]
        place = self.place[saddle]
        watched = lines.watched[rows]
        offset = watched[np.arange(len(rows)), level]
        # In the saddle's metric a length r is sqrt(|eigenvalue|) r or more.
        soft = np.sqrt(np.abs(self.seen.spectrum[saddle]).min(axis=1))
        near = np.linalg.norm(offset, axis=1) <= soft * self.seen.radius[saddle]
        side = np.where(np.sum(offset * self.found.direction[place], axis=1) > 0, 1, -1)
        branch = place + np.where(side > 0, 0, len(self.found.saddles))
        same = self.levels.side_by_side(watched, self.branches.watched[branch])
        below = np.arange(len(self.levels.height)) > level[:, None]
        arrives = (lines.arrival[rows] == self.branches.arrival[branch]) & (lines.arrival[rows] != LOST)
        return np.where(near & arrives & (same | ~below).all(axis=1), side, 0)
