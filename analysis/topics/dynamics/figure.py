"""Trajectories: energies against time and N to infinity, where runs end, what the noise does."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.ticker import NullFormatter

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.estimates.starts import mean_over_starts
from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    INK,
    Axes,
    Figure,
    Mark,
    legend_below,
    new_figure,
    shades,
)
from morsecensus.analysis.topics.dynamics.limit import LimitCurve
from morsecensus.analysis.topics.dynamics.measure import Setting, minima_law, temperature_of, thermal
from morsecensus.analysis.topics.dynamics.read import Runs

Pair = tuple[Runs, LimitCurve | None]
BESIDE = {"temperature": "Langevin"}
"""What a limit is called that isn't of just the algorithm, where its kind doesn't say it."""
LEVEL_STYLES = {"floor": "--", "ground state": ":"}
BINS = 40
CURVE = 200
SLOPE = 2 / 3
"""Exponent of the approach to the threshold of pure models."""
EARLY = 0.2
"""Time up to which a descent knows nothing of the threshold."""
HIDING = 4.0
"""Errors that are larger than the smallest by this hide what is drawn with it."""
SHARPEST = 4.0
"""Values that are fewer standard errors off zero are not drawn on a logarithmic axis."""


def draw_curves(group: Sequence[Pair], setting: Setting) -> Figure:
    """One algorithm at all N: energies, what is left to N to infinity times N, and the spread."""
    collapsed = has_limit(group)
    figure, axes = new_figure(1, 3 if collapsed else 1, 3.0)
    plot_energies(axes[0], group, setting)
    if collapsed:
        plot_corrections(axes[1], group)
        plot_spread(axes[2], group)
    figure.suptitle(group[0][0].label, fontsize=8.5)
    return figure


def has_limit(group: Sequence[Pair]) -> bool:
    """Whether N to infinity is known exactly, so that finite N can be held against it."""
    return any(limit is not None and limit.exact for _, limit in group)


def longest(group: Sequence[Pair]) -> LimitCurve | None:
    """The limit that is known farthest: each N has its own last look, and late ones may cost too much."""
    known = [limit for _, limit in group if limit is not None]
    return max(known, key=lambda limit: float(limit.times[-1]), default=None)


def _late(times: Floats) -> np.ndarray:
    return np.isfinite(times) & (times > 0)


def _from_first_look(limit: LimitCurve, cells: Sequence[Runs]) -> np.ndarray:
    """Nodes of a limit from the first look after the start on, for a logarithmic axis; without one all."""
    looks = np.concatenate([runs.times[_late(runs.times)] for runs in cells])
    return _late(limit.times) & (limit.times >= (looks.min() if len(looks) else 0.0))


def plot_energies(ax: Axes, group: Sequence[Pair], setting: Setting) -> list[Mark]:
    """Mean energies against time, a colour for each N; lines: N to infinity, floor and ground state."""
    marks: list[Mark] = []
    for (runs, _), color in zip(group, shades(len(group)), strict=True):
        mean, error = runs.mean("energy")
        there = _late(runs.times)
        marks.append(
            ax.errorbar(
                runs.times[there],
                mean[there],
                np.nan_to_num(error[there]),
                fmt="o",
                ms=2.6,
                color=color,
                label=f"N = {runs.n:g}",
            )
        )
    if (limit := longest(group)) is not None:
        late = _from_first_look(limit, [runs for runs, _ in group])
        name = "N → ∞" + ("" if limit.exact else f", {BESIDE.get(limit.kind, limit.kind)}")
        ax.plot(limit.times[late], limit.energy[late], color=INK, lw=1, label=name)
    _draw_levels(ax, setting)
    ax.set(xscale="log", xlabel="time" if group[0][0].has_time else "steps", ylabel="energy per spin")
    ax.legend(fontsize=6.5)
    return marks


def _draw_levels(ax: Axes, setting: Setting) -> None:
    for name, level in setting.levels.items():
        ax.axhline(level, color=GREY, lw=0.8, ls=LEVEL_STYLES[name], label=name)


def plot_corrections(ax: Axes, group: Sequence[Pair]) -> list[Mark]:
    """N (e_N - e) against time: a law in 1/N if all N fall together. Its errors grow as sqrt(N), so N at
    which they would hide all others are left out."""
    marks: list[Mark] = []
    bars = [runs.n * _typical_error(runs) if limit is not None else np.inf for runs, limit in group]
    for (runs, limit), color, typical in zip(group, shades(len(group)), bars, strict=True):
        if limit is None or np.isinf(typical) or typical > HIDING * min(bars):
            continue
        mean, error = runs.mean("energy")
        there = _late(runs.times) & runs.complete  # the limit does not rest where runs have converged
        off, bar = runs.n * (mean - limit.at(runs.times))[there], runs.n * error[there]
        marks.append(ax.errorbar(runs.times[there], off, bar, fmt="o", ms=2.6, color=color))
    ax.axhline(0, color=GREY, lw=0.8)
    ax.set(xscale="log", xlabel="time", ylabel=r"$N\,(e_N-e_\infty)$")
    return marks


def _typical_error(runs: Runs) -> float:
    """Of a mean energy; infinite where no look has one."""
    errors = runs.mean("energy")[1]
    known = errors[np.isfinite(errors) & _late(runs.times) & runs.complete]
    return float(np.median(known)) if len(known) else np.inf


def plot_spread(ax: Axes, group: Sequence[Pair]) -> list[Mark]:
    """sqrt(N) times the standard deviation over landscapes."""
    marks: list[Mark] = []
    for (runs, _), color in zip(group, shades(len(group)), strict=True):
        if runs.landscapes < 2:
            continue
        there = _late(runs.times)
        spread = np.sqrt(runs.n) * runs.of_landscapes("energy").std(axis=0, ddof=1)[there]
        marks += ax.plot(runs.times[there], spread, "o-", ms=2.6, lw=0.8, color=color)
    ax.set(xscale="log", xlabel="time", ylabel=r"$\sqrt{N}$ sd of $e_N$", ylim=(0, None))
    return marks


def draw_by_rule(
    setting: Setting,
    is_shown: Callable[[Runs], bool],
    plot: Callable[[Axes, Sequence[Runs], Mapping[int, str]], object],
) -> Figure | None:
    """A panel for each algorithm, a colour for each N, of the cells that are shown; None if none is."""
    groups = [[runs for runs, _ in group if is_shown(runs)] for group in setting.rules()]
    groups = [group for group in groups if group]
    if not groups:
        return None
    columns = min(len(groups), 3)
    rows = -(-len(groups) // columns)
    figure, axes = new_figure(rows, columns, 2.7 * rows)
    sizes = sorted({runs.n for group in groups for runs in group})
    colors = dict(zip(sizes, shades(len(sizes)), strict=True))
    for ax, group in zip(axes, groups, strict=False):
        plot(ax, group, colors)
    for ax in axes[len(groups) :]:
        ax.remove()
    legend_below(figure, [(f"N = {n:g}", color) for n, color in colors.items()])
    return figure


def draw_ends(setting: Setting) -> Figure | None:
    """Histograms of end energies."""

    def plot(ax: Axes, group: Sequence[Runs], colors: Mapping[int, str]) -> None:
        plot_ends(ax, group, setting, colors)

    return draw_by_rule(setting, lambda runs: _ends(runs).size > 1, plot)


def _ends(runs: Runs) -> Floats:
    ends = runs.data["end_energy"].values.ravel()
    return ends[np.isfinite(ends)]


def plot_ends(ax: Axes, group: Sequence[Runs], setting: Setting, colors: Mapping[int, str]) -> list[Mark]:
    """End energies of one algorithm, and the law of the minima at the same N; heights are shares of the
    highest, for widths differ by far."""
    marks: list[Mark] = []
    low = min(_ends(runs).min() for runs in group)
    high = max(_ends(runs).max() for runs in group)
    for runs in group:
        counts, edges = np.histogram(_ends(runs), BINS, (low, high))
        marks.append(ax.stairs(counts / counts.max(), edges, color=colors[runs.n]))
        if (law := minima_law(runs)) is not None:
            energies = np.linspace(low, high, CURVE)
            density = law.density_by_index(energies)[0]
            if density.max() > 0:  # runs that were left far above have none beside them
                ax.plot(energies, density / density.max(), color=colors[runs.n], lw=0.8, ls="-.")
    for name, level in setting.levels.items():
        ax.axvline(level, color=GREY, lw=0.9, ls=LEVEL_STYLES[name])
    ax.set(xlabel="energy per spin at the end", ylabel="share of the highest bin", title=group[0].label)
    return marks


def draw_algorithms(setting: Setting) -> Figure | None:
    """All algorithms at the N that most of them share, the largest such N, against the same time."""
    pairs = [pair for group in setting.rules() for pair in group if pair[0].has_time]
    shared = Counter(n for _, n in {(runs.rule, runs.n) for runs, _ in pairs})
    if not shared:
        return None
    n, many = max(shared.items(), key=lambda item: (item[1], item[0]))
    if many < 2:
        return None
    figure, axes = new_figure(1, 1, 3.6)
    own = {runs.rule: (runs, limit) for runs, limit in pairs if runs.n == n}
    for number, (runs, limit) in enumerate(own.values()):
        _plot_algorithm(axes[0], runs, limit, COLORS[number % len(COLORS)])
    _draw_levels(axes[0], setting)
    axes[0].set(xscale="log", xlabel="time", ylabel="energy per spin", title=f"N = {n:g}")
    axes[0].legend(fontsize=6, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def _plot_algorithm(ax: Axes, runs: Runs, limit: LimitCurve | None, color: str) -> None:
    mean, error = runs.mean("energy")
    there = _late(runs.times)
    bars = np.nan_to_num(error[there])
    ax.errorbar(runs.times[there], mean[there], bars, fmt="o", ms=2.8, color=color, label=runs.label)
    if limit is not None:
        late = _from_first_look(limit, [runs])
        ax.plot(limit.times[late], limit.energy[late], color=color, lw=0.9, ls="-" if limit.exact else "--")


def draw_approach(setting: Setting) -> Figure | None:
    """e - e_th of descents at the largest N against time, and its local exponent, beside 2/3."""
    floor = setting.levels.get("floor")
    quiet = [g[-1] for g in setting.rules() if g[-1][0].options["algorithm"] in ("flow", "gd")]
    if floor is None:
        return None
    quiet = [(runs, limit) for runs, limit in quiet if limit is not None and _nearing(limit, floor).sum() > 1]
    if not quiet:
        return None
    figure, axes = new_figure(1, 2, 3.0)
    for (runs, limit), color in zip(quiet, COLORS, strict=False):
        assert limit is not None
        _plot_approach(axes, runs, limit, floor, color)
    axes[0].set(xscale="log", yscale="log", xlabel="time", ylabel=r"$e-e_{th}$")
    axes[1].set(xscale="log", xlabel="time", ylabel=r"$-d\log(e-e_{th})/d\log t$")
    axes[1].axhline(SLOPE, color=GREY, ls="--", lw=0.8, label="2/3")
    for axis in (axes[0].xaxis, axes[0].yaxis, axes[1].xaxis):
        axis.set_minor_formatter(NullFormatter())  # they run into each other
    axes[0].legend(fontsize=6.5)
    axes[1].legend(fontsize=6.5)
    return figure


def _nearing(limit: LimitCurve, floor: float) -> np.ndarray:
    """Nodes at which there is a distance to the floor with a local exponent: a start from a low temperature
    goes below."""
    return (limit.times > EARLY) & (limit.energy > floor)


def _plot_approach(axes: Sequence[Axes], runs: Runs, limit: LimitCurve, floor: float, color: str) -> None:
    late = _nearing(limit, floor)
    times, above = limit.times[late], limit.energy[late] - floor
    axes[0].plot(times, above, color=color, lw=1, label=f"{runs.label}, N → ∞")
    axes[1].plot(times, -np.gradient(np.log(above), np.log(times)), color=color, lw=1)
    mean, error = runs.mean("energy")
    there = _late(runs.times) & (mean - floor > SHARPEST * np.nan_to_num(error))
    bars = np.nan_to_num(error[there])
    axes[0].errorbar(
        runs.times[there], mean[there] - floor, bars, fmt="o", ms=2.6, color=color, label=f"N = {runs.n:g}"
    )


def draw_temperatures(setting: Setting) -> Figure | None:
    """Energies at the last look of noisy algorithms against their temperature."""
    groups: dict[str, list[tuple[float, Runs]]] = {}
    for runs in setting.runs:
        if (value := temperature_of(runs)) is not None and runs.has_time:
            groups.setdefault(f"{runs.options['algorithm']}, N = {runs.n:g}", []).append((value, runs))
    groups = {name: sorted(own, key=lambda one: one[0]) for name, own in groups.items() if len(own) > 1}
    if not groups:
        return None
    figure, axes = new_figure(1, 1, 3.2)
    for (name, own), color in zip(groups.items(), COLORS, strict=False):
        x = [value for value, _ in own]
        mean, error = np.array([_last(runs) for _, runs in own]).T
        axes[0].errorbar(x, mean, np.nan_to_num(error), fmt="o", ms=3, color=color, label=name)
    _draw_thermal(axes[0], setting, [value for own in groups.values() for value, _ in own])
    axes[0].set(xlabel="temperature", ylabel="energy per spin at the last look")
    axes[0].legend(fontsize=6.5)
    return figure


def _last(runs: Runs) -> tuple[float, float]:
    mean, error = runs.mean("energy")
    return float(mean[-1]), float(error[-1])


def _draw_thermal(ax: Axes, setting: Setting, values: Sequence[float]) -> None:
    grid = np.linspace(0.9 * min(values), 1.05 * max(values), 200)
    known = [one for one in (thermal(setting, float(t)) for t in grid) if one is not None]
    for law, style in (("equilibrium", "-"), ("aging", "--")):
        own = [(one.temperature, one.energy) for one in known if one.law == law]
        if own:
            ax.plot(*zip(*own, strict=True), color=INK, lw=0.9, ls=style, label=f"{law}, N → ∞")


def draw_signal(setting: Setting) -> Figure | None:
    """Overlaps with a signal against time, a panel for each algorithm, a colour for each N."""
    if "overlap_signal" not in setting.runs[0].data:
        return None
    groups = [group for group in setting.rules() if group[0][0].has_time]
    if not groups:
        return None
    figure, axes = new_figure(1, len(groups), 3.0)
    for ax, group in zip(axes, groups, strict=True):
        plot_overlaps(ax, group)
    return figure


def plot_overlaps(ax: Axes, group: Sequence[Pair]) -> list[Mark]:
    """Mean absolute overlaps with the signal; a line for N to infinity where the start has an overlap."""
    marks: list[Mark] = []
    for (runs, _), color in zip(group, shades(len(group)), strict=True):
        mean, error = mean_and_error(mean_over_starts(np.abs(runs.at_looks("overlap_signal"))))
        there = _late(runs.times)
        bars = np.nan_to_num(error[there])
        label = f"N = {runs.n:g}"
        marks.append(
            ax.errorbar(runs.times[there], mean[there], bars, fmt="o-", ms=2.4, color=color, label=label)
        )
    runs, limit = group[0][0], longest(group)
    if limit is not None and runs.options["overlap"]:
        late = _from_first_look(limit, [runs])
        ax.plot(limit.times[late], np.abs(limit.overlap[late]), color=INK, lw=1, label="N → ∞")
    ax.set(xscale="log", xlabel="time", ylabel="|overlap with the signal|", ylim=(0, 1.02), title=runs.label)
    ax.legend(fontsize=6.5)
    return marks


def draw_plane(setting: Setting) -> Figure | None:
    """Where algorithms end: index against energy, of runs that converged."""
    ended = [runs for runs in setting.runs if "end_index" in runs.data]
    if not ended:
        return None
    figure, axes = new_figure(1, 1, 3.2)
    for runs, color in zip(ended, COLORS, strict=False):
        there = runs.converged & (runs.data["end_index"].values >= 0)
        energy, index = runs.data["end_energy"].values[there], runs.data["end_index"].values[there]
        label = f"{runs.label}, N = {runs.n:g}: {there.sum()} of {there.size} converged"
        axes[0].scatter(energy, index / (runs.n - 1), s=7, color=color, alpha=0.5, linewidths=0, label=label)
    for name, level in setting.levels.items():
        axes[0].axvline(level, color=GREY, lw=0.9, ls=LEVEL_STYLES[name])
    axes[0].set(xlabel="energy per spin at the end", ylabel="index/(N-1)")
    axes[0].legend(fontsize=6.5)
    return figure
