"""What trajectories gave: rows of tables, groups for figures, and what is tested."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.estimates.starts import mean_over_starts
from morsecensus.analysis.theory.kac_rice.low_index import LOW_INDEX_LIMIT, LowIndex
from morsecensus.analysis.theory.limits.complexity import threshold_energy
from morsecensus.analysis.theory.limits.temperatures import (
    aging,
    equilibrium_energy,
)
from morsecensus.analysis.theory.limits.thresholds import index_energy
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.dynamics.limit import LimitCurve, limit_of, noise_temperature
from morsecensus.analysis.topics.dynamics.read import Runs
from morsecensus.tasks.temperatures import dynamic_transition

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Setting:
    """All runs on landscapes of one law, from starts of one kind.

    Attributes:
        runs: cells, in the order of the study.
        limits: of each.
    """

    runs: tuple[Runs, ...]
    limits: tuple[LimitCurve | None, ...]

    @property
    def model(self) -> str:
        return self.runs[0].spec["model"]

    @property
    def parameters(self) -> dict[str, Any]:
        return self.runs[0].spec["parameters"]

    @cached_property
    def levels(self) -> dict[str, float]:
        """Energies per spin that orient a reader: the floor and the ground state, of pure models."""
        known = theory_of(self.model, self.parameters).dynamics
        if known is None or any(known[1].coefficients) or not known[0].is_pure or known[0].degree < 3:
            return {}
        unit, p = math.sqrt(known[0].x0), known[0].degree
        return {"floor": -unit * threshold_energy(p), "ground state": -unit * index_energy(p, 0)}

    @property
    def title(self) -> str:
        """Model, parameters and start, as text."""
        own = ", ".join(f"{k} = {v}" for k, v in self.parameters.items() if v not in (0, 0.0))
        return f"{self.model}, {own}{self.runs[0].from_start}"

    def rules(self) -> list[list[tuple[Runs, LimitCurve | None]]]:
        """Cells that differ in N alone, each list by N."""
        groups: dict[str, list[tuple[Runs, LimitCurve | None]]] = {}
        for runs, limit in zip(self.runs, self.limits, strict=True):
            groups.setdefault(runs.rule, []).append((runs, limit))
        return [sorted(group, key=lambda pair: pair[0].n) for group in groups.values()]


def settings_of(runs: Sequence[Runs]) -> list[Setting]:
    """Cells by setting; limits are computed once for each rule."""
    groups: dict[str, list[Runs]] = {}
    for one in runs:
        groups.setdefault(one.setting, []).append(one)
    found = []
    for cells in groups.values():
        limits: dict[str, LimitCurve | None] = {}
        for one in cells:
            if (key := f"{one.rule} {one.options['until']}") not in limits:
                limits[key] = limit_of(one)
        own = tuple(limits[f"{one.rule} {one.options['until']}"] for one in cells)
        found.append(Setting(tuple(cells), own))
    return found


def end_rows(setting: Setting) -> Iterator[Row]:
    """How the runs of each cell ended."""
    for runs in setting.runs:
        energy, error = end_energy(runs)
        ends = runs.data["end_energy"].values
        ends = ends[np.isfinite(ends)]
        floor = setting.levels.get("floor")
        share = (None, None) if floor is None else _of_ended(_below(runs, floor))
        gradients = runs.data["gradients"].values
        index = runs.data["end_index"].values if "end_index" in runs.data else np.full(1, -1)
        yield _named(setting, runs) | {
            "landscapes": runs.landscapes,
            "runs": runs.data.sizes["run"],
            "outcomes": ", ".join(f"{count} {word}" for word, count in runs.outcomes().items()),
            "end_energy": energy,
            "end_energy_se": error,
            "end_energy_sd": float(ends.std(ddof=1)) if ends.size > 1 else None,
            "below_floor": share[0],
            "below_floor_se": share[1],
            "minima_energy": None if (law := minima_law(runs)) is None else law.minima_energy()[0],
            "end_index": float(index[index >= 0].mean()) if (index >= 0).any() else None,
            "gradients": float(gradients.mean()),
            "dimension": int(runs.data["dimension"].values.max()),
        }


def minima_law(runs: Runs) -> LowIndex | None:
    """The exact law of the minima at this N, each counted once; None where it isn't known."""
    if runs.n > LOW_INDEX_LIMIT or runs.n != int(runs.n):
        return None
    return theory_of(runs.spec["model"], runs.spec["parameters"]).low(int(runs.n), 0)


