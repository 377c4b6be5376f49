"""What a study will cost, and the layout of its cells: before anything runs."""

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.study.inputs import first_change, has_grown
from morsecensus.pipeline.study.study import Study, StudyCell
from morsecensus.pipeline.worker.bodies import Description, describe, unit_of, word_of
from morsecensus.storage.errors import StoreError
from morsecensus.storage.layout import CellLayout, Generation, Manifest, cell_name
from morsecensus.storage.seals import canonical, digest
from morsecensus.storage.store import check_same
from morsecensus.storage.tables import read_tables
from morsecensus.tasks.finders.choose import FINDERS

MAX_ROWS = 2**62
FILE_BYTES = 4096
"""A small file costs a block of the file system; most objects of a block are that small."""
STREAM_FILES, DATASET_FILES = 3, 4
"""Metadata and folders of an array of the stream, and of one of the dataset with its one or few chunks."""
THEORY_OVERHEAD, THEORY_EFFORT = 40, 10**6
"""The exact mean takes about 0.4 us (n + 40)^2 (measured); where a study's add up to more than this effort,
its rough expectations stay."""
COMPRESSED = 0.9
"""Size after compression of random doubles with their sign and exponent: arbitrary but typical."""


@dataclass(frozen=True)
class PlannedCell:
    """A cell with its layout and what its body says of it."""

    layout: CellLayout
    description: Description
    finder_choice: str | None = None

    @property
    def seconds(self) -> float | None:
        """Expected seconds on one worker."""
        each = self.description.seconds_per_landscape
        return None if each is None else each * self.layout.padded

    @property
    def points(self) -> float | None:
        """Expected number of points over all landscapes."""
        each = self.description.expected_points
        return None if each is None else each * self.layout.padded

    @property
    def disk_bytes(self) -> int:
        """Estimated disk space: files and folders of the stream and of the dataset, plus rows in both."""
        cell = self.layout
        arrays = sum(len(table.streamed) for table in cell.tables) + 1
        width = sum(
            column.little_endian.itemsize * _product(column.shape(cell.sizes))
            for table in cell.ragged or cell.tables
            for column in table.streamed
        )
        # The mean of the theory is no bound: a finder with a small budget has fewer, a large n far more.
        rows = min(self.points or 0.0, cell.rows_bound * cell.blocks) if cell.ragged else cell.padded
        files = arrays * (cell.blocks + STREAM_FILES + DATASET_FILES)
        return int(files * FILE_BYTES + 2 * COMPRESSED * rows * width)


@dataclass(frozen=True)
class Plan:
    """A study with the layout of each of its cells, in study order."""

    study: Study
    cells: tuple[PlannedCell, ...]

    def rows(self) -> list[dict[str, Any]]:
        """Return one JSON-ready row per cell, as ``plan --json`` prints them."""
        return [
            {
                "cell": cell.layout.id,
                "model": cell.layout.spec["model"],
                **cell.layout.spec["parameters"],
                "n": cell.layout.spec["n"],
                "body": word_of(cell.layout.body),
                "label": cell.description.label,
                "finder": cell.layout.spec.get("finder"),
                "finder_choice": cell.finder_choice,
                "landscapes": cell.layout.padded,
                "landscapes_asked": cell.layout.landscapes,
                "block": cell.layout.block_size,
                "blocks": cell.layout.blocks,
                "expected_points_per_landscape": cell.description.expected_points,
                "memory_bytes_per_task": cell.description.memory_bytes,
                "disk_bytes": cell.disk_bytes,
                "seconds": cell.seconds,
                "budget": cell.description.budget,
            }
            for cell in self.cells
        ]


def rounded(plan: Plan) -> list[str]:
    """Return a line for each cell that computes more landscapes than were asked for."""
    layouts = [cell.layout for cell in plan.cells]
    return [
        f"{cell.id}: {cell.landscapes} {unit_of([cell.body])} asked, {cell.padded} computed: blocks of "
        f"{cell.block_size} are always whole"
        for cell in layouts
        if cell.padded != cell.landscapes
    ]


