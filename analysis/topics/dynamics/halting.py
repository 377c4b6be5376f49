"""Halting times: when descents have converged, how they spread, and whether the law of couplings shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import COLORS, Figure, legend_below, new_figure
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.dynamics.read import Runs, find_runs
from morsecensus.analysis.topics.layout import Picture, Section

FEWEST = 30
"""Landscapes from which on a spread and a skewness are shown. Arbitrary."""
SAME = (
    *("start", "start_temperature", "overlap", "stop", "until", "most_steps", "accuracy", "tolerance"),
    *("epsilon", "perturbation", "products"),
)
"""Options beside the algorithm's own that decide when a run has converged."""
EDGES = np.linspace(-2, 4, 25)
"""Of bins, in standard deviations from the mean: halting times are skewed to the right."""
_TEXT = (
    "When runs that stop at a small gradient have converged: time of the dynamics, or steps where the "
    "algorithm has no time. The claim (arXiv:1511.06444) is that the halting time less its mean, over its "
    "standard deviation, has one distribution whatever the law of the couplings. Runs that hadn't converged "
    "when they were stopped are left out: where there are many the numbers are too low. Errors are by "
    "leaving out one landscape at a time, for runs on one landscape are not independent."
)
HALTING = Table(
    "trajectories_halting",
    "Halting times of runs that stop at a small gradient: one row for each cell.",
    (
        Column("cell", "name of the cell, a group of the dataset"),
        Column("couplings", "model, and law of the couplings", title="couplings", left=True),
        Column("n", "number of spins N", title="N", form="{:g}".format),
        Column("rule", "algorithm, and what it is swept by", title="algorithm", left=True),
        Column(
            "stop",
            "gradient norm over sqrt(N) at which a run has converged",
            title="stop",
            form="{:g}".format,
        ),
        Column("runs", "runs", title="runs", form="{:,}".format),
        Column("converged", "those that converged", title="converged", form="{:,}".format),
        *measured("time", "time_se", "mean halting time", "time, or steps", "halting time"),
        *measured("spread", "spread_se", "standard deviation over mean", "", "spread/mean"),
        *measured(
            "skewness", "skewness_se", "third central moment over the cube of the spread", "", "skewness"
        ),
    ),
)


@dataclass(frozen=True, eq=False)
class Halting:
    """Halting times of one cell, nan for runs that didn't converge; shape (landscapes, runs)."""

    runs: Runs
    times: Floats

    @property
    def couplings(self) -> str:
        """Model and parameters."""
        own = {name: value for name, value in self.runs.spec["parameters"].items() if value not in (0, 0.0)}
        return ", ".join([self.runs.spec["model"], *(f"{name} = {value}" for name, value in own.items())])

    @property
    def known(self) -> Floats:
        """Of all runs that converged."""
        return self.times[np.isfinite(self.times)]


class HaltingTimes(Topic[tuple[Halting, ...]]):
    """One section for all algorithms that stop."""

    anchor, declared = "trajectories-halting", (HALTING,)

    def find(self, study: StudyResult) -> list[tuple[Halting, ...]]:
        cells = tuple(one for runs in find_runs(study.study) if (one := halting(runs)) is not None)
        return [cells] if cells else []

    def tables(self, found: tuple[Halting, ...]) -> dict[Table, Sequence[Row]]:
        return {HALTING: [halting_row(one) for one in found]}

    def figures(self, found: tuple[Halting, ...]) -> dict[str, Figure]:
        figure = draw_halting(found)
        return {} if figure is None else {"": figure}

    def section(self, found: tuple[Halting, ...]) -> Section:
        title = "Trajectories: halting times"
        caption = f"Halting times less their mean, over their standard deviation, of {_shown(found)}."
        rows = self.tables(found)[HALTING]
        return Section(title, [paragraph(_TEXT), Picture("", title, caption), HALTING.part(rows)])


def halting(runs: Runs) -> Halting | None:
    """The halting times of a cell; None where runs don't stop, or too few landscapes have any."""
    if runs.options["stop"] is None or runs.landscapes < FEWEST:
        return None
    times = runs.data["end_time" if runs.has_time else "steps"].values.astype(np.float64)
    found = Halting(runs, np.where(runs.converged, times, np.nan))
    return found if np.isfinite(found.times).any(axis=1).sum() >= FEWEST else None


def shape(times: Floats) -> Floats:
    """Mean, spread over mean and skewness of all that is known."""
    known = times[np.isfinite(times)]
    mean, spread = known.mean(), known.std()
    skewness = np.mean((known - mean) ** 3) / spread**3 if spread > 0 else np.nan
    return np.array([mean, spread / mean, skewness])


def shape_and_error(times: Floats) -> tuple[Floats, Floats]:
    """The same with standard errors, by the jackknife over landscapes.

    Args:
        times: shape (landscapes, runs), nan where nothing is known.
    """
    held = times[np.isfinite(times).any(axis=1)]
    without = np.array([shape(np.delete(held, place, axis=0)) for place in range(len(held))])
    return shape(held), np.sqrt((len(held) - 1) * without.var(axis=0))


def halting_row(one: Halting) -> Row:
    """Of the table."""
    (time, spread, skewness), errors = shape_and_error(one.times)
    return {
        "cell": one.runs.cell,
        "couplings": one.couplings,
        "n": one.runs.n,
        "rule": one.runs.label,
        "stop": one.runs.options["stop"],
        "runs": one.times.size,
        "converged": len(one.known),
        "time": float(time),
        "time_se": float(errors[0]),
        "spread": float(spread),
        "spread_se": float(errors[1]),
        "skewness": float(skewness),
        "skewness_se": float(errors[2]),
    }


def draw_halting(cells: Sequence[Halting]) -> Figure | None:
    """A panel for each algorithm and N with several laws of couplings, the last three; None without one."""
    panels = list(_compared(cells))[-3:]
    if not panels:
        return None
    figure, axes = new_figure(1, len(panels), 3.0)
    laws = dict.fromkeys(one.couplings for own in panels for one in own)
    colors = {law: COLORS[number % len(COLORS)] for number, law in enumerate(laws)}
    for ax, own in zip(axes, panels, strict=True):
        for one in own:
            scaled = (one.known - one.known.mean()) / one.known.std()
            density = np.histogram(scaled, EDGES)[0] / len(scaled) / np.diff(EDGES)
            ax.stairs(density, EDGES, color=colors[one.couplings], lw=1.1)
        ax.set(
            xlabel="(halting time - mean)/sd",
            ylim=(0, None),
            title=f"N = {own[0].runs.n:g}{own[0].runs.from_start}",
        )
    axes[0].set_ylabel("density")
    legend_below(figure, list(colors.items()))
    return figure


def _shown(cells: Sequence[Halting]) -> str:
    return ", ".join(dict.fromkeys(own[0].runs.label for own in _compared(cells)))


def _compared(cells: Sequence[Halting]) -> Iterator[list[Halting]]:
    """Cells that differ in their couplings alone."""
    groups: dict[str, list[Halting]] = {}
    for one in cells:
        same = [one.runs.options.get(name) for name in SAME]
        groups.setdefault(repr((one.runs.rule, one.runs.n, same)), []).append(one)
    return (own for own in groups.values() if len(own) > 1)
