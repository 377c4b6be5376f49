"""What only several settings together show: starts at several temperatures, signals across a threshold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.estimates.starts import mean_over_starts
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import COLORS, GREY, Figure, new_figure, shades
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.theory.limits.thresholds import dominant_threshold
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.dynamics.read import Runs, find_runs
from morsecensus.analysis.topics.layout import Picture, Section

SUCCESS = 0.5
"""Overlap at the last look above which a run counts as one that found the signal."""
_TEXT = (
    "Runs that differ in their start or in the noise. A start in equilibrium at T' above the static "
    "temperature is planted. In pure models every such start relaxes to the threshold; in mixtures a start "
    "at lower T' ends lower, below the energy whose typical critical points are marginal (arXiv:1903.01421)."
)
POINTS = Table(
    "trajectories_across",
    "The last look of runs that are compared over starts or signals: one row for each cell.",
    (
        Column("cell", "name of the cell, a group of the dataset"),
        Column("model", "name of the model", title="model", left=True),
        Column("n", "number of spins N", title="N", form="{:g}".format),
        Column("rule", "algorithm, and what it is swept by", title="algorithm", left=True),
        Column("start_temperature", "T' of the start", title="T'", form=r.digits(4)),
        Column("noise", "place on the model's axis of noise", title="noise", form=r.digits(4)),
        Column("time", "of the last look", title="time", form="{:g}".format),
        *measured("energy", "energy_se", "energy there", "energy per spin", "energy"),
        *measured("overlap", "overlap_se", "|overlap with the signal| there", "", "|overlap|"),
        *measured("success", "success_se", "share of runs whose |overlap| is above 1/2", "", "success"),
    ),
)


@dataclass(frozen=True)
class Across:
    """Cells that are compared.

    Attributes:
        starts: from equilibrium, by model and algorithm.
        signals: uniform starts with a signal, likewise.
    """

    starts: tuple[Runs, ...]
    signals: tuple[Runs, ...]


class AcrossSettings(Topic[Across]):
    """Figures over start temperatures and over noise."""

    anchor, declared = "trajectories-across", (POINTS,)

    def find(self, study: StudyResult) -> list[Across]:
        runs = [one for one in find_runs(study.study) if one.has_time]
        starts = [one for one in runs if one.options["start"] == "equilibrium"]
        signals = [one for one in runs if "overlap_signal" in one.data and _noise(one) is not None]
        several = {one.options["start_temperature"] for one in starts}, {_noise(one) for one in signals}
        found = Across(
            *(tuple(own) if len(s) > 1 else () for own, s in zip((starts, signals), several, strict=True))
        )
        return [found] if found.starts or found.signals else []

    def tables(self, found: Across) -> Mapping[Table, Sequence[Row]]:
        return {POINTS: [_row(runs) for runs in (*found.starts, *found.signals)]}

    def figures(self, found: Across) -> Mapping[str, Figure]:
        drawn = {}
        if found.starts:
            drawn["starts"] = draw_starts(found.starts)
        if found.signals:
            drawn["signals"] = draw_signals(found.signals)
        return drawn

    def section(self, found: Across) -> Section:
        title = "Trajectories: starts and signals compared"
        body = [
            paragraph(_TEXT),
            Picture(
                "starts",
                f"{title}: starts",
                "Energies at the last look against the temperature of the start.",
            ),
            Picture(
                "signals",
                f"{title}: signals",
                "Runs that found the signal, and their overlaps, against noise.",
            ),
            POINTS.part(self.tables(found)[POINTS]),
        ]
        return Section(title, body)


def _noise(runs: Runs) -> float | None:
    axis = theory_of(runs.spec["model"], runs.spec["parameters"]).noise_axis
    return None if axis is None else axis.place


def _overlaps(runs: Runs) -> np.ndarray:
    """|m| at the last look, shape (landscapes, runs)."""
    return np.abs(runs.at_looks("overlap_signal")[:, :, -1])


def _row(runs: Runs) -> Row:
    energy, error = runs.mean("energy")
    row = {
        "cell": runs.cell,
        "model": runs.spec["model"],
        "n": runs.n,
        "rule": runs.label,
        "start_temperature": runs.options["start_temperature"],
        "noise": _noise(runs),
        "time": float(runs.times[-1]),
        "energy": float(energy[-1]),
        "energy_se": float(error[-1]),
    }
    names = ("overlap", "overlap_se", "success", "success_se")
    if "overlap_signal" not in runs.data:
        return row | dict.fromkeys(names)
    sizes = _overlaps(runs)
    found = np.where(np.isfinite(sizes), sizes > SUCCESS, np.nan)  # of the others nobody knows
    values = (*mean_and_error(mean_over_starts(sizes)), *mean_and_error(mean_over_starts(found)))
    return row | dict(zip(names, map(float, values), strict=True))


def _groups(cells: Sequence[Runs], *names: str) -> Iterator[tuple[str, list[Row]]]:
    """Rows of cells that agree in some columns."""
    rows = [_row(runs) for runs in cells]
    for key in dict.fromkeys(tuple(row[name] for name in names) for row in rows):
        own = [row for row in rows if tuple(row[name] for name in names) == key]
        yield (
            ", ".join(
                f"N = {value:g}" if name == "n" else str(value)
                for name, value in zip(names, key, strict=True)
            ),
            own,
        )


def draw_starts(cells: Sequence[Runs]) -> Figure:
    """Last energies against T', and the threshold where minima become marginal in the bulk of the count."""
    laws = dict.fromkeys(str(runs.spec["parameters"].get("xi", "")) for runs in cells)
    figure, axes = new_figure(1, len(laws), 3.0)
    for ax, law in zip(axes, laws, strict=True):
        own = [runs for runs in cells if str(runs.spec["parameters"].get("xi", "")) == law]
        for (name, rows), color in zip(_groups(own, "rule", "n"), COLORS, strict=False):
            rows = sorted(rows, key=lambda row: row["start_temperature"])
            x = [row["start_temperature"] for row in rows]
            bars = np.nan_to_num([row["energy_se"] for row in rows])
            ax.errorbar(x, [row["energy"] for row in rows], bars, fmt="o-", ms=3, color=color, label=name)
        known = theory_of(own[0].spec["model"], own[0].spec["parameters"]).isotropic
        if known is not None:
            ax.axhline(dominant_threshold(known), color=GREY, ls="--", lw=0.9, label="threshold, N → ∞")
        ax.set(xlabel="temperature of the start", ylabel="energy per spin at the last look", title=law)
        ax.legend(fontsize=6.5)
    return figure


def draw_signals(cells: Sequence[Runs]) -> Figure:
    """Success and overlap at the last look against noise, a colour for each N."""
    figure, axes = new_figure(1, 2, 3.0)
    groups = sorted(_groups(cells, "n"), key=lambda group: group[1][0]["n"])
    for (name, rows), color in zip(groups, shades(len(groups)), strict=True):
        rows = sorted(rows, key=lambda row: row["noise"])
        x = [row["noise"] for row in rows]
        for ax, value in zip(axes, ("success", "overlap"), strict=True):
            bars = np.nan_to_num([row[f"{value}_se"] for row in rows])
            ax.errorbar(x, [row[value] for row in rows], bars, fmt="o-", ms=3, color=color, label=name)
    axis = theory_of(cells[0].spec["model"], cells[0].spec["parameters"]).noise_axis
    assert axis is not None
    for ax, label in zip(axes, (f"runs with |m| > {SUCCESS:g}", "|m| at the last look"), strict=True):
        ax.axvline(axis.threshold, color=GREY, ls="--", lw=0.9, label="threshold, N → ∞")
        ax.set(xlabel=axis.label, ylabel=label, ylim=(-0.03, 1.03))
    axes[0].legend(fontsize=6.5)
    return figure
