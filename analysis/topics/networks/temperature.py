"""The temperature of SGD: whether stationary costs depend on rate and batch by their ratio alone."""

from collections.abc import Mapping, Sequence

import numpy as np

from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import (
    GREY,
    Axes,
    Figure,
    Mark,
    legend_below,
    log_scale,
    new_figure,
    shades,
)
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.networks.read import BODY, find_networks
from morsecensus.analysis.topics.networks.sweep import (
    AGREE,
    CONTROL,
    DIFFER,
    MARGIN,
    RATIO,
    UNDECIDED,
    Sweep,
    pair_rows,
    pairs,
    run_row,
    sweeps,
    temperature,
)
from morsecensus.analysis.topics.networks.tables import COST


def _interval(row: Row) -> str:
    if not np.isfinite(row["share_low"]):
        return f"{row['share']:.3f} (too few seeds)"
    return f"{row['share']:.3f} ({row['share_low']:.3f} to {row['share_high']:.3f})"


STATIONARY = Table(
    "networks_stationary",
    "Stationary costs of SGD: one row for each network.",
    (
        Column("network", "name of the network", title="network", left=True),
        Column("temperature", "rate over batch", title="rate/batch", form="{:g}".format),
        Column("rate", "of a step", title="rate", form="{:g}".format),
        Column("batch", "examples of a step", title="batch"),
        Column("steps", "steps of a run", title="steps", form="{:,}".format),
        Column("runs", "training runs", title="runs"),
        *measured("cost", "cost_se", "mean training cost over the second half of a run", COST, "cost"),
        *measured("drift", "drift_se", "fourth quarter less third", COST, "drift"),
    ),
    "Errors are over runs. A drift is what is left of the way there.",
)
TEMPERATURE = Table(
    "networks_temperature",
    "Stationary costs of two networks each, of equal rate/batch or, the control, of equal rate.",
    (
        Column("kind", "what the two share: rate/batch, or the rate", title="equal", left=True),
        Column("first", "name of the first network", title="first", left=True),
        Column("second", "name of the second", title="second", left=True),
        Column("temperature", "rate over batch of the first", form="{:g}".format),
        Column("first_rate", "rate of the first", form="{:g}".format),
        Column("second_rate", "rate of the second", title="rate", form="{:g}".format),
        Column("seeds", "that both have", title="seeds"),
        Column("difference", "Hodges and Lehmann's, second less first", COST, "difference", r.digits(3)),
        Column("low", "lower end of its interval", COST),
        Column("high", "upper end", COST),
        Column(
            "share",
            "of what the temperature does: that of the first, or the difference where rates are equal",
            "",
            "of the temperature's",
            shown=_interval,
        ),
        Column("share_low", "lower end of its interval"),
        Column("share_high", "upper end"),
        Column("verdict", f"{AGREE}, {DIFFER} or {UNDECIDED}", title="", left=True),
    ),
    f"Differences seed by seed; intervals of signed ranks hold all together at level {LEVEL:g}, those of "
    "shares with the error of what the temperature does. Agree: "
    f"the whole interval is within {MARGIN:.0%} of what the temperature does; differ: it is outside.",
)
_TEXT = (
    "Tier 4. To first order in the rate, noise of SGD depends on rate and batch by their ratio, the "
    "temperature: cells of equal rate/batch, trained for equal rate times steps, must have one stationary"
    " cost, and cells of equal rate, the control, must not. The next order is relatively as large as the "
    "rate times a curvature, so the law must stop as the rate grows; where, is measured. Costs are means "
    "over the second half of the runs."
)
_CAPTION = (
    "Left: stationary costs, a colour for each rate/batch; flat where the ratio alone matters. Right: "
    "differences from the lowest rate of the same temperature over what that temperature does, with "
    "intervals; open symbols: cells of equal rate, the control, over what the difference of their "
    "temperatures does, which is 1 (dotted) where cost is linear in the temperature. Grey: within "
    f"{MARGIN:.0%}."
)


class TemperatureOfSgd(Topic[tuple[Sweep, ...]]):
    """One section for all sweeps."""

    anchor, declared = "networks-temperature", (TEMPERATURE, STATIONARY)
    bodies = (BODY,)

    def find(self, study: StudyResult) -> list[tuple[Sweep, ...]]:
        found = sweeps(find_networks(study.study))
        return [found] if found else []

    def tables(self, found: tuple[Sweep, ...]) -> Mapping[Table, Sequence[Row]]:
        return {
            TEMPERATURE: [row for sweep in found for row in pair_rows(sweep)],
            STATIONARY: [run_row(one) for sweep in found for one in sweep.cells],
        }

    def figures(self, found: tuple[Sweep, ...]) -> Mapping[str, Figure]:
        return {"": draw_temperature(found)}

    def section(self, found: tuple[Sweep, ...]) -> Section:
        title, rows = "Trained networks: the temperature of SGD", self.tables(found)
        parts = [table.part(rows[table]) for table in self.declared]
        body = [paragraph(_TEXT), *_verdict(rows[TEMPERATURE]), Picture("", title, _CAPTION), *parts]
        return Section(title, body)


