"""Everything that is wrong with a study, at once: unknown keys first, for the rest may follow from them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.plugins import is_known
from morsecensus.pipeline.study.cells import CellTable, table_of
from morsecensus.pipeline.study.census import CensusTable
from morsecensus.pipeline.study.checked import Checked, Fault, StudyError, faults_of, validated
from morsecensus.pipeline.study.escapes import EscapesTable
from morsecensus.pipeline.study.flow import FlowTable, ThresholdTable
from morsecensus.pipeline.study.networks import NETWORKS, NetworkTable
from morsecensus.pipeline.study.shares import SharesTable
from morsecensus.pipeline.study.study import TABLES, Head, cells_of, parse_study
from morsecensus.pipeline.study.trajectories import TRAJECTORIES, TrajectoryTable

KINDS: Mapping[str, type[CellTable]] = {
    "census": CensusTable,
    "flow": FlowTable,
    "threshold": ThresholdTable,
    "shares": SharesTable,
    "escapes": EscapesTable,
    TRAJECTORIES: TrajectoryTable,
}
"""Body, as studies call it -> what one of its tables has, beside the model's parameters."""
STAND_IN = {"shares": {"model": "relu-units"}}
"""A sound model for a body, where the one that is named is unknown; else a spin glass."""


def study_faults(content: Mapping[str, Any], source: str, folder: Path) -> list[str]:
    """Return a line for each thing that is wrong with a study, as TOML gives it; none if it can be planned.

    Args:
        source: what the lines call it.
        folder: where relative names of files begin.
    """
    found = list(_faults_of_head(content, source))
    for kind in TABLES:
        tables = content.get(kind)
        others = tables if isinstance(tables, list) else []
        for number, table in enumerate(others):
            if isinstance(table, dict):
                found += _faults_of_table(kind, table, others, f"{source}: {kind}[{number}]", folder)
    if not found:
        found = _faults_together(content, source, folder)
    return list(dict.fromkeys(fault.text for fault in sorted(found, key=lambda fault: not fault.unknown)))


def _faults_of_head(content: Mapping[str, Any], source: str) -> Sequence[Fault]:
    try:
        validated(Head, content, source, "")
    except StudyError as error:
        return error.faults
    return ()


def _faults_of_table(
    kind: str, table: dict[str, Any], others: Sequence[Any], source: str, folder: Path
) -> Sequence[Fault]:
    try:
        for _ in cells_of(kind, table, others, 0, source, "", folder):
            pass
    except UsageError as error:
        return [*faults_of(error), *_unknown(kind, table, source)]
    return ()


def _unknown(kind: str, table: Mapping[str, Any], source: str) -> Sequence[Fault]:
    """The unknown keys of a table that something else stopped first."""
    if kind == NETWORKS:
        return _unknown_keys(NetworkTable, table, source)
    model, body = table.get("model", "pspin"), table.get("body", TABLES[kind][0])
    if body not in TABLES[kind][1]:
        return ()
    if not isinstance(model, str) or not is_known(model):
        return _of_any_model(kind, body, table, source)
    return _unknown_keys(table_of(KINDS[body], model), {"model": model, **table}, source)


def _of_any_model(kind: str, body: str, table: Mapping[str, Any], source: str) -> Sequence[Fault]:
    """What is wrong with the keys of a table that it would have with any model."""
    known = {name: table[name] for name in KINDS[body].model_fields if name in table and name != "model"}
    return _faults_of_table(kind, {**known, **STAND_IN.get(body, {"xi": "q^3"})}, [], source, Path())


def _unknown_keys(kind: type[Checked], table: Mapping[str, Any], source: str) -> Sequence[Fault]:
    try:
        validated(kind, dict(table), source, ".")
    except StudyError as error:
        return [fault for fault in error.faults if fault.unknown]
    return ()


def _faults_together(content: Mapping[str, Any], source: str, folder: Path) -> list[Fault]:
    """What only shows where the tables meet: none at all, the same cell twice, too many."""
    try:
        parse_study(content, source, folder)
    except UsageError as error:
        return [Fault(str(error))]
    return []
