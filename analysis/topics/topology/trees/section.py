"""Merge trees in the report: figures, text, tables."""

from collections.abc import Mapping
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.topology.trees import tables as tables
from morsecensus.analysis.topics.topology.trees.heights import FEWEST_SIZES
from morsecensus.analysis.topics.topology.trees.measure import TreeResult

_BARRIERS = {"escape": "to a lower minimum", "lowest": "to the global one"}


def tree_parts(result: TreeResult, figures: Mapping[str, Path], title: str = "") -> list[Part]:
    """The section on merge trees of one family.

    Args:
        result: what was measured.
        figures: topic -> SVG, those that `analysis.topics.topology.trees.figure.draw_trees` drew.
        title: of the family, for the heading; may be empty.
    """
    name = "Merge trees and barriers" + (f": {title}" if title else "")
    text = (
        "The merge tree of a landscape says which minima {H/N ≤ u} joins at which level: index-1 saddles, in "
        "the order of their energies, join the two minima that their branches lead to. By the elder rule the "
        "component with the higher lowest minimum dies in a join. So the barrier from a minimum to a "
        "lower one is the lifetime of its class in H₀, and only the class of the global minimum never dies."
    )
    return [
        heading(name, 3),
        paragraph(text),
        *_even(result),
        *_unknown(result),
        *_connectedness(result, figures),
        *_disconnectivity(result, figures),
        *_barriers(result, figures),
        *_lifetimes(figures),
    ]


def _even(result: TreeResult) -> list[Part]:
    if not any(cell.forest.even for cell in result.cells):
        return []
    text = (
        "H is even: x and −x have one energy, and so the global minimum has a twin. Of the two the one in "
        "the lower row (canonical order) counts as lower. Its class is the one that never dies; its twin's "
        "dies where their two valleys meet and is counted among the barriers and lifetimes here. Until then "
        "{H/N ≤ u} is two antipodal pieces at least, so that it is connected late; up to sign says when it "
        "is one piece with x and −x made one."
    )
    return [note(text)]


def _unknown(result: TreeResult) -> list[Part]:
    parts = []
    for cell in result.cells:
        forest = cell.forest
        without = forest.planned - forest.trees
        if not without:
            continue
        text = (
            f"{forest.cell.name}, N = {forest.n}: {forest.trees:,} of {forest.planned:,} planned landscapes "
            "have a known tree."
        )
        if forest.unresolved:
            text += (
                f" In {len(forest.unresolved):,} some gradient line is open, but all points are known: the "
                "limits below hold whatever their trees are."
            )
        if forest.blank:
            text += (
                f" In {forest.blank:,} points are missing or nothing was computed: they widen limits of "
                "probabilities; means that they could move without bound have no limits."
            )
        parts.append(note(text, "" if forest.trees else "bad"))
    if not parts:
        return [note("The tree of every planned landscape is known: no mean leaves any out.", "good")]
    return parts


def _connectedness(result: TreeResult, figures: Mapping[str, Path]) -> list[Part]:
    parts: list[Part] = [heading("Is the low-lying set one piece?", 4)]
    if "connectedness" in figures:
        caption = (
            "Against the level u, for each N. Top left: share of the minima at or below u that lie in the "
            "global minimum's component, mean over landscapes with any (band: one standard error). Top "
            "right: probability that {H/N ≤ u} is one component where it isn't empty (band: 95%, Clopper and "
            "Pearson, landscapes without a tree included either way; dashed: up to x → −x, even H only). "
            "Levels that fewer than 5 landscapes reach aren't drawn. Bottom left: mean number of components. "
            "Bottom right: level from which the set stays connected, mean and standard error, wide bar: "
            "standard deviation over landscapes; beside it the mean energy of minima and of the ground "
            "state."
        )
        parts.append(picture(figures["connectedness"], "Connectedness of sublevel sets", caption))
    even = any(cell.forest.even for cell in result.cells)
    titles = ["N", "cell", "trees", "connected from", "limits", "sd"]
    titles += ["up to sign"] if even else []
    titles += ["minima", "ground state"]
    texts = []
    for row in tables.onset_rows(result):
        texts.append([str(row["n"]), row["cell"], f"{row['trees']:,} of {row['planned']:,}"])
        texts[-1] += [r.estimate(row["mean"], row["se"]), _limits(row), r.number(row["sd"], 2)]
        texts[-1] += [r.estimate(row["up_to_sign"], row["up_to_sign_se"])] if even else []
        texts[-1] += [r.estimate(row[name], row[f"{name}_se"]) for name in ("minima", "ground")]
    caption = (
        "Energies per spin. Connected from: mean level of the last join. Limits: of the mean over all "
        "planned landscapes, whatever the unknown trees are."
    )
    return [*parts, HtmlTable(titles, texts, caption, (1,)).part()]


