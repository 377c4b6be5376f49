"""Persistent homology in the report: what cancels, what is left, and how that goes with N."""

from collections.abc import Mapping
from math import exp, isfinite
from pathlib import Path

import xarray as xr

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.topics.topology.homology.betti import LOW
from morsecensus.analysis.topics.topology.homology.measure import Classes, HomologyResult
from morsecensus.analysis.topics.topology.homology.ratios import FEWEST, ZERO, Rate, Ratio

HALF = "u = 0"
LARGE = 0.5
"""Error of a logarithm above which one error either way is printed instead. Arbitrary."""


def homology_parts(result: HomologyResult, figures: Mapping[str, Path], title: str = "") -> list[Part]:
    """The section: text, notes on what is unknown, figures by topic (those that are there), tables.

    Args:
        result: of one family.
        figures: topic -> SVG, as `analysis.topics.topology.homology.figure.draw_homology` names them.
        title: of the family, for the heading; may be empty.
    """
    text = (
        "A critical point of index k either begins a class of degree k in {H/N ≤ u} or ends one of degree "
        "k − 1; persistent homology over Z/2 pairs them. So of the N_k(u) points of index k at or below u "
        "exactly β_k(u), the Betti number, have no partner at or below u: the others cancelled."
    )
    parts = [heading(f"Persistent homology: {title}" if title else "Persistent homology", 3), paragraph(text)]
    parts += _unknown(result)
    if "persistence" in figures:
        parts.append(picture(figures["persistence"], "Persistence diagrams and barcode", _diagrams(result)))
    if "betti" in figures:
        parts.append(picture(figures["betti"], "Betti curves and numbers of points", _curves(result)))
    parts += _cancelled(result)
    if "homology-ratios" in figures:
        parts.append(picture(figures["homology-ratios"], "Critical points for each class", _RATIO_CAPTION))
    parts += _ratios(result)
    if "persistent-betti" in figures:
        parts.append(picture(figures["persistent-betti"], "Persistent Betti numbers", _PERSISTENT_CAPTION))
    return parts


def _unknown(result: HomologyResult) -> list[Part]:
    """Landscapes and degrees without homology, and what they could change."""
    parts, lacking = [], []
    for cell in result.cells:
        data = cell.betti
        planned, alone = int(data.attrs["planned"]), data.sel(group=[str(k) for k in cell.degrees])
        unknown = planned - int(alone["known"].min())
        if unknown:
            room = float((alone["betti_upper"] - alone["betti_lower"]).max())
            lacking.append(
                f"{cell.cell.name}, N = {cell.n}: {unknown:,} of {planned:,}, {r.number(room, 2)} at most"
            )
    if lacking:
        text = (
            "Some planned landscapes don't know the homology of all degrees that others know. Means of Betti "
            "numbers are over those that do; numbers of points limit what the others could make of the mean "
            "over all planned landscapes (betti.csv). Landscapes, and the width of the widest limits: "
            f"{'; '.join(lacking)}."
        )
        parts.append(note(text))
    middle = [
        f"{_span([k for k in range(cell.n) if k not in cell.degrees])} (N = {cell.n})"
        for cell in result.cells
        if len(cell.degrees) < cell.n
    ]
    if middle:
        text = (
            f"Left out, for no landscape knows their homology: degrees {'; '.join(middle)}. Boundary "
            "matrices are computed from both ends only."
        )
        parts.append(note(text))
    if result.unknown:
        parts.append(note(f"Of {', '.join(result.unknown)} no landscape knows any degree."))
    return parts


def _span(degrees: list[int]) -> str:
    """Such as: 2, or 2 to 8; those that aren't known lie in the middle."""
    return str(degrees[0]) if len(degrees) == 1 else f"{degrees[0]} to {degrees[-1]}"


def _name(one: Classes) -> str:
    return f"landscape {one.number} of {one.cell} (N = {one.n})"


def _diagrams(result: HomologyResult) -> str:
    text = "Births and deaths of classes by degree, energies per spin; near the diagonal a class soon dies. "
    if result.typical is not None:
        text += f"Top left: {_name(result.typical)}, certified, its number of points nearest to the median. "
    if result.pooled is not None:
        of = next(cell.cell for cell in result.cells if cell.cell.name == result.pooled.cell)
        text += (
            f"Top right: {result.pooled.landscapes:,} of {of.landscapes:,} landscapes of N = "
            f"{result.pooled.n} together. "
        )
    if result.bars is not None:
        text += f"Bottom: the barcode of {_name(result.bars)}; on the left numbers of classes."
    return text


def _curves(result: HomologyResult) -> str:
    text = (
        "Mean Betti numbers β_k(u) of {H/N ≤ u} (solid) and mean numbers N_k(u) of critical points at or "
        "below u (dashed; dotted: exact, Kac-Rice), linear below 1 and logarithmic above. Shades: one "
        "standard error beyond the limits that unknown landscapes leave, but for N whose limits would fill "
        "the panel: there the error alone. "
    )
    if any(LOW in cell.betti["group"].values for cell in result.cells):
        text += (
            "Last panel: (β_0 + β_1)/(N_0 + N_1), the share of the points of index 0 and 1 at or below u "
            "whose partner, of index 2 at most, is not; levels that few landscapes reach are left out."
        )
    return text


