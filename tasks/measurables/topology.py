"""What is known of how the points of a landscape connect: verdicts, boundary matrices, persistence pairs."""

from typing import Any

import numpy as np

from morsecensus.tasks.measurables.base import BY_INDEX, Found, Measurable, Reader, Table, count, flag, number
from morsecensus.tasks.measurables.words import CHECKS, REFUSED, TOPOLOGIES


def _topology(name: str) -> Reader:
    return lambda found: getattr(found.topology, name)


_ON: dict[str, Any] = {"option": "topology"}

VERDICTS = (
    flag("topology", "outcome of the topology", _topology("outcome"), TOPOLOGIES, failed=REFUSED, **_ON),
    count(
        "n_connections",
        "gradient lines between critical points, from both ends",
        _topology("connections"),
        **_ON,
    ),
    count("n_loops", "saddles joined twice to one extremum, at both ends", _topology("loops"), **_ON),
    count(
        "n_unresolved_lines",
        "branches and intervals that are not resolved",
        _topology("unresolved"),
        **_ON,
    ),
    count("n_unresolved_saddles", "saddles that these belong to", _topology("unresolved_saddles"), **_ON),
    Measurable(
        "exact_degree",
        "i1",
        "homology known in this degree",
        lambda found: found.topology.exact.astype(np.int8),
        BY_INDEX,
        fill=0,
        **_ON,
    ),
    flag(
        "homology_check",
        "homology of the complex against that of the sphere, by degree",
        _topology("homology"),
        CHECKS,
        dims=BY_INDEX,
        **_ON,
    ),
    flag("square_check", "boundary of a boundary", _topology("square"), CHECKS, **_ON),
    flag(
        "dual_check",
        "boundaries from H against those from -H, where both know them",
        _topology("dual"),
        CHECKS,
        **_ON,
    ),
)

ARC = Table(
    "arc",
    "arc",
    (
        Measurable("degree", "i2", "Morse index of the upper point", lambda found: found.arcs[:, 0]),
        count("upper", "upper point, by its row within the landscape", lambda found: found.arcs[:, 1]),
        count("lower", "lower point, by its row within the landscape", lambda found: found.arcs[:, 2]),
    ),
    count="arc_size",
    instance="arc_landscape",
    prefix="arc_",
    option="topology",
)
"""Entries of the boundary matrices over Z/2: points of neighbouring index that an odd number of gradient
lines joins."""


def _birth(found: Found) -> Any:
    return found.topology.complex.energy[found.topology.pairs.birth]


def _death(found: Found) -> Any:
    death = found.topology.pairs.death
    return np.where(death < 0, np.nan, found.topology.complex.energy[death])


PAIR = Table(
    "pair",
    "pair",
    (
        Measurable("dim", "i2", "degree of the homology class", lambda found: found.topology.pairs.dim),
        number("birth", "energy per spin at which it is born", _birth, portable=True),
        number("death", "energy per spin at which it dies; nan: never", _death, portable=True, optional=True),
        count(
            "birth_row",
            "point at which it is born, by its row within the landscape",
            lambda found: found.topology.pairs.birth,
        ),
        count(
            "death_row",
            "point at which it dies, by its row within the landscape; -1: never",
            lambda found: found.topology.pairs.death,
            optional=True,
        ),
    ),
    count="pair_size",
    instance="pair_landscape",
    prefix="pair_",
    option="topology",
)
"""Persistence pairs of the sublevel sets {H/N <= u}."""
