"""Cells of the body trajectories, read from a run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.cells import Study
from morsecensus.analysis.dataset.others import OtherCell
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.estimates.starts import mean_over_starts

BODY = "trajectories"
STEPPED, STEP = ("gd", "sgd", "langevin"), 0.05
"""Algorithms whose step has a default that is a number, and that: of `TrajectoryOptions.step_size`."""


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of one cell.

    Attributes:
        cell: name of its group in the dataset.
        spec: model, parameters, n, seed, starts and, under ``trajectory``, the options of the runs.
        data: landscapes that have a result; dimensions landscape, run, look.
        has_time: whether looks are at times; else at numbers of steps.
        sampler: "tensor" or "free".
    """

    cell: str
    spec: Mapping[str, Any]
    data: xr.Dataset
    has_time: bool
    sampler: str

    @property
    def n(self) -> int:
        """Number of spins."""
        return self.spec["n"]

    @property
    def options(self) -> Mapping[str, Any]:
        """What each run was asked for."""
        return self.spec["trajectory"]

    @property
    def landscapes(self) -> int:
        """How many there are: the independent units."""
        return self.data.sizes["landscape"]

    @property
    def setting(self) -> str:
        """Model with parameters and start: what curves may be compared over."""
        own = {name: value for name, value in self.spec["parameters"].items() if value not in (0, 0.0)}
        start = {name: self.options[name] for name in ("start", "start_temperature", "overlap")}
        return json.dumps([self.spec["model"], own, start], sort_keys=True)

    @property
    def step(self) -> float | str | None:
        """Of the algorithm, the default where none is given; None where it computes its own, of flow and
        Newton's methods and pgd."""
        given = self.options["step"]
        return STEP if given is None and self.options["algorithm"] in STEPPED else given

    @property
    def rule(self) -> str:
        """The algorithm with what it is swept by: what curves of several N may be compared over."""
        names = ("algorithm", "summands", "sampling", "temperature")
        return json.dumps([*(self.options[name] for name in names), self.step])

    @property
    def label(self) -> str:
        """The rule, in words."""
        options = self.options
        parts = [options["algorithm"]]
        parts += [f"P = {options['summands']}"] if options["algorithm"] == "sgd" else []
        parts += [options["sampling"]] if options["sampling"] != "replacement" else []
        parts += [f"T = {options['temperature']:g}"] if options["temperature"] is not None else []
        parts += [f"step {self.step:g}"] if isinstance(self.step, int | float) else []
        return ", ".join(parts)

    @property
    def from_start(self) -> str:
        """What is special of the start, as the end of a text."""
        temperature, overlap = self.options["start_temperature"], self.options["overlap"]
        planted = "" if self.options["start"] == "uniform" else f", from T' = {temperature}"
        return planted + ("" if overlap is None else f", from m = {overlap:g}")

    @cached_property
    def times(self) -> Floats:
        """Of the looks; NaN where no run got."""
        known = self.data["time"].values.reshape(-1, self.data.sizes["look"])
        latest = np.max(np.where(np.isfinite(known), known, -np.inf), axis=0)
        return np.where(np.isfinite(latest), latest, np.nan)

    @cached_property
    def complete(self) -> NDArray[np.bool_]:
        """Looks that every run got to; at others some rest where they converged, or ended otherwise."""
        seen = np.isfinite(self.data["time"].values.reshape(-1, self.data.sizes["look"]))
        return np.logical_and.reduce(seen, axis=0, dtype=np.bool_)

    def at_looks(self, name: str) -> Floats:
        """A column of looks, shape (landscapes, runs, looks). A run that converged before the last look rests
        where it is: at its end's energy, and what was seen of it last. NaN where others weren't seen."""
        values = self.data[name].values
        if not np.issubdtype(values.dtype, np.floating):
            return values
        known = np.isfinite(values)
        last = np.maximum.accumulate(np.where(known, np.arange(values.shape[-1]), -1), axis=-1)
        rests = self.converged[..., None] & ~known & (last >= 0)
        held = np.take_along_axis(values, np.maximum(last, 0), axis=-1)
        if name == "energy" and "end_energy" in self.data:
            held = np.broadcast_to(self.data["end_energy"].values[..., None], values.shape)
        return np.where(rests, held, values)

    def of_landscapes(self, name: str) -> Floats:
        """A column's mean over the runs on each landscape, shape (landscapes, ...); NaN where no run has a
        value."""
        looks = self.data[name].dims[-1:] == ("look",) and name != "time"
        return mean_over_starts(self.at_looks(name) if looks else self.data[name].values)

    def mean(self, name: str) -> tuple[Floats, Floats]:
        """Mean over landscapes and its standard error; NaN at looks that a landscape lacks."""
        return mean_and_error(self.of_landscapes(name))

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Runs that ended with a gradient small enough, shape (landscapes, runs)."""
        column = self.data["outcome"]
        return column.values == str(column.attrs["flag_meanings"]).split().index("converged")

    def outcomes(self) -> dict[str, int]:
        """Runs by how they ended."""
        column = self.data["outcome"]
        words: NDArray[np.str_] = np.array(str(column.attrs["flag_meanings"]).split())
        counts = np.bincount(column.values.ravel(), minlength=len(words))
        return {str(word): int(count) for word, count in zip(words, counts, strict=True) if count}


def find_runs(study: Study) -> list[Runs]:
    """All cells of trajectories that have a result, in the order of the study."""
    found = [_runs(cell) for cell in study.others if cell.body == BODY]
    return [runs for runs in found if runs.landscapes]


def _runs(cell: OtherCell) -> Runs:
    attrs = cell.data.attrs
    return Runs(cell.name, cell.spec, cell.computed, bool(attrs["has_time"]), str(attrs["sampler"]))
