"""What energies say on the first screen: where minima lie, how fast that narrows, how the index rises."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.estimates.welch import normal_score
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.style import Axes, legend_above
from morsecensus.analysis.results import CellResult, FamilyResult, at_index
from morsecensus.analysis.topics.bottom.scaling import Fit, power
from morsecensus.analysis.topics.energies.figure import (
    plot_band_widths,
    plot_histogram,
    plot_index_against_energy,
)
from morsecensus.analysis.topics.families import leading, named, with_points
from morsecensus.analysis.topics.findings import Finding, Panel, Question
from morsecensus.analysis.topics.rows import well_filled

FEWEST_BINS = 2
"""An index that rises is seen at two energies at least."""
LEVELS = (0.1, 0.5, 0.9)
"""Parts of the dimension whose energies the first screen names."""


def band(families: Sequence[FamilyResult]) -> Finding | None:
    """Where the minima of a family lie at its largest N, and how their spread falls; None without any."""
    family = leading(families)
    cells = [] if family is None else [c for c in with_points(family) if c.energies["points"][0] > 1]
    if family is None or not cells:
        return None
    last = cells[-1]
    text = f"{named(family, families)}at N = {last.n} minima lie at an energy per spin of {_place(last)}."
    text = text[0].upper() + text[1:] + _floor(family) + _narrows(cells)

    def plot(ax: Axes) -> None:
        if len(cells) > 1:
            plot_band_widths(ax, family)
        else:
            plot_histogram(ax, last, family.floor, family.floor_label)
            ax.set(title="", xlabel="energy per spin", ylabel="density per landscape")
            legend_above(ax, last.label)

    return Finding(Question.BAND, text, panel=Panel(f"Energies of minima, {family.title}", plot))


def _place(cell: CellResult) -> str:
    data = cell.energies
    mean = r.estimate(float(data["mean"][0]), float(data["mean_se"][0]))
    spread = r.estimate(float(data["sd"][0]), float(data["sd_se"][0]))
    known = at_index(cell.energy_mean, 0), at_index(cell.energy_sd, 0)
    theory = f" (theory {r.number(known[0], 4)}, {r.number(known[1], 3)})" if None not in known else ""
    return f"{mean} with a spread of {spread}{theory}"


def _floor(family: FamilyResult) -> str:
    if family.floor is None:
        return ""
    pure = family.limits is not None and family.limits["E_inf"] is not None
    return f" As N grows they gather at {'-E_inf = ' if pure else ''}{r.number(family.floor, 5)}."


def _narrows(cells: Sequence[CellResult]) -> str:
    first, last = cells[0], cells[-1]
    if first.n == last.n:
        return ""
    values, errors = (np.array([float(c.energies[name][0]) for c in cells]) for name in ("sd", "sd_se"))
    fit = power("spread", [c.n for c in cells], values, errors)
    sizes = f"N = {first.n} to {last.n}"
    if fit is None:
        both = [r.estimate(v, e) for v, e in ((values[0], errors[0]), (values[-1], errors[-1]))]
        return f" From {sizes} the spread goes from {both[0]} to {both[1]}."
    goes = "falls as 1 / N^a" if fit.value > 0 else "grows as N^a"
    return f" The spread {goes} with a = {r.estimate(abs(fit.value), _error(fit))} over {sizes}."


def _error(fit: Fit) -> float:
    """The error of the exponent; larger where one power describes the spreads badly."""
    return fit.error * max(1.0, fit.chi2 / max(fit.dof, 1)) ** 0.5


def rise(families: Sequence[FamilyResult]) -> Finding | None:
    """From which to which share of the dimension the index rises with energy; None without two bins."""
    family = leading(families)
    cells = [] if family is None else [c for c in with_points(family) if well_filled(c).sum() >= FEWEST_BINS]
    if family is None or not cells:
        return None
    last = cells[-1]
    filled = np.flatnonzero(well_filled(last))
    places = [place for level in LEVELS if (place := _where(last, filled, level))]
    said = f"rises with energy: it is {', '.join(places)}" if places else _ends(last, filled)
    text = f"{named(family, families)}at N = {last.n} the mean index {said}.{_departure(last, filled)}"
    panel = Panel(f"Index against energy, {family.title}", lambda ax: plot_index_against_energy(ax, family))
    return Finding(Question.INDEX, text[0].upper() + text[1:], panel=panel)


def _where(cell: CellResult, filled: np.ndarray, level: float) -> str:
    """At which energy the mean index is so large a part of the dimension; empty if at none of these."""
    data, most = cell.histogram, cell.cell.levels - 1
    energy = ((data["low"] + data["high"]) / 2).values[filled]
    place = _crossing(energy, data["index"].values[filled] / most, level)
    if place is None:
        return ""
    exact = [exact_index(cell, b) for b in filled]
    known = None
    if None not in exact:
        known = _crossing(energy, np.array(exact, dtype=np.float64) / most, level)
    theory = f" (theory {_two(known)})" if known is not None else ""
    return f"{level:.0%} of the dimension at energy {_two(place)}{theory}"


def _ends(cell: CellResult, filled: np.ndarray) -> str:
    """What it is at the lowest and the highest energy."""
    data, most = cell.histogram, cell.cell.levels - 1
    parts = []
    for b in (filled[0], filled[-1]):
        share, error = (float(data[name][b]) / most for name in ("index", "index_se"))
        energy = float(data["low"][b] + data["high"][b]) / 2
        parts.append(f"{r.estimate(share, error)} of the dimension at energy {_two(energy)}")
    return f"is {parts[0]} and {parts[1]}"


def _two(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", r.MINUS)


def _crossing(energy: Floats, share: Floats, level: float) -> float | None:
    """Where a share that rises passes a level, between two neighbouring energies."""
    above = np.flatnonzero((share[1:] >= level) & (share[:-1] < level))
    if not above.size:
        return None
    k = above[0]
    part = (level - share[k]) / (share[k + 1] - share[k])
    return float(energy[k] + part * (energy[k + 1] - energy[k]))


def _departure(cell: CellResult, filled: np.ndarray) -> str:
    scores = list[float]()
    for b in filled:
        known, error = exact_index(cell, b), float(cell.histogram["index_se"][b])
        points = round(float(cell.histogram["all"][b]) * cell.cell.landscapes)
        if known is not None and error > 1e-12:
            away = (float(cell.histogram["index"][b]) - known) / error
            # of few landscapes: as a normal law counts standard errors
            away = normal_score(away, (error, 0.0), (min(cell.cell.landscapes, points), 2))
            scores += [] if away is None else [away]
    if not scores:
        return ""
    size = float(np.sqrt(np.mean(np.square(scores))))
    return (
        f" It departs from theory at the same N by {r.number(size, 2)} standard errors (root mean square "
        f"over {len(scores)} energies)."
    )


def exact_index(result: CellResult, b: int) -> float | None:
    """Mean index of the points in an energy bin in theory; None where unknown."""
    if result.binned is None or result.expected is None or not result.expected.complete:
        return None
    column = result.binned[:, b]
    total = float(column.sum())
    return float(np.arange(len(column)) @ column) / total if total > 0 else None
