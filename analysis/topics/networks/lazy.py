"""Lazy or feature learning: how far training moves weights and tangent kernel, against the width."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2

from morsecensus.analysis.estimates.powers import ENOUGH, power
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import COLORS, GREY, Axes, Figure, Mark, log_scale, new_figure
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.findings import Finding, Question
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.networks.read import BODY, Network, find_networks

FEWEST = 3
"""Widths, and runs of each, that an exponent is fitted to."""
MOVED = ("weight_change", "kernel_drift")
EXPECTED = {"ntk": (-0.5, -1.0), "mean-field": (0.0, 0.0)}
"""Scaling -> exponents in the width of what is `MOVED`."""
NAMES = {"weight_change": "weights", "kernel_drift": "tangent kernel"}
SAME = (
    *("data", "sha256", "first", "count", "labels", "teacher", "algorithm", "activation", "loss"),
    *("precision", "until", "kernel", "rate"),
)
"""Options that networks of one family share; steps are a bound, and widths may need different ones."""
_TEXT = (
    "Tier 4. Networks of one hidden layer whose answers begin at 0 and are divided by the square root of "
    "the width (ntk) or by the width (mean-field), trained until their cost is a share of the first. In the"
    " first scaling training is lazy: weights move by width^(-1/2) of their length, the tangent kernel by "
    "1/width, faster than the bound width^(-1/2) (arXiv:1806.07572, arXiv:1909.11304). In the second, the "
    "control, neither falls with the width. Runs whose steps were over before are left out. Errors are over "
    "the other runs."
)
_CAPTION = "Relative changes from start to end of training; lines: fitted powers of the width."
LAZY = Table(
    "networks_lazy",
    "How far training moves networks of one hidden layer: one row for each width.",
    (
        Column("network", "name of the network", title="network", left=True),
        Column("scaling", "ntk or mean-field", title="scaling", left=True),
        Column("activation", "of hidden units", title="activation", left=True),
        Column("width", "of the hidden layer", title="width", form="{:,}".format),
        Column("runs", "training runs", title="runs"),
        Column("unfinished", "others, left out: their steps were over before", title="left out"),
        *measured("steps", "steps_se", "steps taken", "", "steps"),
        *measured("weight_change", "weight_change_se", "|w - w_0|/|w_0|", "", "weights"),
        *measured("kernel_drift", "kernel_drift_se", "the same of the tangent kernel", "", "kernel"),
    ),
)
EXPONENTS = Table(
    "networks_lazy_exponents",
    "Powers of the width that changes follow: one row for each scaling and quantity.",
    (
        Column("scaling", "ntk or mean-field", title="scaling", left=True),
        Column("activation", "of hidden units", title="activation", left=True),
        Column("quantity", "what moved", title="what moves", left=True),
        Column("widths", "that are fitted, from the narrowest to the widest", title="widths"),
        *measured("exponent", "exponent_se", "weighted least squares of logarithms", "", "exponent"),
        Column("expected", "at large width", title="expected", form=r.digits(2)),
        Column("z", "difference over the standard error", title="z", form=r.score),
        Column("p", "that means lie on a power, from chi squared", title="p", form=r.probability),
    ),
    "A small p says that the narrowest widths aren't on the power yet; then the error is too small. z and p "
    f"are given from {ENOUGH} runs on: errors from few are too rough for them.",
)


@dataclass(frozen=True)
class Widths:
    """Networks that differ in the width alone, narrowest first.

    Attributes:
        cells: as they are in the study.
        finished: with the runs alone whose cost came down to the share that was asked for.
    """

    cells: tuple[Network, ...]
    finished: tuple[Network, ...]

    @property
    def scaling(self) -> str:
        return self.cells[0].options["scaling"]

    @property
    def activation(self) -> str:
        return self.cells[0].options["activation"]

    @property
    def widths(self) -> np.ndarray:
        return np.array([float(one.options["layers"][1]) for one in self.cells])


class LazyOrFeature(Topic[tuple[Widths, ...]]):
    """One section for all families of widths."""

    anchor, declared = "networks-lazy", (EXPONENTS, LAZY)
    bodies = (BODY,)

    def find(self, study: StudyResult) -> list[tuple[Widths, ...]]:
        found = families(find_networks(study.study))
        return [found] if found else []

    def tables(self, found: tuple[Widths, ...]) -> Mapping[Table, Sequence[Row]]:
        return {
            EXPONENTS: [exponent_row(family, name) for family in found for name in MOVED],
            LAZY: [
                lazy_row(one, cell.runs - one.runs)
                for family in found
                for one, cell in zip(family.finished, family.cells, strict=True)
            ],
        }

    def figures(self, found: tuple[Widths, ...]) -> Mapping[str, Figure]:
        return {"": draw_lazy(found)}

    def findings(self, found: Sequence[tuple[Widths, ...]]) -> list[Finding]:
        rows = [exponent_row(family, name) for one in found for family in one for name in MOVED]
        texts = [
            f"changes of {row['quantity']} in {row['scaling']} networks ({row['activation']}) go as power "
            f"{r.estimate(row['exponent'], row['exponent_se'])} of the width, expected "
            f"{r.number(row['expected'])}"
            for row in rows
        ]
        return [Finding(Question.WIDTH, f"{'; '.join(texts)}.")]

    def section(self, found: tuple[Widths, ...]) -> Section:
        title, rows = "Trained networks: lazy or feature learning", self.tables(found)
        parts = [table.part(rows[table]) for table in self.declared]
        return Section(title, [paragraph(_TEXT), Picture("", title, _CAPTION), *parts])


def families(networks: Sequence[Network]) -> tuple[Widths, ...]:
    """Scaled networks that were trained to a share of their cost and stored how far they moved, by all that
    isn't the width."""
    groups: dict[str, list[tuple[Network, Network]]] = {}
    for one in networks:
        if "kernel_drift" not in one.data or one.options.get("scaling") not in EXPECTED:
            continue
        if one.options.get("until") and (kept := finished(one)).runs >= FEWEST:
            ends = one.options["layers"][0], one.options["layers"][-1]
            same = [one.options.get(name) for name in SAME]
            groups.setdefault(repr((one.options["scaling"], ends, same)), []).append((one, kept))
    ordered = (sorted(own, key=lambda pair: pair[0].options["layers"][1]) for own in groups.values())
    found = (Widths(*map(tuple, zip(*own, strict=True))) for own in ordered)
    return tuple(family for family in found if len(set(family.widths)) >= FEWEST)


