"""Block bodies by name, each with a ``describe`` beside its function for planning.

Ours have a word in studies and a name in stores: the name is part of what a cell is, so it stays, wherever
the function moves. Any other name is ``package.module:function``.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from morsecensus.pipeline.errors import UsageError, shown

DEFAULT_BODY = "tasks.block:run_block"
"""The name that stores record, so that they are the same whatever the package is called."""


@dataclass(frozen=True)
class Body:
    """A body of ours.

    Attributes:
        recorded: its name in stores.
        module: where its ``describe(spec)`` and ``run_block(spec, block, scatter)`` are.
        unit: what one of its results is of, for people.
        points: whether it looks for critical points.
    """

    recorded: str
    module: str
    unit: str = "landscapes"
    points: bool = True


BODIES = {
    "census": Body(DEFAULT_BODY, "morsecensus.tasks.block"),
    "flow": Body("flow", "morsecensus.tasks.bodies.flow"),
    "threshold": Body("threshold", "morsecensus.tasks.bodies.threshold", points=False),
    "shares": Body("shares", "morsecensus.tasks.bodies.shares", "training runs", points=False),
    "escapes": Body("escapes", "morsecensus.tasks.bodies.escapes"),
    "trajectories": Body("trajectories", "morsecensus.tasks.bodies.trajectories", points=False),
    "networks": Body("networks", "morsecensus.tasks.bodies.networks", "training runs", points=False),
}
"""By the word for them in studies."""
PLACES = {body.recorded: f"{body.module}:run_block" for body in BODIES.values()}
OURS = "tasks."
_NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Description:
    """What a body says of its cell before anything runs.

    ``rows_bound`` is a provable bound on the rows of one block, ``memory_bytes`` what one task needs at most,
    ``tables`` are what a block returns, as `storage.tables.read_tables` takes them, with the ``sizes`` of
    their dimensions; ``version`` changes when the same spec gives other results; ``attrs`` are what a dataset
    should say of the cell beside its spec; ``label`` is what a plan calls it, if not by finder or body;
    ``budget`` is what a landscape may take, in units of what it is likely to take until it closes. Unknown
    expectations are None.
    """

    rows_bound: int
    memory_bytes: int
    sizes: Mapping[str, int]
    tables: Sequence[Mapping[str, Any]] = ()
    chunk_rows: int = 4096
    expected_points: float | None = None
    seconds_per_landscape: float | None = None
    budget: float | None = None
    version: int = 1
    label: str | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)


def load(name: str, attribute: str | None = None) -> Callable[..., Any]:
    """Return the function of a name, or another attribute of its module."""
    name = PLACES.get(name, name)
    if not _NAME.fullmatch(name):
        allowed = f"{', '.join(PLACES)}, or package.module:function"
        raise UsageError(f"body: got {shown(name)}, allowed: {allowed}")
    module, _, function = name.partition(":")
    place = f"morsecensus.{module}" if module.startswith(OURS) else module
    try:
        return getattr(importlib.import_module(place), attribute or function)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"body: cannot import {name}: {error}") from error


def word_of(body: str) -> str:
    """Return what studies call a body of ours, and the name of any other."""
    return next((word for word, known in BODIES.items() if known.recorded == body), body)


def unit_of(bodies: Iterable[str]) -> str:
    """Return what the results of some bodies, by their recorded names, are of: landscapes, training runs."""
    known = {body.recorded: body.unit for body in BODIES.values()}
    return " and ".join(sorted({known.get(body, "landscapes") for body in bodies})) or "landscapes"


def looks_for_points(body: str) -> bool:
    """Whether a body, by its recorded name, looks for critical points."""
    return next((known.points for known in BODIES.values() if known.recorded == body), True)


def describe(body: str, spec: Mapping[str, Any]) -> Description:
    """Ask a body about a cell; JAX is not imported for this. Raises UsageError if the cell is impossible."""
    try:
        answer = load(body, "describe")(dict(spec))
    except (ValueError, OverflowError) as error:
        raise UsageError(" ".join(str(error).split())) from error
    known = Description.__dataclass_fields__
    return Description(**{key: value for key, value in answer.items() if key in known})
