"""The bias audit of multistart: its cells beside an enumerated cell of the same landscapes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.dataset.cells import Cell, Family, finder_labels
from morsecensus.analysis.dataset.in_common import Ints, numbers_of
from morsecensus.analysis.topics.audit.calibration import Calibration, calibrate
from morsecensus.analysis.topics.audit.hits import HitBias, measure_hits
from morsecensus.analysis.topics.audit.matching import (
    Joined,
    Points,
    first_landscapes,
    join,
    read_points,
)
from morsecensus.analysis.topics.audit.naive import NaiveAverage, naive_averages
from morsecensus.analysis.topics.audit.recall import COMPLETE, Claims, Recall, check_claims, estimate_recall
from morsecensus.tasks.measurables.words import ERROR, REASONS

ENUMERATED = REASONS.index("enumerated")
AUDITED = "multistart"
MOST_POINTS = 2**22
"""Of one cell in memory, in whole landscapes. Arbitrary: about 1 GB with everything made of them."""


@dataclass(frozen=True, eq=False)
class Audited:
    """One multistart cell against the truth. ``budget`` names it in figures and tables."""

    cell: Cell
    budget: str
    landscapes: int
    starts: float
    extra: int
    recall: tuple[Recall, ...]
    claims: Claims
    naive: tuple[NaiveAverage, ...]
    calibration: Calibration | None

    @property
    def n(self) -> int:
        """Number of spins N."""
        return self.cell.n


@dataclass(frozen=True, eq=False)
class AuditedSize:
    """All multistart cells of one N, and the hits of the one with the most starts, the ``reference``.

    ``enumerated`` of the truth's ``landscapes`` are complete because every point was enumerated; of these the
    first ``audited`` ones count, as many as memory likes.
    """

    n: int
    truth: Cell
    landscapes: int
    enumerated: int
    audited: int
    points: int
    cells: tuple[Audited, ...]
    reference: str
    hits: HitBias | None


@dataclass(frozen=True, eq=False)
class Audit:
    """The audit of one model and its parameters; ``budgets`` in the order of their starts.

    ``apart``: pairs of cells, an enumerated one and one of multistart, that have no landscape in common: in
    what is committed of an unfinished run they may hold other blocks.
    """

    family: Family
    budgets: tuple[str, ...]
    sizes: tuple[AuditedSize, ...]
    apart: tuple[tuple[Cell, Cell], ...] = ()


def audit_cells(cells: Iterable[Cell]) -> list[Audit]:
    """Audit every family that has an enumerated cell and multistart cells of the same landscapes."""
    groups: dict[tuple[Family, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.family, str(cell.stored.attrs.get("seed", ""))), []).append(cell)
    audits = (_audit_family(family, group) for (family, _), group in groups.items())
    return [audit for audit in audits if audit.sizes or audit.apart]


def enumerated_landscapes(cell: Cell) -> np.ndarray:
    """Landscapes whose every point is known, shape (landscapes,)."""
    data = cell.stored
    return (data["status"].values == COMPLETE) & (data["reason"].values == ENUMERATED)


def _audit_family(family: Family, cells: Sequence[Cell]) -> Audit:
    audited = [cell for cell in cells if cell.finder_name == AUDITED]
    budgets = budget_labels(audited)
    sizes, apart = [], []
    for n in sorted({cell.n for cell in audited}):
        known = {c.name: int(enumerated_landscapes(c).sum()) for c in cells if c.n == n}
        truth = max((c for c in cells if c.n == n), key=lambda c: known[c.name])
        if known[truth.name]:
            own = [c for c in audited if c.n == n and c is not truth]
            size = _audit_size(truth, own, budgets)
            sizes += [size] if size.cells else []
            met = {audited.cell.name for audited in size.cells}
            apart += [(truth, cell) for cell in own if cell.name not in met]
    starts = {a.budget: a.starts for size in sizes for a in size.cells}
    return Audit(family, tuple(sorted(starts, key=lambda name: starts[name])), tuple(sizes), tuple(apart))


def _audit_size(truth: Cell, cells: Sequence[Cell], budgets: Mapping[str, str]) -> AuditedSize:
    enumerated = enumerated_landscapes(truth)
    kept = first_landscapes(truth, enumerated, MOST_POINTS)
    points = read_points(truth, kept)
    joined = [join(points, cell, _computed_points(cell, points.ids)) for cell in cells]
    joined = [one for one in joined if one.truth.landscapes]
    reference = max(joined, key=_effort, default=None)
    return AuditedSize(
        truth.n,
        truth,
        len(kept),
        int(enumerated.sum()),
        int(kept.sum()),
        len(points.owner),
        tuple(_audit_cell(one, reference, budgets) for one in joined),
        "" if reference is None else reference.cell.name,
        None if reference is None else measure_hits(reference),
    )


def _computed_points(cell: Cell, wanted: Ints) -> Points:
    """Of the landscapes that are wanted, by their numbers, and were computed here."""
    computed = cell.stored["reason"].values != ERROR
    return read_points(cell, computed & np.isin(numbers_of(cell.stored), wanted))


def _effort(joined: Joined) -> tuple[bool, float]:
    """Order of references: a fixed number of starts before one that stops by itself, then by starts."""
    starts: Ints = joined.column("n_starts")
    return bool((starts == starts[0]).all()), float(starts.mean())


def _audit_cell(joined: Joined, reference: Joined | None, budgets: Mapping[str, str]) -> Audited:
    return Audited(
        joined.cell,
        budgets[joined.cell.finder],
        joined.truth.landscapes,
        float(joined.column("n_starts").mean()),
        int(joined.extra.sum()),
        tuple(estimate_recall(joined)),
        check_claims(joined),
        tuple(naive_averages(joined)),
        calibrate(joined, None if reference is joined else reference),
    )


def budget_labels(cells: Sequence[Cell]) -> dict[str, str]:
    """Short names of multistart's budgets: finder text -> "64 starts", or "until closed" where it may stop
    early. Where two would be called the same, their options tell them apart."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.finder, []).append(cell)
    labels = {finder: _budget(group) for finder, group in groups.items()}
    long = finder_labels(cells)
    names = list(labels.values())
    return {
        finder: label if names.count(label) == 1 else f"{label} ({long[finder]})"
        for finder, label in labels.items()
    }


def _budget(cells: Sequence[Cell]) -> str:
    options = cells[0].finder_options
    most = options.get("max_rounds")
    rounds = np.concatenate([c.stored["n_rounds"].values[c.stored["reason"].values != ERROR] for c in cells])
    if most is None or (rounds != most).any():
        return "until closed"
    return f"{most * options['starts_per_round']:,} starts"
