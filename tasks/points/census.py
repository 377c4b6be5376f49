"""The result of a finder on one landscape, and its expansion from classes to points of the whole manifold."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from morsecensus.tasks.geometry.manifolds import Manifold
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.classify import CriticalPoints
from morsecensus.tasks.points.ledger import Evidence, Ledger
from morsecensus.tasks.points.orbits import orbit_evidence
from morsecensus.tasks.points.strata import stratum_sums


@dataclass(frozen=True)
class Classes:
    """Distinct critical points and degenerate sets up to the landscape's symmetry, with how often independent
    starts hit each.

    Attributes:
        members: which images of each class under the symmetry are others than those before; None if all are,
            as it is of points under sign changes.
    """

    points: CriticalPoints
    hits: Int[np.ndarray, " classes"]
    members: Bool[np.ndarray, "classes group"] | None = None

    @classmethod
    def none(cls, manifold: Manifold) -> "Classes":
        return cls(CriticalPoints.none(manifold), np.zeros(0, dtype=np.int64))

    @classmethod
    def join(cls, parts: "list[Classes]") -> "Classes":
        """The classes of all parts, of which there is one at least."""
        groups = {part.members.shape[1] for part in parts if part.members is not None}
        return cls(
            CriticalPoints.join([part.points for part in parts]),
            np.concatenate([part.hits for part in parts]),
            np.concatenate([part.separate(max(groups)) for part in parts]) if groups else None,
        )

    def take(self, rows: Int[np.ndarray, " rows"]) -> "Classes":
        """The classes of these rows."""
        members = None if self.members is None else self.members[rows]
        return Classes(self.points.take(rows), self.hits[rows], members)

    def separate(self, group: int) -> Bool[np.ndarray, "classes group"]:
        """`members`, spelt out for a group of this size."""
        return np.ones((len(self.hits), group), dtype=bool) if self.members is None else self.members


@dataclass(frozen=True)
class PathBooks:
    """What a homotopy counted.

    Attributes:
        paths: how many were followed: one for each complex solution, or a sample of them.
        distinct: solutions that they ended at.
        retries: paths that were followed again because they failed or shared their endpoint.
        unresolved: paths that are open at the end.
        jumps: sampled paths whose two runs, of different care, ended at different solutions; -1 for
            enumeration, where a jump is seen by its twin and repaired.
        proven: complex solutions that are proven to exist and to differ; -1 where nobody tried. As many as
            there are paths of an enumeration prove that none is missing.
        singular: of the unresolved, paths that end at singular solutions (multiple ones, continuous sets).
        infinite: of the unresolved, paths that run to infinity.
    """

    paths: int
    distinct: int
    retries: int
    unresolved: int
    jumps: int = -1
    proven: int = -1
    singular: int = 0
    infinite: int = 0


@dataclass(frozen=True)
class Interval:
    """A number or a share with its limits; nan where there is no estimate."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class SampledCounts:
    """What a uniform sample of paths says of the whole manifold, and of the share of it that a census has.

    Attributes:
        hits: sampled paths that ended at each class, shape (classes,).
        number: critical points, both signs counted; two-sided at 95%.
        number_by_index: the same for each Morse index.
        recall: share of the points that the census had before the sample; each limit at 95%.
        recall_by_index: the same for each Morse index.
    """

    hits: Int[np.ndarray, " classes"]
    number: Interval
    number_by_index: tuple[Interval, ...]
    recall: Interval
    recall_by_index: tuple[Interval, ...]


@dataclass(frozen=True)
class Bottom:
    """What a search of low indices says, index by index.

    Attributes:
        hits_below: of each class, from known points; its other hits are those of descents.
        state: of each index, one of INDEX_STATES, -1 where it wasn't sought.
        recapture: number of points of each index, from what descents saw and what the other way saw.
        components: parts of the graph of minima that saddles of index 1 join; -1 if that wasn't asked.
    """

    hits_below: Int[np.ndarray, " classes"]
    state: Int[np.ndarray, " index"]
    recapture: tuple[Interval, ...]
    components: int


@dataclass(frozen=True)
class Census:
    """What a finder found: classes, the ledger's verdict, outcomes of all starts and the number of rounds.

    A homotopy adds its books, its sample where it sampled, and for each class the half-width of a box around
    it that is proven to hold one critical point, in units of sqrt(ambient): 0 where that isn't proven, nan
    where nobody tried.
    """

    landscape: Landscape
    classes: Classes
    ledger: Ledger
    outcomes: Int[np.ndarray, " outcome"]
    rounds: int
    books: PathBooks | None = None
    certified_radius: Float[np.ndarray, " classes"] | None = None
    sample: SampledCounts | None = None
    bottom: Bottom | None = None

    def points(self) -> tuple[CriticalPoints, Int[np.ndarray, " points"]]:
        """All points of the manifold in canonical order (energy, then position), and the class of each; one
        representative of each critical manifold."""
        found = self.classes.points
        rows = np.arange(len(self.classes.hits))
        symmetry = self.landscape.symmetry
        images = symmetry.orbit(found.points).reshape(symmetry.size, *found.points.shape)
        for image, energy in list(zip(images, symmetry.energies(), strict=True))[1:]:
            found = found.extend(_image(self.classes.points, image, energy, self.landscape))
        rows = np.tile(rows, symmetry.size)
        own = np.flatnonzero(self.classes.separate(symmetry.size).T.reshape(-1))
        # Energies of images tie exactly where H is even: the coordinates decide.
        order = own[np.lexsort((*found.points[own].T[::-1], found.energy[own]))]
        return found.take(order), rows[order]


def _image(
    found: CriticalPoints, image: Float[np.ndarray, "points ambient"], energy: int, landscape: Landscape
) -> CriticalPoints:
    """The points where an element takes them that multiplies H by ``energy``, with all that follows."""
    odd = energy < 0
    spectrum: Float[np.ndarray, "points dimension"] = -found.spectrum[:, ::-1] if odd else found.spectrum
    return replace(
        found,
        points=image,
        energy=energy * found.energy,
        index=landscape.manifold.dimension - found.index - found.nullity if odd else found.index,
        spectrum=spectrum,
        radial_derivative=energy * found.radial_derivative,
    )


def evidence_of(landscape: Landscape, classes: Classes, couplings: Couplings = None) -> Evidence:
    """What the ledger is told of classes; of the strata of a symmetry only with the couplings."""
    manifold, symmetry = landscape.manifold, landscape.symmetry
    return Evidence(
        classes.hits,
        classes.points.index,
        classes.points.degenerate,
        symmetry.size,
        symmetry.odd,
        manifold.dimension,
        manifold.euler_characteristic,
        landscape.complex_points,
        orbit_evidence(symmetry.orbits, classes.points),
        landscape.generic_points,
        None if classes.members is None else classes.members.sum(axis=1),
        () if couplings is None else stratum_sums(landscape, couplings, classes.points),
    )


def points_of(found: CriticalPoints, exponent: int) -> CriticalPoints:
    """Critical points of 2^exponent H from those of H."""
    return replace(
        found,
        energy=np.ldexp(found.energy, exponent),
        spectrum=np.ldexp(found.spectrum, exponent),
        radial_derivative=np.ldexp(found.radial_derivative, exponent),
        gradient_norm=np.ldexp(found.gradient_norm, exponent),
    )


def census_of(census: Census, exponent: int) -> Census:
    """The census of 2^exponent H from that of H."""
    classes = replace(census.classes, points=points_of(census.classes.points, exponent))
    return replace(census, classes=classes)