def make_plan(study: Study, *, body: str | None = None, memory: int | None = None) -> Plan:
    """Lay out the cells of a study; ``body`` computes them all in the place of those that the study names.

    Raises UsageError if a body calls a cell impossible, or if one task needs more than ``memory`` bytes.
    """
    cells = [_plan_cell(study, cell, number, body, memory) for number, cell in enumerate(study.cells)]
    return Plan(study, tuple(_with_theory(cells)))


def _with_theory(cells: Iterable[PlannedCell]) -> Iterator[PlannedCell]:
    """Put the exact mean numbers in, as long as all of them together take no time to speak of."""
    effort = 0
    for cell in cells:
        effort += (THEORY_OVERHEAD + cell.layout.spec["n"]) ** 2
        counted = effort <= THEORY_EFFORT and _seeks_all(cell.layout.spec)
        exact = expected_points(cell.layout.spec) if counted else None
        known = cell.description if exact is None else replace(cell.description, expected_points=exact)
        yield replace(cell, description=known)


def _seeks_all(spec: Mapping[str, Any]) -> bool:
    """Whether the mean number of all points says how many a cell has."""
    return "finder" in spec and not FINDERS[spec["finder"]].bottom


def expected_points(spec: Mapping[str, Any]) -> float | None:
    """Return the exact mean number of points of a landscape; None where there is no theory, or no double."""
    from morsecensus.analysis.theory.registry import theory_of

    log_total = theory_of(spec["model"], spec["parameters"]).log_total(spec["n"])
    return math.exp(log_total) if log_total is not None and log_total < 700 else None


def _plan_cell(
    study: Study, cell: StudyCell, number: int, body: str | None, memory: int | None
) -> PlannedCell:
    where, n, body = f"{study.source}: {cell.where}", cell.spec["n"], body or cell.body
    try:
        description = describe(body, cell.spec)
    except UsageError as error:
        raise UsageError(f"{where}: n = {n}: {error}") from error
    if memory is not None and description.memory_bytes > memory:
        raise UsageError(
            f"{where}.n: got {n}, which needs {size_text(description.memory_bytes)} per task, "
            f"allowed: what fits in the {size_text(memory)} available; lower n"
        )
    if not 0 <= description.rows_bound <= MAX_ROWS:
        raise UsageError(f"{where}.n: got {n}, allowed: at most {MAX_ROWS} rows per block; lower n or block")
    try:
        layout = _layout(cell, number, body, description)
    except (StoreError, TypeError, KeyError) as error:
        raise UsageError(f"{where}: body {body}: {error}") from error
    return PlannedCell(layout, description, cell.finder_choice)


def _layout(cell: StudyCell, number: int, body: str, description: Description) -> CellLayout:
    spec = dict(cell.spec)
    how = {"finder": spec["finder"]} if "finder" in spec else {"body": word_of(body)}
    return CellLayout(
        id=cell_name(number),
        hash=digest({"spec": spec, "body": body, "version": description.version}),
        body=body,
        spec=spec,
        landscapes=cell.landscapes,
        block_size=spec["block_size"],
        chunk_rows=description.chunk_rows,
        rows_bound=description.rows_bound,
        sizes={name: int(size) for name, size in description.sizes.items()},
        tables=read_tables(description.tables),
        memory_bytes=description.memory_bytes,
        most=spec["parameters"].get("held"),
        attrs={
            "model": spec["model"],
            **spec["parameters"],
            "n": spec["n"],
            "seed": spec["seed"],
            **how,
            **description.attrs,
            "spec": canonical(spec).decode(),
        },
    )


def new_manifest(
    plan: Plan, generation: Generation, software: Mapping[str, str], begun: str = ""
) -> Manifest:
    """Return the run.json of a new store."""
    cells = tuple(cell.layout for cell in plan.cells)
    return Manifest(plan.study.name, plan.study.to_record(), cells, (generation,), software, begun)


