"""A study as the user writes it in TOML: validated, expanded into cells, refused with one line."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.plugins import is_known
from morsecensus.pipeline.study.about import About
from morsecensus.pipeline.study.cells import MAX_CELLS, StudyCell
from morsecensus.pipeline.study.census import census_cells
from morsecensus.pipeline.study.checked import NAME, Checked, meant, validated
from morsecensus.pipeline.study.escapes import escapes_cells
from morsecensus.pipeline.study.flow import flow_cells, threshold_cells
from morsecensus.pipeline.study.networks import NETWORKS, network_cells
from morsecensus.pipeline.study.shares import shares_cells
from morsecensus.pipeline.study.trajectories import TRAJECTORIES, trajectory_cells
from morsecensus.tasks.landscapes.registry import MODELS

MAX_BYTES = 2**17
MAX_KEY_PARTS = 16
"""The parser takes time that grows with the square of a key's parts, as in a.b.c."""
# Also seen inside texts and comments, where nobody writes so many. Without the look-behind, a long word
# would be tried from each of its letters.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MAX_KEY_PARTS}}}", re.ASCII)


def _name(value: object) -> object:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError(f"got {shown(value)}, allowed: 1 to 64 letters, digits, '.', '_' or '-'")
    return value


class Head(Checked):
    """A study without what its tables say."""

    name: Annotated[str, BeforeValidator(_name)]
    """Of the study, and of its store: runs/<name>."""
    seed: int = Field(ge=0, lt=2**63)
    """Everything random follows from it."""
    cells: list[dict[str, Any]] | None = Field(default=None, min_length=1, max_length=MAX_CELLS)
    trajectories: list[dict[str, Any]] | None = Field(default=None, min_length=1, max_length=MAX_CELLS)
    networks: list[dict[str, Any]] | None = Field(default=None, min_length=1, max_length=MAX_CELLS)
    about: About = Field(default_factory=About)
    """Who made it, how it may be used: what a published dataset says of itself."""


TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "cells": ("census", ("census", "flow", "threshold", "shares", "escapes")),
    TRAJECTORIES: (TRAJECTORIES, (TRAJECTORIES,)),
    NETWORKS: (NETWORKS, (NETWORKS,)),
}
"""Lists of tables of a study -> the body of a table that names none, and those that it may name."""
CELLS: Mapping[str, Callable[..., Iterator[StudyCell]]] = {
    "census": census_cells,
    "flow": flow_cells,
    "threshold": threshold_cells,
    "shares": shares_cells,
    "escapes": escapes_cells,
    TRAJECTORIES: trajectory_cells,
}
"""Body, as studies call it -> the cells of one of its tables."""


@dataclass(frozen=True)
class Study:
    """A validated study."""

    name: str
    seed: int
    cells: tuple[StudyCell, ...]
    source: str = "study"
    about: About = field(default_factory=About)

    def to_record(self) -> dict[str, Any]:
        """Return the study in normal form, as run.json keeps it."""
        record = {"name": self.name, "seed": self.seed, "cells": [cell.to_record() for cell in self.cells]}
        about = self.about.to_record()
        return record | ({"about": about} if about else {})


def read_study(path: Path) -> Study:
    """Read a study; raises UsageError, one line, for everything that may be wrong with it."""
    return parse_study(read_toml(path), str(path), path.parent)


def read_toml(path: Path) -> dict[str, Any]:
    """Read the tables of a study's file, unchecked; raises UsageError for what isn't TOML or is too large."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot read the study: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: got more than {MAX_BYTES} bytes, allowed: a study of at most that size")
    try:
        text = data.decode()
        if _LONG_KEY.search(text):
            raise ValueError(f"a key of more than {MAX_KEY_PARTS} parts")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not TOML: {' '.join(str(error).split())[:200]}") from error


def parse_study(content: Mapping[str, Any], source: str = "study", folder: Path = Path()) -> Study:
    """Return the study of a dictionary such as TOML gives; raises UsageError.

    Args:
        source: what messages call it.
        folder: where relative names of files begin.
    """
    head = validated(Head, content, source, "")
    cells: list[StudyCell] = []
    seen: dict[str, str] = {}
    tables = [
        (kind, number, table) for kind in TABLES for number, table in enumerate(getattr(head, kind) or [])
    ]
    if not tables:
        raise UsageError(f"{source}: cells: missing, allowed: one or more tables {_listed()}")
    for kind, number, table in tables:
        where = f"{kind}[{number}]"
        of_kind = getattr(head, kind)
        for cell in cells_of(kind, table, of_kind, head.seed, f"{source}: {where}", where, folder):
            key = repr((cell.body, sorted(cell.spec.items(), key=str)))
            if key in seen:
                raise UsageError(
                    f"{source}: {where}: the same cell as in {seen[key]}, allowed: each one once"
                )
            seen[key] = where
            cells.append(cell)
            if len(cells) > MAX_CELLS:
                raise UsageError(f"{source}: cells: got more than {MAX_CELLS}, allowed: at most {MAX_CELLS}")
    return Study(head.name, head.seed, tuple(cells), source, head.about)


def _listed() -> str:
    return " or ".join(f"[[{kind}]]" for kind in TABLES)


def cells_of(
    kind: str,
    table: dict[str, Any],
    others: Sequence[Any],
    seed: int,
    source: str,
    where: str,
    folder: Path,
) -> Iterator[StudyCell]:
    """Yield the cells of one table; raises UsageError.

    Args:
        others: all tables of its kind, unchecked.
    """
    if kind == NETWORKS:
        yield from network_cells(table, others, seed, source, where, folder)
        return
    usual, allowed = TABLES[kind]
    model, body = table.get("model", "pspin"), table.get("body", usual)
    if not isinstance(model, str) or not is_known(model):
        known = ", ".join(sorted(MODELS))
        raise UsageError(f"{source}.model: got {shown(model)}, allowed: {known}{meant(model, MODELS)}")
    if not isinstance(body, str) or body not in allowed:
        known = ", ".join(allowed)
        raise UsageError(f"{source}.body: got {shown(body)}, allowed: {known}{meant(body, allowed)}")
    yield from CELLS[body](table, model, seed, source, where, folder)
