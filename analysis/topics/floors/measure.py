"""How far the ground state lies below the floor of the minima: E_0/E_inf against N.

Both are of order one per spin and 1% to 6% apart, which is the narrow band that minima of landscapes crowd
into. For the r-partite form on equal spheres the ratio of the limits is that of the pure r-spin (the
complexities are the same function of the energy over sqrt(r), see `analysis.theory.models.partite.theory`):
so the ratio that L. Sagun, V. U. Guney, G. Ben Arous and Y. LeCun (arXiv:1412.6615) saw holds, at the level
of means. At finite N the lowest energy is well above, even above the floor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.topics.rows import head

FEWEST_SIZES = 2
"""A study shows the ratio if one model has this many N."""


@dataclass(frozen=True, eq=False)
class Floors:
    """Families with a known floor -E_inf and ground state -E_0."""

    families: tuple[FamilyResult, ...]


def floor_and_ground(family: FamilyResult) -> tuple[float, float] | None:
    """E_inf and E_0 per spin, both positive; None where one is unknown."""
    found = family.limits
    if found is None or found["E_inf"] is None or found["E_0"] is None or found["trivial"]:
        return None
    return float(found["E_inf"]), float(found["E_0"])


def find(families: Sequence[FamilyResult]) -> Floors | None:
    """The families that have both limits; None unless one of them has several N."""
    known = tuple(family for family in families if floor_and_ground(family) is not None)
    sizes = [{cell.n for cell in family.cells if cell.lowest["energy"].size} for family in known]
    return Floors(known) if any(len(n) >= FEWEST_SIZES for n in sizes) else None


def floor_rows(found: Floors) -> list[Row]:
    """One row per cell: the mean lowest energy over the floor, measured, by the first-moment law, and the
    limit."""
    rows = []
    for family in found.families:
        limits = floor_and_ground(family)
        assert limits is not None
        floor, ground = limits
        for result in family.cells:
            data, law = result.lowest, result.ground_state
            if not data["energy"].size:
                continue
            row = head(result.cell) | {"finder": family.finder, "spins": result.cell.spins}
            row |= {"landscapes": int(data["landscapes"]), "complete": float(result.counts["closed"][0])}
            row |= {"lowest": float(data["mean"]), "ratio": -float(data["mean"]) / floor}
            row |= {"ratio_se": float(data["se"]) / floor}
            row |= {"first_moment": None if law is None else -law.mean / floor}
            rows.append(row | {"floor": -floor, "ground_state": -ground, "limit": ground / floor})
    return rows
