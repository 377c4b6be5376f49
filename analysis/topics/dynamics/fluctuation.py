"""Fluctuation against dissipation at the temperatures of a study's Langevin dynamics, N to infinity."""

from morsecensus.analysis.page.style import GREY, INK, Axes, Figure, Mark, new_figure, shades
from morsecensus.analysis.theory.dynamics.fluctuation import fluctuations
from morsecensus.analysis.theory.dynamics.kernels import Kernels, Setting
from morsecensus.analysis.theory.limits.temperatures import Aging, aging
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.dynamics import measure
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.temperatures import dynamic_transition

WAITING = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Of the last time."""
LATEST = 30.0
"""The last time that is solved to, where runs last longer."""
MOST_PANELS = 3


def draw_fluctuations(setting: measure.Setting) -> Figure | None:
    """A panel for each of the temperatures below T_d, the lowest ones; None where there is none."""
    known = theory_of(setting.model, setting.parameters).dynamics
    if known is None or any(known[1].coefficients) or not known[0].is_pure or known[0].degree < 3:
        return None
    asked = _temperatures(setting, dynamic_transition(known[0]).temperature)
    if not asked:
        return None
    figure, axes = new_figure(1, len(asked), 3.0)
    for ax, (temperature, until) in zip(axes, asked.items(), strict=True):
        plot_fluctuations(ax, known[0], temperature, min(until, LATEST))
    axes[0].set_ylabel(r"$T\,\chi(t, t_w)$")
    axes[0].legend(fontsize=6.5)
    return figure


def _temperatures(setting: measure.Setting, highest: float) -> dict[float, float]:
    """Temperature -> last time of its runs."""
    found: dict[float, float] = {}
    for runs in setting.runs:
        options = runs.options
        quenched = options["algorithm"] == "langevin" and options["start"] == "uniform"
        if quenched and 0 < options["temperature"] < highest:
            found[options["temperature"]] = float(options["until"])
    return dict(sorted(found.items())[:MOST_PANELS])


def plot_fluctuations(ax: Axes, covariance: Covariance, temperature: float, until: float) -> list[Mark]:
    """T chi against C, a colour for each waiting time."""
    marks: list[Mark] = []
    waiting = [share * until for share in WAITING]
    found = fluctuations(Kernels.of(covariance), Setting(temperature), until, waiting)
    for one, color in zip(found, shades(len(found)), strict=True):
        name = f"$t_w$ = {one.waiting:g}"
        marks += ax.plot(one.correlation, one.response, color=color, lw=1.1, label=name)
    known = aging(covariance, temperature)
    marks += _draw_theory(ax, known)
    title = f"T = {temperature:g}, x = {known.ratio:.3f}"
    ax.set(xlabel="$C(t, t_w)$", title=title, xlim=(0, 1.02), ylim=(0, None))
    return marks


def _draw_theory(ax: Axes, known: Aging) -> list[Mark]:
    """The line of equilibrium down to the plateau, and that of aging from there."""
    q, x = known.overlap, known.ratio
    marks: list[Mark] = list(ax.plot([1, q], [0, 1 - q], color=INK, lw=0.9, label="equilibrium"))
    aged = ax.plot([q, 0], [1 - q, 1 - q + x * q], color=GREY, lw=0.9, ls="--", label="aging")
    return marks + list(aged)
