"""Proof that complex critical points exist, at many of them at once, in disks of doubles.

On the complex sphere, x_i.x_i = n_i for each factor, with a multiplier for each: the equations of `krawczyk`,
F(x, mu) = (grad_i H(x) - mu_i x_i, (n_i - x_i.x_i)/2) = 0. Krawczyk's operator, a disk for each unknown: if

    |Y F(c)|_a + sum_b |1 - Y F'(X)|_ab r_b < r_a   for all a,

X the disks of radii r around c, then x - Y F(x) is a contraction of X into its interior, Y is regular, and
exactly one solution lies in X. (F(x) - F(c) is a mean of F' along the segment, and disks are convex.)
What disks of doubles can't prove is tried again in rectangles of 192 bits and more.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex, Float

from morsecensus.tasks.finders.homotopy.balls import precision
from morsecensus.tasks.finders.homotopy.disks import Disks, joined
from morsecensus.tasks.finders.homotopy.kinds import DiskJets, disks
from morsecensus.tasks.finders.homotopy.krawczyk import (
    BorderedModel,
    center_of,
    complex_model,
    midpoints,
    proven_image,
    refined,
)
from morsecensus.tasks.runtime.tell import Tell
from morsecensus.tasks.systems.system import System

RADII = (1e-9, 1e-7, 1e-11, 1e-5, 1e-13)
"""Radii of the disks of X in units of sqrt(n); for the multipliers, of the size of the Hessian."""
EXTENDED: tuple[tuple[int, tuple[float, ...]], ...] = (
    (192, (1e-9, 1e-12, 1e-16, 1e-20)),
    (384, (1e-16, 1e-20, 1e-32)),
)
BATCH = 256
"""Points at a time: their matrices fit in a core's cache, which halves the time of 4,096 at n = 16."""

Points = Complex[np.ndarray, "points n"]


@dataclass(frozen=True)
class Enclosures:
    """Complex critical points on the sphere, each within a distance of a center.

    Attributes:
        points: the centers, x alone.
        reach: Euclidean distance within which exactly one solution is proven to lie; inf where nothing is
            proven.
    """

    points: Points
    reach: Float[np.ndarray, " points"]

    @property
    def proven(self) -> Bool[np.ndarray, " points"]:
        return np.isfinite(self.reach)


def on_complex_spheres(system: System, solutions: Complex[np.ndarray, "points unknowns"]) -> Points:
    """The solutions scaled to x_i.x_i = n_i, without their multipliers."""
    x, first = solutions[:, : system.n].astype(complex), 0
    for size in system.spheres:
        part = x[:, first : first + size]
        with np.errstate(all="ignore"):
            part *= np.sqrt(size / np.sum(part**2, axis=1))[:, None]
        first += size
    return x


def prove_points(system: System, points: Points, tell: Tell | None = None) -> Enclosures:
    """Enclose the critical points near these ones, on the complex sphere to about round-off."""
    jets, parts = disks(system), []
    for first in range(0, max(len(points), 1), BATCH):
        if tell is not None:
            tell("complex solutions proven, a half", first, len(points))
        parts.append(_prove_in_disks(system, jets, points[first : first + BATCH]))
    found = Enclosures(
        np.concatenate([part.points for part in parts]), np.concatenate([part.reach for part in parts])
    )
    return _prove_in_balls(system, found)


def _bordered(system: System, jets: DiskJets, x: Disks, mu: Disks) -> tuple[Disks, Disks]:
    """F, shape (points, m), and its Jacobian, shape (points, m, m), at disks (x, mu)."""
    gradient, hessian = jets.jet(x)
    owner = np.repeat(np.arange(len(system.spheres)), system.spheres)
    force = [gradient - mu[:, owner] * x]
    count, n, r = len(x.mid), system.n, len(system.spheres)
    whole = Disks(np.zeros((count, n + r, n + r), dtype=complex), np.zeros((count, n + r, n + r)))
    diagonal = np.zeros((count, n, n), dtype=complex), np.zeros((count, n, n))
    every = np.arange(n)
    diagonal[0][:, every, every], diagonal[1][:, every, every] = mu.mid[:, owner], mu.rad[:, owner]
    shifted = hessian - Disks(*diagonal)
    for source, target, sign in ((x.mid, whole.mid, -1), (x.rad, whole.rad, 1)):
        target[:, every, n + owner] = sign * source
        target[:, n + owner, every] = sign * source
    whole.mid[:, :n, :n], whole.rad[:, :n, :n] = shifted.mid, shifted.rad
    for i, size in enumerate(system.spheres):
        part = x[:, owner == i]
        force.append((Disks.exact(np.full((count, 1), float(size))) - (part * part).total()[:, None]).over(2))
    return joined(force), whole


def bordered_jacobians(system: System, points: Points) -> Complex[np.ndarray, "points m m"]:
    """The Jacobian of F at each point, in doubles, with both blocks scaled to order one."""
    with np.errstate(all="ignore"):
        jets, n = disks(system), system.n
        mu = _multipliers(system, jets, points)
        matrices = _bordered(system, jets, Disks.exact(points), Disks.exact(mu))[1].mid
        # With the multipliers: of a multiple of unity Hess H - mu is rounding alone.
        scale = np.abs(matrices[:, :n, :n]).sum(axis=2).max(axis=1) + np.abs(mu).max(axis=1)
        matrices[:, :n, :n] /= np.where(scale > 0, scale, 1.0)[:, None, None]
        matrices[:, :n, n:] /= np.sqrt(n)
        matrices[:, n:, :n] /= np.sqrt(n)
    return matrices


