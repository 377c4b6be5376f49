"""What only several settings together show: starts at several temperatures, signals across a threshold."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.estimates.starts import mean_over_starts
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import COLORS, GREY, Axes, Figure, new_figure, shades
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.theory.base import NoiseAxis
from morsecensus.analysis.theory.limits.thresholds import dominant_threshold
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.dynamics.read import Runs, find_runs
from morsecensus.analysis.topics.layout import Picture, Section

SUCCESS = 0.5
"""Overlap at the last look above which a run counts as one that found the signal."""
_TEXT = (
    "Runs that differ in their start or in the noise. A start in equilibrium at T' above the static "
    "temperature is planted. In pure models a start above the dynamic temperature relaxes to the threshold, "
    "one below it stays in the state that it is in, and ends lower; in mixtures a start at lower T' ends "
    "lower, also from above it, and below the energy whose typical critical points are marginal "
    "(arXiv:1903.01421)."
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
        Column(
            "time",
            "of the last look; of the last end, where all runs had converged before it",
            title="time",
            form="{:g}".format,
        ),
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
        signals: starts that know nothing of a signal, likewise.
    """

    starts: tuple[Runs, ...]
    signals: tuple[Runs, ...]


class AcrossSettings(Topic[Across]):
    """Figures over start temperatures and over noise."""

    anchor, declared = "trajectories-across", (POINTS,)

    def find(self, study: StudyResult) -> list[Across]:
        runs = [one for one in find_runs(study.study) if one.has_time]
        starts = [one for one in runs if one.options["start"] == "equilibrium"]
        signals = [one for one in runs if _seeks_signal(one)]
        found = Across(
            tuple(_several(starts, law_of, lambda one: one.options["start_temperature"])),
            tuple(_several(signals, _axis_of, _noise)),
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


def _several(
    cells: Sequence[Runs], family: Callable[[Runs], Hashable], place: Callable[[Runs], object]
) -> Iterator[Runs]:
    """The cells of families with more than one place."""
    for one in cells:
        if len({place(other) for other in cells if family(other) == family(one)}) > 1:
            yield one


def law_of(runs: Runs) -> str:
    """The law of landscapes, as text."""
    return str(runs.spec["parameters"].get("xi", ""))


def _noise_axis(runs: Runs) -> NoiseAxis | None:
    return theory_of(runs.spec["model"], runs.spec["parameters"]).noise_axis


def _axis_of(runs: Runs) -> tuple[str, str, float]:
    """What cells that stand on one axis of noise have in common."""
    axis = _noise_axis(runs)
    assert axis is not None
    return runs.spec["model"], axis.label, axis.threshold


def _noise(runs: Runs) -> float | None:
    axis = _noise_axis(runs)
    return None if axis is None else axis.place


def _seeks_signal(runs: Runs) -> bool:
    """Whether it is known where it stands in noise, and its start has no overlap with the signal."""
    return "overlap_signal" in runs.data and not runs.options["overlap"] and _noise(runs) is not None


def _last_time(runs: Runs) -> float:
    """Of the last look; where all runs had converged before, of the end of the last one."""
    time = float(runs.times[-1])
    return time if np.isfinite(time) else float(runs.data["end_time"].values.max())


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
        "time": _last_time(runs),
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


def _lines(cells: Sequence[Runs], place: str) -> dict[str, list[Row]]:
    """Rows of cells that differ in one column alone, in its order, by what they have in common."""
    found: dict[str, list[Row]] = {}
    several = len({(runs.rule, runs.options["overlap"]) for runs in cells}) > 1
    times = len({runs.options["until"] for runs in cells}) > 1
    for runs in sorted(cells, key=lambda one: one.n):
        name = f"{runs.label}{runs.from_start}, " * several + f"N = {runs.n:g}"
        name += f", t = {runs.options['until']:g}" * times
        found.setdefault(name, []).append(_row(runs))
    return {name: sorted(rows, key=lambda row: row[place]) for name, rows in found.items()}


def draw_starts(cells: Sequence[Runs]) -> Figure:
    """Last energies against T', and the threshold where minima become marginal in the bulk of the count."""
    laws = dict.fromkeys(map(law_of, cells))
    figure, axes = new_figure(1, len(laws), 3.0)
    for ax, law in zip(axes, laws, strict=True):
        own = [runs for runs in cells if law_of(runs) == law]
        for number, (name, rows) in enumerate(_lines(own, "start_temperature").items()):
            x, color = [row["start_temperature"] for row in rows], COLORS[number % len(COLORS)]
            bars = np.nan_to_num([row["energy_se"] for row in rows])
            ax.errorbar(x, [row["energy"] for row in rows], bars, fmt="o-", ms=3, color=color, label=name)
        known = theory_of(own[0].spec["model"], own[0].spec["parameters"]).isotropic
        if known is not None:
            ax.axhline(dominant_threshold(known), color=GREY, ls="--", lw=0.9, label="threshold, N → ∞")
        ax.set(xlabel="temperature of the start", ylabel="energy per spin at the last look", title=law)
        ax.legend(fontsize=6.5)
    return figure


def draw_signals(cells: Sequence[Runs]) -> Figure:
    """Success and overlap at the last look against noise: a row for each axis of noise with its threshold, a
    colour for each N and algorithm."""
    families = dict.fromkeys(map(_axis_of, cells))
    figure, axes = new_figure(len(families), 2, 3.0 * len(families))
    for number, family in enumerate(families):
        own = [runs for runs in cells if _axis_of(runs) == family]
        _plot_signals(axes[2 * number : 2 * number + 2], own)
    return figure


def _plot_signals(axes: Sequence[Axes], cells: Sequence[Runs]) -> None:
    lines = _lines(cells, "noise")
    _, label, threshold = _axis_of(cells[0])
    for ax, value, text in (
        (axes[0], "success", f"runs with |m| > {SUCCESS:g}"),
        (axes[1], "overlap", "|m| at the last look"),
    ):
        for (name, rows), color in zip(lines.items(), shades(len(lines)), strict=True):
            bars = np.nan_to_num([row[f"{value}_se"] for row in rows])
            x, y = [row["noise"] for row in rows], [row[value] for row in rows]
            ax.errorbar(x, y, bars, fmt="o-", ms=3, color=color, label=name)
        ax.axvline(threshold, color=GREY, ls="--", lw=0.9, label="threshold, N → ∞")
        ax.set(xlabel=label, ylabel=text, ylim=(-0.03, 1.03))
    axes[0].legend(fontsize=6.5)
