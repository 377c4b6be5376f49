"""Merge trees in the report: figures, text, tables."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.dataset.complexes import on_one_sphere
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.topology.trees import tables
from morsecensus.analysis.topics.topology.trees.figure import draw_trees
from morsecensus.analysis.topics.topology.trees.heights import FEWEST_SIZES
from morsecensus.analysis.topics.topology.trees.measure import TreeResult, measure_trees

_TEXT = (
    "The merge tree of a landscape says which minima {H/N ≤ u} joins at which level: index-1 saddles, in "
    "the order of their energies, join the two minima that their branches lead to. By the elder rule the "
    "component with the higher lowest minimum dies in a join. So the barrier from a minimum to a "
    "lower one is the lifetime of its class in H₀, and only the class of the global minimum never dies."
)


class Trees(Topic[TreeResult]):
    """Merge trees and barriers: no theory says, so nothing is tested."""

    anchor = "trees"
    declared = (
        tables.BARRIERS,
        tables.BARRIERS_BY_ENERGY,
        tables.SCALING,
        tables.CONNECTED_FROM,
        tables.CONNECTEDNESS,
        tables.LIFETIMES,
    )

    def find(self, study: StudyResult) -> list[TreeResult | None]:
        return [
            measure_trees([result.cell for result in family.cells], family.finder)
            for family in study.families
        ]

    def tables(self, found: TreeResult) -> Mapping[Table, Sequence[Row]]:
        return {
            tables.BARRIERS: tables.barrier_rows(found),
            tables.BARRIERS_BY_ENERGY: tables.barrier_energy_rows(found),
            tables.SCALING: tables.scaling_rows(found),
            tables.CONNECTED_FROM: tables.onset_rows(found),
            tables.CONNECTEDNESS: tables.connectedness_rows(found),
            tables.LIFETIMES: tables.lifetime_rows(found),
        }

    def figures(self, found: TreeResult) -> Mapping[str, Figure]:
        return draw_trees(found)

    def section(self, found: TreeResult) -> Section:
        parts = [_connectedness(found), *_disconnectivity(found), _barriers(found), *_lifetimes(found)]
        opening = [*_even(found), *_unknown(found)]
        return Section("Merge trees and barriers", [*opening, *parts], introduction=_TEXT)


def _even(result: TreeResult) -> list[Part]:
    """What twins of the global minimum do to barriers; other images likewise."""
    images = sorted({cell.forest.images for cell in result.cells} - {1})
    return [note(_twin(result) if number == 2 else _images(number)) for number in images]


def _twin(result: TreeResult) -> str:
    one = all(on_one_sphere(cell.forest.cell) for cell in result.cells)
    opening = (
        "H is even: x and −x" if one else "Some sign changes of spheres leave H as it is: x and its image"
    )
    both, pieces = ("x and −x", "antipodal pieces") if one else ("x and its image", "pieces")
    return (
        f"{opening} have one energy, and so the global minimum has a twin. Of the two the one in "
        "the lower row (canonical order) counts as lower. Its class is the one that never dies; its twin's "
        "dies where their two valleys meet and is counted among the barriers and lifetimes here. Until then "
        f"{{H/N ≤ u}} is two {pieces} at least, so that it is connected late; up to sign says when it "
        f"is one piece with {both} made one."
    )


def _images(number: int) -> str:
    return (
        f"Sign changes of spheres leave H as it is: each minimum is one of {number} of one energy. Of the "
        "global ones the one in the lowest row (canonical order) counts as lowest and its class never dies. "
        f"Its {number - 1} images count as other minima: their barriers and lifetimes, which are where "
        "valleys of the ground state meet, are among those here."
    )


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


def _connectedness(result: TreeResult) -> Section:
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
    even = any(cell.forest.even for cell in result.cells)
    table = tables.CONNECTED_FROM.part(tables.onset_rows(result), without=() if even else ("up to sign",))
    figure = Picture("connectedness", "Connectedness of sublevel sets", caption)
    return Section("Is the low-lying set one piece?", [figure, table])


def _disconnectivity(result: TreeResult) -> list[Section]:
    if not result.pictures:
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
    figure = Picture("disconnectivity", "Disconnectivity graphs of typical landscapes", caption)
    return [Section("Disconnectivity graph", [figure])]


def _barriers(result: TreeResult) -> Section:
    caption = (
        "Top: the mean barrier of minima times the number of spins (of all spheres) in bins of their energy "
        "(bins with 5 minima or more), to a lower minimum (the H₀ lifetime) and to the global one. Bottom: "
        "means (full) and medians (open) over all minima but the global ones, per spin and times the spins. "
        "Lines: powers of N fitted to the means, exponents with one standard error. Bars: one standard "
        "error, landscapes as units."
    )
    figure = Picture("barriers", "Barriers against energy and N", caption)
    table = tables.BARRIERS.part(tables.barrier_rows(result))
    return Section("Barriers", [figure, table, paragraph(_scaling(result))])


def _scaling(result: TreeResult) -> str:
    if not result.scaling:
        return (
            f"No power of N is fitted: that takes {FEWEST_SIZES} values of N with barriers in two landscapes "
            "or more."
        )
    fits = [
        f"{tables.KIND_NAMES[fit.kind]}: exponent {r.estimate(fit.exponent, fit.se)} over {fit.sizes} cells "
        f"(χ², p = {r.probability(fit.p_value)})"
        for fit in result.scaling
    ]
    return (
        "Mean barrier in units of energy (the number of spins times the one per spin) as a power of N, "
        f"{'; '.join(fits)}. Exponent 1 would be extensive barriers, 0 barriers that don't grow. Over so few "
        "and small N it describes the data and isn't a limit."
    )


def _lifetimes(result: TreeResult) -> list[Section]:
    caption = (
        "Left: share of the finite classes of H₀ that live longer, all landscapes of an N together. Right: "
        "their mean number in a landscape against the number of spins times the lifetime, with one standard "
        "error. The sooner both fall, the faster the class of the global minimum wins."
    )
    figure = Picture("lifetimes", "Lifetimes of classes of H0 by N", caption)
    return [Section("Lifetimes in H₀", [figure])] if result.has_lifetimes else []
