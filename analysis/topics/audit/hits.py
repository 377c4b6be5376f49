"""How often a point is hit against its energy, its index and the determinant of its Hessian.

Where H and -H have one law, and the starts treat them alike (as many ascents as descents), a point of index k
at energy E > 0 counts as its mirror image: index N-1-k at -E. All points are *folded* onto E <= 0. A signal
of even degree has one sign in every landscape: then nothing is folded, nor where the law isn't known.

The model of the slopes: given how many starts of a landscape ended anywhere, its point c is hit with
probability proportional to exp(slopes . x_c) (McFadden's conditional logit). So the logarithm of the hits
relative to the landscape is linear in x, points that were never hit count like the others, and nothing has
to be known of the landscapes' differences. Errors are the sandwich over landscapes: right although the model
isn't. Each member of a pair x, -x carries the hits of the pair; landscapes as clusters absorb that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.dataset.batches import Floats, bin_of
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.topics.audit.matching import Ints, Joined, Points

BINS = 20
"""Of equally many points. Arbitrary: minima are one point in forty at N = 12."""
_STEPS = 100


@dataclass(frozen=True, eq=False)
class Profile:
    """Mean hits of a point, in units of its landscape's mean, in bins of one feature.

    ``centre``: mean of the feature in the bin; ``mean`` with its standard error ``se`` (a ratio over
    landscapes; nan in bins that one landscape fills), ``points``; all of shape (bins,).
    """

    feature: str
    centre: Floats
    mean: Floats
    se: Floats
    points: Ints


@dataclass(frozen=True)
class Slope:
    """Change of log relative hits per unit of a feature: alone, and beside the other features.

    ``factor``: by which hits change from the feature's 10% quantile to its 90% quantile, it alone.
    """

    feature: str
    alone: float
    alone_se: float
    joint: float
    joint_se: float
    factor: float


@dataclass(frozen=True, eq=False)
class HitBias:
    """Everything about the hits of one cell.

    ``spread``: standard deviation over points of the relative probability of a hit, counting noise taken
    out; ``rare``: relative hits of the least hit percent of the points. ``fixed``: whether every landscape
    spent the same number of starts; where a finder stops when it has hit everything often enough, its hits
    are tied to its stopping.
    """

    starts: float
    fixed: bool
    mean_hits: float
    spread: float
    rare: float
    profiles: tuple[Profile, ...]
    slopes: tuple[Slope, ...]


def mirrored(cell: Cell) -> bool:
    """Whether H and -H are known to have one law: by a sign change, or for couplings are centred and the mean
    of H, its signal, is none or odd."""
    if cell.symmetry.odd:
        return True
    known = cell.theory.dynamics
    return known is not None and (not any(known[1].coefficients) or known[1].is_odd)


def features_of(points: Points, folded: bool = True) -> dict[str, Floats]:
    """Energy per spin, index / (N-1), both folded or not, and log |det Hessian| / N where spectra are stored;
    of another manifold N-1 is its dimension."""
    energy, index = points.energy, points.index
    if folded:
        index = np.where(energy > 0, points.levels - 1 - index, index)
        energy = -np.abs(energy)
    found = {"energy": energy, "index": index / (points.levels - 1)}
    if points.log_det is not None and np.isfinite(points.log_det).all():
        found["log_det"] = points.log_det / points.levels
    return found


def measure_hits(joined: Joined) -> HitBias | None:
    """Profiles and slopes of the hits of one cell; None where nothing was hit."""
    totals = joined.truth.sums(joined.hits.astype(np.float64))
    joined = joined.only(joined.truth.ids[totals > 0])
    truth, hits = joined.truth, joined.hits.astype(np.float64)
    if not len(hits):
        return None
    features = features_of(truth, mirrored(joined.cell))
    mean = (truth.sums(hits) / truth.sums())[truth.owner]
    relative = hits / mean
    starts = joined.column("n_starts")
    noise = float(np.mean(1 / mean))
    return HitBias(
        float(starts.mean()),
        bool((starts == starts[0]).all()),
        float(hits.mean()),
        float(np.sqrt(max(relative.var() - noise, 0.0))),
        float(np.quantile(relative, 0.01)),
        tuple(_profile(truth, name, values, relative) for name, values in features.items()),
        tuple(_slopes(truth, features, hits)),
    )


def _profile(truth: Points, name: str, values: Floats, relative: Floats) -> Profile:
    slots = values if name == "index" else bin_of(values, np.quantile(values, np.linspace(0, 1, BINS + 1)))
    levels, group = np.unique(slots, return_inverse=True)  # where values tie, some bins are empty
    bins = len(levels)
    points = np.bincount(group, minlength=bins)
    mean = np.bincount(group, relative, bins) / points
    # residual of a landscape in a bin: its sum - mean * its points; of mean zero over landscapes
    flat = truth.owner * bins + group
    residual = np.bincount(flat, relative - mean[group], truth.landscapes * bins).reshape(-1, bins)
    count = truth.landscapes
    se = np.full(bins, np.nan)
    if count > 1:
        se = np.sqrt((residual**2).sum(axis=0) * count / (count - 1)) / points
        held = np.bincount(flat, minlength=truth.landscapes * bins).reshape(-1, bins)
        se[np.count_nonzero(held, axis=0) < 2] = np.nan
    return Profile(name, np.bincount(group, values, bins) / points, mean, se, points)


def _slopes(truth: Points, features: Mapping[str, Floats], hits: Floats) -> list[Slope]:
    names = list(features)
    table = np.stack([features[name] for name in names], axis=1)
    joint, joint_se = fit_slopes(truth, table, hits)
    rows = []
    for i, name in enumerate(names):
        alone, alone_se = fit_slopes(truth, table[:, [i]], hits)
        reach = np.diff(np.quantile(table[:, i], [0.1, 0.9]))[0]
        factor = float(np.exp(alone[0] * reach))
        rows.append(
            Slope(name, float(alone[0]), float(alone_se[0]), float(joint[i]), float(joint_se[i]), factor)
        )
    return rows


def fit_slopes(truth: Points, features: Floats, hits: Floats) -> tuple[Floats, Floats]:
    """Slopes of the conditional logit by Newton's method, and their errors over landscapes.

    Args:
        truth: whose points they are.
        features: shape (rows, d).
        hits: shape (rows,).

    Returns:
        Slopes and standard errors, shape (d,); nan where the data don't fix them (a feature that doesn't
        vary, hits on one point only, fewer landscapes than slopes).
    """
    unknown = np.full(features.shape[1], np.nan)
    centre, scale = features.mean(axis=0), features.std(axis=0)
    if truth.landscapes <= features.shape[1] + 1 or not (scale > 0).all():
        return unknown, unknown
    x = (features - centre) / scale
    slope = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        score, curvature = _derivatives(truth, x, hits, slope)
        if np.linalg.cond(curvature) > 1e12:
            return unknown, unknown
        step = np.linalg.solve(curvature, score.sum(axis=0))
        slope += step / max(1.0, float(np.linalg.norm(step)))
        if np.linalg.norm(step) < 1e-9:
            break
    else:
        return unknown, unknown
    bread = np.linalg.inv(curvature)
    meat = score.T @ score * truth.landscapes / (truth.landscapes - 1)
    return slope / scale, np.sqrt(np.diag(bread @ meat @ bread)) / scale


def _derivatives(truth: Points, x: Floats, hits: Floats, slope: Floats) -> tuple[Floats, Floats]:
    """Score of each landscape, shape (landscapes, d), and minus the second derivative, shape (d, d)."""
    weight = np.exp(x @ slope)
    chance = weight / truth.sums(weight)[truth.owner]
    total = truth.sums(hits)
    mean = np.stack([truth.sums(chance * column) for column in x.T], axis=1)
    seen = np.stack([truth.sums(hits * column) for column in x.T], axis=1)
    second = x.T @ (x * (chance * total[truth.owner])[:, None])
    return seen - total[:, None] * mean, second - mean.T @ (mean * total[:, None])