def _prove_in_disks(system: System, jets: DiskJets, points: Points) -> Enclosures:
    reach = np.full(len(points), np.inf)
    if len(points) == 0:
        return Enclosures(points, reach)
    n = system.n
    with np.errstate(all="ignore"):
        x, mu = points, _multipliers(system, jets, points)
        # One step of Newton's method: multipliers of doubles' points needn't be sharp.
        force, jacobian = _bordered(system, jets, Disks.exact(x), Disks.exact(mu))
        inverse = _inverses(jacobian.mid)
        step = (inverse @ force.mid[:, :, None])[:, :, 0]
        x, mu = x - step[:, :n], mu - step[:, n:]
        force, _ = _bordered(system, jets, Disks.exact(x), Disks.exact(mu))
        moved = (Disks.exact(inverse) @ force[:, :, None])[:, :, 0].modulus()
        scale = np.abs(jacobian.mid[:, :n, :n]).sum(axis=2).max(axis=1)
        units = np.where(np.arange(inverse.shape[1]) < n, np.sqrt(n), scale[:, None])
        for radius in RADII:
            left = np.flatnonzero(~np.isfinite(reach))
            if len(left) == 0:
                break
            image = _image(system, jets, x[left], mu[left], inverse[left], moved[left], radius * units[left])
            inside = (image < radius * units[left]).all(axis=1)
            length = np.linalg.norm(image[:, :n], axis=1) * (1 + 1e-10)
            reach[left[inside]] = length[inside]
    return Enclosures(np.where(np.isfinite(reach)[:, None], x, points), reach)


def _image(
    system: System,
    jets: DiskJets,
    x: Points,
    mu: Complex[np.ndarray, "points spheres"],
    inverse: Complex[np.ndarray, "points m m"],
    moved: Float[np.ndarray, "points m"],
    radii: Float[np.ndarray, "points m"],
) -> Float[np.ndarray, "points m"]:
    """Distances from the center that Krawczyk's image of these disks stays within."""
    n, size = system.n, inverse.shape[1]
    _, jacobian = _bordered(system, jets, Disks(x, radii[:, :n]), Disks(mu, radii[:, n:]))
    defect = Disks.exact(np.broadcast_to(np.eye(size), inverse.shape)) - Disks.exact(inverse) @ jacobian
    shift = (defect.modulus() @ radii[:, :, None])[:, :, 0]
    return (moved + shift) * (1 + 1e-13)


def _multipliers(system: System, jets: DiskJets, x: Points) -> Complex[np.ndarray, "points spheres"]:
    gradient = jets.jet(Disks.exact(x))[0].mid
    ends = np.cumsum(system.spheres)
    products = np.cumsum(x * gradient, axis=1)[:, ends - 1]
    return np.diff(products, axis=1, prepend=0) / np.array(system.spheres)


def _inverses(matrices: Complex[np.ndarray, "points m m"]) -> Complex[np.ndarray, "points m m"]:
    """Approximate inverses; nan for a matrix that has none."""
    finite = np.isfinite(matrices).all(axis=(1, 2))
    found = np.full(matrices.shape, np.nan, dtype=complex)
    try:
        found[finite] = np.linalg.inv(matrices[finite])
    except np.linalg.LinAlgError:
        for row in np.flatnonzero(finite):
            try:
                found[row] = np.linalg.inv(matrices[row])
            except np.linalg.LinAlgError:
                continue
    return found


def _prove_in_balls(system: System, found: Enclosures) -> Enclosures:
    points, reach = found.points.copy(), found.reach.copy()
    for bits, radii in EXTENDED:
        left = np.flatnonzero(~np.isfinite(reach) & np.isfinite(points).all(axis=1))
        if len(left) == 0:
            break
        with precision(bits):
            model = complex_model(system)
            for row in left:
                enclosed = enclose(model, found.points[row], radii)
                if enclosed is not None:
                    points[row], reach[row] = enclosed
    return Enclosures(points, reach)


def enclose(
    model: BorderedModel, point: Complex[np.ndarray, " n"], radii: tuple[float, ...]
) -> tuple[Complex[np.ndarray, " n"], float] | None:
    """A complex critical point near this one, rounded, and a Euclidean distance that it lies within; None
    where nothing is proven.

    Args:
        model: on complex balls.
        radii: half-widths of boxes, in units of sqrt(n).
    """
    scale = float(np.sqrt(model.n))
    try:
        center = refined(model, center_of(model, point))
        value, jacobian = model.jet(center)
        inverse = midpoints(model, jacobian.inv())
    except ZeroDivisionError:
        return None
    moved = center - inverse * value
    for radius in radii:
        image = proven_image(model, center, moved, inverse, radius * scale)
        if image is not None:
            rounded = np.array([complex(center[a, 0]) for a in range(model.n)])
            off = [abs(image[a, 0] - model.scalar(value)) for a, value in enumerate(rounded.tolist())]
            return rounded, float(sum(float(part.upper()) for part in off)) * (1 + 1e-10)
    return None