def _limits(row: Row) -> str:
    """Limits of a mean where they differ from it."""
    if row["planned"] == row["trees"]:
        return "none needed"
    low, high = (r.number(row[name], 4) for name in ("low", "high"))
    return f"{low} to {high}" if r.DASH not in (low, high) else "unknown"


def _disconnectivity(result: TreeResult, figures: Mapping[str, Path]) -> list[Part]:
    if "disconnectivity" not in figures:
        return []
    chosen = []
    for shown in result.pictures:
        what = f"N = {shown.n}, landscape {shown.landscape} ({'certified' if shown.certified else 'degree 0'}"
        what += f", {shown.minima:,} minima"
        what += f", its {shown.shown} lowest drawn)" if shown.shown < shown.minima else ", all drawn)"
        chosen.append(what)
    caption = (
        f"Disconnectivity graphs (Becker and Karplus 1997) of typical landscapes: {'; '.join(chosen)}. Of "
        "each cell the landscape whose number of minima is nearest to the median, the first of equals. A "
        "line goes up from each minimum to the level at which its component joins another; widths mean "
        "nothing."
    )
    return [
        heading("Disconnectivity graph", 4),
        picture(figures["disconnectivity"], "Disconnectivity graphs of typical landscapes", caption),
    ]


def _barriers(result: TreeResult, figures: Mapping[str, Path]) -> list[Part]:
    parts: list[Part] = [heading("Barriers", 4)]
    if "barriers" in figures:
        caption = (
            "Top: N times the mean barrier of minima in bins of their energy (bins with 5 minima or more), "
            "to a lower minimum (the H₀ lifetime) and to the global one. Bottom: means (full) and medians "
            "(open) over all minima but the global ones, per spin and times N. Lines: powers of N fitted to "
            "the means, exponents with one standard error. Bars: one standard error, landscapes as units."
        )
        parts.append(picture(figures["barriers"], "Barriers against energy and N", caption))
    titles = ("N", "cell", "barrier", "minima", "mean", "limits", "10%", "median", "90%", "N × mean")
    texts = [
        (
            str(row["n"]),
            row["cell"],
            _BARRIERS[row["barrier"]],
            f"{row['minima']:,}",
            r.estimate(row["mean"], row["se"]),
            _limits(row),
            *(r.estimate(row[name], row[f"{name}_se"]) for name in ("q10", "q50", "q90")),
            r.estimate(row["n_times_mean"], row["n_times_se"]),
        )
        for row in tables.barrier_rows(result)
    ]
    caption = (
        "Minimax barriers in energy per spin, the level of the lowest pass less the energy of the minimum; "
        "each minimum but the global ones counts once. Errors: delta method for means, bootstrap over "
        "landscapes for quantiles."
    )
    return [*parts, HtmlTable(titles, texts, caption, (1, 2)).part(), paragraph(_scaling(result))]


def _scaling(result: TreeResult) -> str:
    if not result.scaling:
        return (
            f"No power of N is fitted: that takes {FEWEST_SIZES} values of N with barriers in two landscapes "
            "or more."
        )
    fits = [
        f"{_BARRIERS[fit.kind]}: exponent {r.estimate(fit.exponent, fit.se)} over {fit.sizes} cells "
        f"(χ², p = {r.probability(fit.p_value)})"
        for fit in result.scaling
    ]
    return (
        f"Mean barrier in units of energy (N times the one per spin) as a power of N, {'; '.join(fits)}. "
        "Exponent 1 would be extensive barriers, 0 barriers that don't grow. Over so few and small N it "
        "describes the data and isn't a limit."
    )


def _lifetimes(figures: Mapping[str, Path]) -> list[Part]:
    if "lifetimes" not in figures:
        return []
    caption = (
        "Left: share of the finite classes of H₀ that live longer, all landscapes of an N together. Right: "
        "their mean number in a landscape against N times the lifetime, with one standard error. The sooner "
        "both fall, the faster the class of the global minimum wins."
    )
    return [
        heading("Lifetimes in H₀", 4),
        picture(figures["lifetimes"], "Lifetimes of classes of H0 by N", caption),
    ]
