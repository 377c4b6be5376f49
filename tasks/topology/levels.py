"""Where gradient lines cross levels of the height, and whether two lines run side by side.

Levels and not times, since a line that passes a saddle is held up there. What is between two lines can
only change at a critical point of index 1, at its level: there, two lines are side by side if they are nearer
to each other than to that saddle, s. Distances are those of the metric |Hess H(s)|, in which the level set
of s is a cone of right angles: lines on its two sides are at least sqrt(2) times as far from each other as
the nearer one is from s. (In the plain metric the cone is as flat as the softest stable direction is soft.)
Between these levels stands one more each, for saddles that nobody knows: lines that part at one are far
apart halfway down to the next level.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from morsecensus.tasks.topology.views import View, hessian_roots
from morsecensus.tasks.trajectories.paths import Track

NEARER = 0.5
"""Largest distance of two lines side by side, in units of the smaller distance from the saddle: between 0 and
the sqrt(2) of the two sides, otherwise arbitrary."""

TOGETHER = 0.25
"""The same at the other levels, in units of sqrt(ambient). Arbitrary: a quarter of the radius, over which a
landscape of low degree turns little."""

NEWTON_STEPS = 3
"""For the time at which a step crosses a level, on a cubic that is nearly straight."""


def cross(
    track: Track, levels: Float[np.ndarray, "lines levels"]
) -> Float[np.ndarray, "lines levels ambient"]:
    """Where each line crosses its levels, by cubic Hermite interpolation of its steps; nan where it
    doesn't."""
    height = track.height
    above = (height[:, None, :] > levels[:, :, None]).sum(axis=2)
    crossed = (above > 0) & (above < np.isfinite(height).sum(axis=1)[:, None])
    new = np.where(crossed, above, 1)
    line, old = np.arange(len(height))[:, None], new - 1
    step = (track.time[line, new] - track.time[line, old])[..., None]
    start, end = track.point[line, old], track.point[line, new]
    inner, outer = step * track.velocity[line, old], step * track.velocity[line, new]
    drop = height[line, old] - height[line, new]
    drop = np.where(drop > 0, drop, 1.0)
    # In units of the drop over the step, height falls from 0 to -1 with these slopes.
    first, last = (-np.sum(v**2, axis=-1) / step[..., 0] / drop for v in (inner, outer))
    target = (levels - height[line, old]) / drop
    s = np.clip(-target, 0.0, 1.0)
    for _ in range(NEWTON_STEPS):
        value = s * (first + s * (-3 - 2 * first - last + s * (2 + first + last)))
        slope = first + s * (2 * (-3 - 2 * first - last) + 3 * s * (2 + first + last))
        s = np.clip(s - (value - target) / np.minimum(slope, -1e-3), 0.0, 1.0)
    s = s[..., None]
    bend, twist = 3 * (end - start) - 2 * inner - outer, inner + outer - 2 * (end - start)
    where = start + s * (inner + s * (bend + s * twist))
    return np.where(crossed[..., None], where, np.nan)


@dataclass(frozen=True)
class Levels:
    """Descending levels at which lines are watched.

    Attributes:
        height: of sign*H, extensive.
        saddle: row of the index-1 saddle at each, -1 at the levels in between.
        origin, metric: a crossing x is kept as metric @ (x - origin), from the saddle and in its metric; in
            between, in units of sqrt(ambient).
    """

    height: Float[np.ndarray, " levels"]
    saddle: Int[np.ndarray, " levels"]
    origin: Float[np.ndarray, "levels ambient"]
    metric: Float[np.ndarray, "levels ambient ambient"]

    def watch(self, track: Track) -> Float[np.ndarray, "lines levels ambient"]:
        """Where lines cross these levels, as seen from the saddles; nan where they don't."""
        crossings = cross(track, np.broadcast_to(self.height, (len(track.height), len(self.height))))
        return np.einsum("lab,klb->kla", self.metric, crossings - self.origin)

    def side_by_side(
        self, one: Float[np.ndarray, "lines levels ambient"], other: Float[np.ndarray, "lines levels ambient"]
    ) -> Bool[np.ndarray, "lines levels"]:
        """At which levels two lines are side by side; true where one of them doesn't get to."""
        apart = np.linalg.norm(one - other, axis=-1)
        nearer = np.minimum(np.linalg.norm(one, axis=-1), np.linalg.norm(other, axis=-1))
        return ~(apart > np.where(self.saddle >= 0, NEARER * nearer, TOGETHER))


def levels_of(seen: View) -> Levels:
    """The levels of all index-1 saddles, and those halfway between neighbours of them, the minima and the
    highest point."""
    saddles, ambient = seen.rows(1), seen.points.shape[1]
    critical = np.unique(seen.height[[*seen.rows(0), *saddles, seen.height.argmax()]])
    between = (critical[1:] + critical[:-1]) / 2
    plain = np.tile(np.eye(ambient) / ambient**0.5, (len(between), 1, 1))
    height = np.concatenate([seen.height[saddles], between])
    saddle = np.concatenate([saddles, np.full(len(between), -1)])
    origin = np.concatenate([seen.points[saddles], np.zeros((len(between), ambient))])
    metric = np.concatenate([hessian_roots(seen, saddles), plain])
    order = np.argsort(-height, kind="stable")
    return Levels(height[order], saddle[order], origin[order], metric[order])