def extend_manifest(stored: Manifest, plan: Plan, store: str) -> Manifest:
    """Return run.json for a study that asks for more: more landscapes, more cells.

    Raises UsageError, saying what differs and what to do, if the study asks for anything else.
    """
    if stored.name != plan.study.name:
        raise UsageError(
            f"{store}: holds the study {stored.name!r}, got {plan.study.name!r}: choose another --store"
        )
    wanted = _continued(stored, {cell.layout.hash: cell.layout for cell in plan.cells})
    known = {cell.hash for cell in stored.cells}
    fresh = [cell for cell in wanted.values() if cell.hash not in known]
    cells: list[CellLayout] = []
    for cell in stored.cells:
        if cell.hash not in wanted:
            raise UsageError(f"{store}: {_missing_cell(cell, fresh, store)}")
        now = wanted[cell.hash]
        try:
            check_same(cell, now)
        except StoreError as error:
            raise UsageError(f"{store}: {error}") from error
        if now.landscapes < cell.landscapes:
            raise UsageError(
                f"{store}: {cell.id} ({_label(cell)}): landscapes: got {now.landscapes}, allowed: at least "
                f"the {cell.landscapes} that the store plans; a store only grows"
            )
        cells.append(replace(cell, landscapes=now.landscapes, most=now.most))
    cells.extend(replace(cell, id=cell_name(len(stored.cells) + i)) for i, cell in enumerate(fresh))
    return replace(stored, cells=tuple(cells), study=plan.study.to_record())


def _continued(stored: Manifest, wanted: Mapping[str, CellLayout]) -> dict[str, CellLayout]:
    """Wanted cells by hash; those whose file has only grown, under the identity that they have in the
    store."""
    found = dict(wanted)
    for cell in stored.cells:
        grown = (other for other in found.values() if has_grown(cell.spec, other.spec))
        if cell.hash not in found and (new := next(grown, None)) is not None:
            del found[new.hash]
            found[cell.hash] = replace(new, hash=cell.hash, spec=cell.spec, attrs=cell.attrs)
    return found


def _missing_cell(cell: CellLayout, fresh: Sequence[CellLayout], store: str) -> str:
    """Say what became of a stored cell that the study no longer has."""
    remedy = "a store only grows: put it back, or choose another --store"
    mine = _flat({"body": cell.body, **cell.spec})
    nearest: list[str] | None = None
    for other in fresh:
        theirs = _flat({"body": other.body, **other.spec})
        differ = [
            f"{key}: {mine.get(key)!r} there, {theirs.get(key)!r} here"
            for key in sorted(mine.keys() | theirs.keys())
            if mine.get(key) != theirs.get(key)
        ]
        if nearest is None or len(differ) < len(nearest):
            nearest = differ
    if nearest is None:
        return f"holds {cell.id} ({_label(cell)}), which the study has not; {remedy}"
    changes = (first_change(store, cell.spec, other.spec) for other in fresh)
    what = next(filter(None, changes), None) or "; ".join(nearest) or "the version of its results"
    return f"{cell.id} ({_label(cell)}) computes something else now: {what}; {remedy}"


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        flat |= _flat(inner, f"{prefix}{key}.") if isinstance(inner, Mapping) else {f"{prefix}{key}": inner}
    return flat


def _label(cell: CellLayout) -> str:
    parameters = ", ".join(f"{key} = {value}" for key, value in cell.spec["parameters"].items())
    return f"{cell.spec['model']}, {parameters}, n = {cell.spec['n']}"


def available_memory() -> int | None:
    """Return the bytes of memory that this process could use now, None if the system does not say."""
    found: list[int] = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except OSError:
        try:
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        except (ValueError, OSError, AttributeError):
            return None
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        limit = "max"
    if limit.isdigit():
        found.append(int(limit))
    return min(found, default=None)


def size_text(size: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.3g} {unit}"
        size /= 1024
    raise AssertionError


def _product(shape: Sequence[int]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total