def _verdict(rows: Sequence[Row]) -> list[Part]:
    """At each temperature up to which rate the law holds, and what the control says."""
    own, control = ([row for row in rows if row["kind"] == kind] for kind in (RATIO, CONTROL))
    # All pairs of one temperature of a sweep have one first cell, that of the lowest rate.
    of_first = {row["first"]: [other for other in own if other["first"] == row["first"]] for row in own}
    text = "Equal rate/batch: "
    text += "; ".join(_of_temperature(group) for group in of_first.values()) + ". "
    seen = sum(row["verdict"] == DIFFER for row in control)
    text += (
        f"Equal rate, the control: {seen} of {len(control)} differ." if control else "There is no control."
    )
    holds = _holds_from_below(own) and bool(control) and seen == len(control)
    return [note(text, "good" if holds else "bad")]


def _rates(rows: Sequence[Row], word: str) -> list[float]:
    return [row["second_rate"] for row in rows if row["verdict"] == word]


def _holds_from_below(rows: Sequence[Row]) -> bool:
    """Whether some agree, and none at a rate at or above one at which they differ: the law stops as the rate
    grows and doesn't begin again."""
    agree, differ = _rates(rows, AGREE), _rates(rows, DIFFER)
    return bool(agree) and max(agree) < min(differ, default=float("inf"))


def _of_temperature(rows: Sequence[Row]) -> str:
    agree, differ = _rates(rows, AGREE), _rates(rows, DIFFER)
    text = f"at {rows[0]['temperature']:g}, against {rows[0]['first']}, {len(agree)} of {len(rows)} agree "
    text += f"within {MARGIN:.0%}"
    stops = _holds_from_below(rows)
    if agree:
        text += f" (up to rate {max(agree):g})" if stops else f" (at rate {_listed(agree)})"
    if not differ:
        return text
    since = f"from rate {min(differ):g} on" if stops or not agree else f"at rate {_listed(differ)}"
    return f"{text} and {len(differ)} differ ({since})"


def _listed(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in sorted(rates))


def draw_temperature(found: Sequence[Sweep]) -> Figure:
    """Costs, and their differences over what the temperature does; a colour for each temperature."""
    figure, axes = new_figure(1, 2, 3.0)
    ratios = sorted({ratio for sweep in found for ratio in sweep.temperatures})
    colors = dict(zip(ratios, shades(len(ratios)), strict=True))
    for sweep in found:
        plot_costs(axes[0], sweep, colors)
        plot_shares(axes[1], sweep, colors)
    axes[1].axhspan(-MARGIN, MARGIN, color=GREY, alpha=0.25, lw=0)
    for ax, label in zip(axes, ("stationary cost", "difference over the effect of T"), strict=True):
        ax.set(xlabel="rate", ylabel=label)
        log_scale(ax, "x")
    legend_below(figure, [(f"T = rate/batch = {ratio:g}", color) for ratio, color in colors.items()])
    return figure


def plot_costs(ax: Axes, sweep: Sweep, colors: dict[float, str]) -> list[Mark]:
    """Means with errors over runs."""
    marks: list[Mark] = []
    for ratio in sweep.temperatures:
        rows = [run_row(one) for one in sweep.cells if temperature(one) == ratio]
        rates, costs, errors = np.array(
            [[row[name] for name in ("rate", "cost", "cost_se")] for row in rows]
        ).T
        marks.append(ax.errorbar(rates, costs, errors, fmt="o-", ms=3, lw=0.9, color=colors[ratio]))
    return marks


def plot_shares(ax: Axes, sweep: Sweep, colors: dict[float, str]) -> list[Mark]:
    """Shares with intervals: filled of equal temperature, open of equal rate."""
    marks: list[Mark] = []
    for (kind, one, _), row in zip(pairs(sweep), pair_rows(sweep), strict=True):
        ends = np.nan_to_num(
            [[row["share"] - row["share_low"]], [row["share_high"] - row["share"]]], posinf=0
        )
        color = colors[temperature(one)]
        face = color if kind == RATIO else "white"
        style = {"fmt": "o" if kind == RATIO else "s", "ms": 3.4, "lw": 0.9, "color": color, "mfc": face}
        marks.append(ax.errorbar([row["second_rate"]], [row["share"]], ends, **style))
    if any(kind == CONTROL for kind, *_ in pairs(sweep)):
        ax.axhline(1, color=GREY, lw=0.7, ls=":")
    return marks