def _cancelled(result: HomologyResult) -> list[Part]:
    """Shares that cancelled at u = 0 and on the whole sphere."""
    rows = []
    for cell in result.cells:
        for group, name in ((LOW, "0 and 1"), ("all", "all")):
            if group not in cell.betti["group"].values:
                continue
            own = cell.betti.sel(group=group)
            level = own["level"].values
            half, whole = own.isel(level=int(abs(level).argmin())), own.isel(level=-1)
            peak = own.isel(level=int(own["peak"]))
            rows.append(
                (
                    str(cell.n),
                    cell.cell.name,
                    name,
                    f"{int(own['known']):,} of {own.attrs['planned']:,}",
                    r.estimate(float(peak["betti"]), float(peak["betti_se"])),
                    _share(half),
                    _limits(half),
                    _share(whole),
                    _limits(whole),
                )
            )
    if not rows:
        return []
    titles = ("N", "cell", "degrees", "known", "most classes", "cancelled at or below 0", "limits")
    titles += ("cancelled on the sphere", "limits")
    caption = (
        "Share of the points of these indices whose partner is at or below the level too. Known: landscapes. "
        "Most classes: mean of the sum of Betti numbers at the level where it is largest. Limits: on the "
        "share over all planned landscapes; a dash where every landscape is known."
    )
    return [HtmlTable(titles, rows, caption, (1, 2)).part()]


def _share(here: xr.Dataset) -> str:
    points, classes = float(here["points_known"]), float(here["betti"])
    if not points:
        return r.DASH
    left = classes / points
    error = left * float(here["log_se"])
    return r.estimate(100 * (1 - left), 100 * error) + "%"


def _limits(here: xr.Dataset) -> str:
    low, high = float(here["ratio_lower"]), float(here["ratio_upper"])
    if low == high:
        return r.DASH
    return f"{r.percent(1 - 1 / low)} to {r.percent(1 - 1 / high)}"


_RATIO_CAPTION = (
    "Points at or below u for each class that is there, N_k(u)/β_k(u), as ratios of means over landscapes. "
    "Left: at the level where the mean β_k is largest, the most topology that there ever is and far from "
    "all points. Right: at u = 0. Lines: exp(rate × N), weighted least squares on logarithms, with χ² over "
    f"degrees of freedom. Open marks aren't fitted: fewer than {FEWEST} landscapes have a class, or the "
    "degree isn't in its own half (Alexander duality joins k with N − 2 − k). Triangles: 95% lower limits "
    "where no landscape has a class. Dashes: the exact mean N_k(u) over the measured β_k(u). Bars: one "
    "standard error. A ratio that grows exponentially while β_k stays of order one means almost no topology: "
    "all but a few of the points have cancelled in pairs."
)
_PERSISTENT_CAPTION = (
    "Mean persistent Betti numbers β_k^{a, a+δ}: classes born at or below a that are still there at a + δ, "
    "energies per spin. δ = 0 is β_k(a) itself; the faster the curves fall with δ, the shorter classes live. "
    "Shades: one standard error."
)


def _ratios(result: HomologyResult) -> list[Part]:
    if not result.ratios:
        return []
    titles = ("degree", "at", "N", "u", "N_k", "exact", "β_k", "classes in", "N_k / β_k", "limits")
    low = [one for one in result.ratios if one.series.isdigit()]
    order = sorted(low, key=lambda one: (one.where, one.series, one.n))
    caption = (
        "N_k: mean over all landscapes; β_k and the ratio: over those that know the degree. Classes in: "
        "those of them that have one. Limits: on the ratio over all planned landscapes. Errors at the peak "
        "hold the choice of its level, by bootstrap over landscapes; "
        "the largest of noisy means lies a little high. Degrees from the top: homology_ratios.csv."
    )
    parts = [HtmlTable(titles, [_ratio_texts(one) for one in order], caption, (0, 1)).part()]
    if result.rates:
        rows = [_rate_texts(rate) for rate in result.rates]
        caption = (
            "log(N_k/β_k) = intercept + rate × N. Where p is small a straight line is no description, and "
            "the error of the rate is too small."
        )
        titles = ("degree", "at", "N", "rate", "χ²", "degrees of freedom", "p")
        parts.append(HtmlTable(titles, rows, caption, (0, 1)).part())
    return parts


def _where(where: str) -> str:
    return HALF if where == ZERO else "peak of β"


def _ratio_texts(one: Ratio) -> tuple[str, ...]:
    return (
        one.series.replace("-", r.MINUS),
        _where(one.where),
        str(one.n),
        r.number(one.level, 3),
        r.estimate(one.points, one.points_se),
        r.against(one.points_exact, one.points_se),
        r.estimate(one.betti, one.betti_se),
        f"{one.with_class:,} of {one.known:,}",
        _ratio_text(one),
        r.DASH if one.lower == one.upper else f"{r.number(one.lower, 3)} to {_upper(one.upper)}",
    )


def _ratio_text(one: Ratio) -> str:
    if not isfinite(one.value):
        return f"> {r.number(one.at_least, 2)} (95%)"
    if one.log_se > LARGE:
        low, high = (one.value * exp(sign * one.log_se) for sign in (-1, 1))
        return f"{r.number(one.value, 2)} ({r.number(low, 2)} to {r.number(high, 2)})"
    return r.estimate(one.value, one.value * one.log_se)


def _upper(value: float) -> str:
    return r.number(value, 3) if isfinite(value) else "∞"


def _rate_texts(rate: Rate) -> tuple[str, ...]:
    return (
        rate.series.replace("-", r.MINUS),
        _where(rate.where),
        ", ".join(str(n) for n in dict.fromkeys(rate.sizes)),
        r.estimate(rate.rate, rate.error),
        r.number(rate.chi2, 3) if rate.dof else r.DASH,
        str(rate.dof),
        r.probability(rate.p_value),
    )