def _below(runs: Runs, floor: float) -> Floats:
    """Share of the runs of each landscape that end below an energy, of those that have an end."""
    ends = runs.data["end_energy"].values
    return mean_over_starts(np.where(np.isfinite(ends), ends < floor, np.nan))


def end_energy(runs: Runs) -> tuple[float, float]:
    """Mean over the landscapes of which a run has an end, and its standard error."""
    return _of_ended(runs.of_landscapes("end_energy"))


def _of_ended(values: Floats) -> tuple[float, float]:
    mean, error = mean_and_error(values[np.isfinite(values)])
    return float(mean), float(error)


def look_rows(setting: Setting) -> Iterator[Row]:
    """Means at each look of each cell."""
    for runs, limit in zip(setting.runs, setting.limits, strict=True):
        columns = {name: runs.mean(name) for name in ("energy", "overlap_start", "gradient_norm")}
        if "overlap_signal" in runs.data:
            columns["overlap_signal"] = runs.mean("overlap_signal")
        spread = runs.of_landscapes("energy").std(axis=0, ddof=1) if runs.landscapes > 1 else None
        for look, time in enumerate(runs.times):
            if not np.isfinite(time):  # all runs had ended: their ends are in the other table
                continue
            row = _named(setting, runs) | {"time": float(time), "overlap_signal": None}
            row["overlap_signal_se"] = None
            for name, (mean, error) in columns.items():
                row |= {name: float(mean[look]), f"{name}_se": float(error[look])}
            row["energy_sd"] = None if spread is None else float(spread[look])
            row["limit"] = None if limit is None else float(limit.at(np.array([time]))[0])
            row["limit_kind"] = None if limit is None else limit.kind
            yield row


def _named(setting: Setting, runs: Runs) -> Row:
    return {
        "cell": runs.cell,
        "setting": setting.title,
        "n": runs.n,
        "rule": runs.label,
        "sampler": runs.sampler,
    }


@dataclass(frozen=True)
class Thermal:
    """What is known of Langevin dynamics at a temperature: the energy it tends to, and by which law."""

    temperature: float
    energy: float
    law: str


def thermal(setting: Setting, temperature: float) -> Thermal | None:
    """Of a pure model without signal; at T = 0 the limit of those at low T, which is the threshold."""
    known = theory_of(setting.model, setting.parameters).dynamics
    if known is None or any(known[1].coefficients) or not known[0].is_pure or known[0].degree < 3:
        return None
    covariance = known[0]
    if temperature == 0:
        return Thermal(0.0, setting.levels["floor"], "aging")
    if temperature >= dynamic_transition(covariance).temperature:
        return Thermal(temperature, equilibrium_energy(covariance, temperature), "equilibrium")
    return Thermal(temperature, aging(covariance, temperature).energy, "aging")


def temperature_of(runs: Runs) -> float | None:
    """Of the bath, or of the noise of SGD."""
    return runs.options["temperature"] if runs.options["algorithm"] == "langevin" else noise_temperature(runs)


def head_of(runs: Runs) -> Row:
    """What the row of a test of a cell begins with, as `analysis.topics.rows.head` of a census."""
    parameters = dict(runs.spec["parameters"])
    xi, field = parameters.pop("xi", ""), parameters.pop("field", "")
    text = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    return {
        "cell": runs.cell,
        "model": runs.spec["model"],
        "xi": xi,
        "field": field,
        "parameters": text,
        "n": runs.n,
    }
