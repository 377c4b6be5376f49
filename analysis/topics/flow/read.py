"""Cells of the bodies flow and threshold, read from a run, beside their limits N -> infinity."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from morsecensus.analysis.dataset.cells import Study
from morsecensus.analysis.dataset.in_common import numbers_of
from morsecensus.analysis.theory.dynamics.limits import Limit, limit
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.flow.measure import FlowCell
from morsecensus.analysis.topics.flow.outliers import Outliers

Found = tuple[Mapping[str, Any], xr.Dataset]
"""The spec of a cell, and its landscapes."""


@dataclass(frozen=True)
class Flows:
    """What a run holds of one model's flows: a cell for each set of parameters and N, and the outliers of
    Hessians for each N."""

    model: str
    cells: tuple[FlowCell, ...]
    outliers: tuple[Outliers, ...]


def find_flows(study: Study) -> list[Flows]:
    """Return all flows of a run, a model at a time, in the order of its study."""
    found = {
        body: [(cell.spec, cell.computed) for cell in study.others if cell.body == body and not cell.empty]
        for body in ("flow", "threshold")
    }
    models = dict.fromkeys(spec["model"] for cells in found.values() for spec, _ in cells)
    return [_flows_of(model, found) for model in models]


def _flows_of(model: str, found: Mapping[str, Sequence[Found]]) -> Flows:
    flows, thresholds = ([one for one in found[body] if one[0]["model"] == model] for body in found)
    settings = list(dict.fromkeys(_setting(spec) for spec, _ in flows))
    limits: dict[str, Limit | None] = {}
    cells = [_cell(settings.index(_setting(spec)), spec, data, limits) for spec, data in flows]
    outliers = (_outliers(spec, data) for spec, data in thresholds)
    return Flows(model, tuple(cells), tuple(one for one in outliers if one is not None))


def _setting(spec: Mapping[str, Any]) -> str:
    """What cells must share to stand in one figure against one limit: all but N."""
    return repr((spec["parameters"], spec["overlap"], spec["until"]))


def _cell(
    number: int, spec: Mapping[str, Any], data: xr.Dataset, limits: dict[str, Limit | None]
) -> FlowCell:
    key = _setting(spec)
    if key not in limits:
        known = theory_of(spec["model"], spec["parameters"]).dynamics
        limits[key] = None if known is None else limit(*known, spec["overlap"], spec["until"])
    words = np.array(str(data["end"].attrs["flag_meanings"]).split())
    planted = "overlap" in data
    return FlowCell(
        number=number,
        model=spec["model"],
        parameters=spec["parameters"],
        n=spec["n"],
        given_overlap=spec["overlap"],
        landscapes=numbers_of(data),
        times=np.asarray(spec["times"]),
        energy=data["energy"].values,
        correlation=data["correlation"].values,
        overlap=data["overlap"].values if planted else None,
        end=words[data["end"].values],
        end_energy=data["end_energy"].values,
        end_overlap=data["end_overlap"].values if planted else None,
        end_softest=data["end_softest"].values,
        limit=limits[key],
        even=bool(data.attrs["even"]),
    )


def _outliers(spec: Mapping[str, Any], data: xr.Dataset) -> Outliers | None:
    known = theory_of(spec["model"], spec["parameters"]).dynamics
    if known is None:
        return None
    return Outliers.of(spec["n"], spec["strengths"], math.sqrt(known[0].x2), data, spec["seed"])