def finished(one: Network) -> Network:
    """With the runs that ended before their steps were over: their cost had come down as far as was asked."""
    early = one.data["steps"].values < one.options["steps"]
    return replace(one, data=one.data.isel(landscape=np.flatnonzero(early)))


def lazy_row(one: Network, unfinished: int) -> Row:
    """Of one width."""
    row: Row = {"network": one.name, "runs": one.runs, "width": one.options["layers"][1]}
    row["unfinished"] = unfinished
    row |= {name: one.options[name] for name in ("scaling", "activation")}
    for name in ("steps", *MOVED):
        row[name], row[f"{name}_se"] = one.mean(name)
    return row


def exponent_row(family: Widths, name: str) -> Row:
    """The power of one quantity."""
    means, errors = np.array([one.mean(name) for one in family.finished]).T
    slope, error, square, _ = power(family.widths, means, errors)
    expected = EXPECTED[family.scaling][MOVED.index(name)]
    many = min(one.runs for one in family.finished) >= ENOUGH
    return {
        "scaling": family.scaling,
        "activation": family.activation,
        "quantity": NAMES[name],
        "widths": f"{family.widths[0]:g} to {family.widths[-1]:g}",
        "exponent": slope,
        "exponent_se": error,
        "expected": expected,
        "z": (slope - expected) / error if many else None,
        "p": float(chi2.sf(square, len(means) - 2)) if many else None,
    }


def draw_lazy(found: Sequence[Widths]) -> Figure:
    """A panel for each quantity, a colour for each family."""
    figure, axes = new_figure(1, 2, 3.0)
    for ax, name in zip(axes, MOVED, strict=True):
        plot_moved(ax, found, name)
    axes[0].legend(fontsize=6.5)
    return figure


def plot_moved(ax: Axes, found: Sequence[Widths], name: str) -> list[Mark]:
    """Means with errors, and the fitted powers."""
    marks: list[Mark] = []
    several = len({family.activation for family in found}) > 1
    for number, family in enumerate(found):
        color = COLORS[number % len(COLORS)]
        means, errors = np.array([one.mean(name) for one in family.finished]).T
        slope, _, _, level = power(family.widths, means, errors)
        label = f"{family.scaling}, {family.activation}" if several else family.scaling
        marks.append(ax.errorbar(family.widths, means, errors, fmt="o", ms=3, color=color, label=label))
        marks += ax.plot(family.widths, np.exp(level) * family.widths**slope, color=color, lw=0.9)
        ax.annotate(f"{round(slope, 2) + 0:g}", (family.widths[-1], means[-1]), xytext=(3, 4), **_BESIDE)
    ax.set(xlabel="width", ylabel=f"relative change of the {NAMES[name]}")
    log_scale(ax, "x")
    log_scale(ax, "y")
    return marks


_BESIDE = {"textcoords": "offset points", "fontsize": 6.5, "color": GREY}
