"""Results of one landscape: the numbers, and four lines for a physicist who looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morsecensus.pipeline.commands.census import LOW_INDEX, bottom_verdict, level_rows
from morsecensus.pipeline.commands.enumerate import topology_verdict, verdict

if TYPE_CHECKING:
    from morsecensus.tasks.landscapes.base import Landscape
    from morsecensus.tasks.points.census import Census

SHOWN_INDICES = 6


def by_index_text(counts: NDArray[np.int64] | list[int]) -> str:
    """Return the counts of a few indices, lowest first."""
    shown = ", ".join(f"{k}: {int(count)}" for k, count in enumerate(counts[:SHOWN_INDICES]))
    return f"by index {shown}{', ...' if len(counts) > SHOWN_INDICES else ''}"


@dataclass(frozen=True, eq=False, repr=False)
class LandscapeCensus:
    """The critical points of one landscape, as far as a finder found them.

    Attributes:
        what: model, parameters, seed and number in words.
        finder: its name.
        landscape, couplings: the landscape itself: ``landscape.value(couplings, x)``.
        points: on the manifold, all symmetric images, shape (points, ambient), lowest energy first.
        energy: per spin, shape (points,).
        index: Morse index, shape (points,).
        found: the finder's own result, with the ledger: which checks passed, what may be missing.
        record: as ``morsecensus census --json`` prints it, but for the time that it took.
    """

    what: str
    finder: str
    landscape: "Landscape"
    couplings: Any
    points: NDArray[np.float64]
    energy: NDArray[np.float64]
    index: NDArray[np.int64]
    found: "Census"
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by_index(self) -> NDArray[np.int64]:
        """Numbers of points, Morse index 0 first."""
        return np.asarray(self.found.ledger.points_by_index)

    @property
    def complete(self) -> bool:
        """Whether the ledger has no doubt that these are all."""
        return self.status == "complete"

    @property
    def status(self) -> str:
        """Complete, open or failed."""
        from morsecensus.tasks.measurables.words import STATUSES

        return STATUSES[self.found.ledger.status]

    @property
    def reason(self) -> str:
        """Why it has this status."""
        from morsecensus.tasks.measurables.words import REASONS

        return REASONS[self.found.ledger.reason]

    def __repr__(self) -> str:
        if self.finder == LOW_INDEX:
            return "\n".join((f"census of {self.what}", *_bottom_lines(self.record)))
        total = int(self.by_index.sum())
        energies = "none"
        if len(self.energy):
            energies = f"{self.energy[0]:.6g} to {self.energy[-1]:.6g}"
        lines = (
            f"census of {self.what}",
            f"{total} critical points by {self.finder}, {by_index_text(self.by_index)}",
            f"energies per spin: {energies}",
            f"{self.status} ({self.reason.replace('_', ' ')})",
        )
        return "\n".join(lines)


def _bottom_lines(record: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a search of low indices found: points and energies of the indices sought, and the verdict."""
    rows = level_rows(record)
    counts = by_index_text([row["points"] for row in rows])
    images = ", and their images at -E" if record["odd"] else ""
    bands = ", ".join(
        f"{row['index']}: {row['lowest E']:.6g} to {row['highest E']:.6g}"
        for row in rows[:SHOWN_INDICES]
        if row["lowest E"] is not None
    )
    return (
        f"{sum(row['points'] for row in rows)} critical points by {LOW_INDEX}, {counts}{images}",
        f"energies per spin by index {bands}" if bands else "energies per spin: none",
        "; ".join(bottom_verdict(record)),
    )


@dataclass(frozen=True, eq=False, repr=False)
class Enumeration:
    """Every critical point of one landscape, and what it rests on that these are all.

    Attributes:
        record: as ``morsecensus enumerate --points --json`` prints it.
    """

    what: str
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Number of critical points on the whole manifold."""
        return self.record["total"]

    @property
    def by_index(self) -> NDArray[np.int64]:
        """The same by Morse index, 0 first."""
        return np.array(self.record["by_index"], dtype=np.int64)

    @property
    def complete(self) -> bool:
        """Whether as many complex solutions were found as there can be."""
        return self.record["complete"]

    @property
    def points(self) -> NDArray[np.float64]:
        """Positions, lowest energy first, shape (points, ambient)."""
        return np.array([point["position"] for point in self.record["points"]], dtype=np.float64)

    @property
    def energy(self) -> NDArray[np.float64]:
        """Per spin, shape (points,)."""
        return np.array([point["energy"] for point in self.record["points"]], dtype=np.float64)

    @property
    def index(self) -> NDArray[np.int64]:
        """Morse index, shape (points,)."""
        return np.array([point["index"] for point in self.record["points"]], dtype=np.int64)

    def __repr__(self) -> str:
        first, second, *_ = verdict(self.record)
        counts = f"{self.total} critical points, {by_index_text(self.record['by_index'])}"
        return "\n".join((f"enumeration of {self.what}", counts, first, second))


@dataclass(frozen=True, eq=False, repr=False)
class Persistence:
    """Persistent homology of the sublevel sets {H/N <= u} of one landscape.

    Attributes:
        record: as ``morsecensus topology --json`` prints it.
    """

    what: str
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pairs(self) -> list[dict[str, Any]]:
        """Birth and death of each class: dim, birth, death (None: never), birth_id, death_id."""
        return self.record["pairs"]

    @property
    def outcome(self) -> str:
        """Certified, unresolved, contradicted or refused."""
        return self.record["outcome"]

    def __repr__(self) -> str:
        forever = sum(pair["death"] is None for pair in self.pairs)
        lines = (
            f"topology of {self.what}",
            f"{sum(self.record['counts'])} critical points, {by_index_text(self.record['counts'])}",
            f"{len(self.pairs)} classes are born, {forever} never die",
            topology_verdict(self.record)[0],
        )
        return "\n".join(lines)
