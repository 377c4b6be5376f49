"""Barriers between minima of hidden units, by the persistence pairs of degree 0 of their sublevel sets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.complexes import has_topology, landscapes
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.topology.trees.heights import mean_per_minimum
from morsecensus.analysis.topics.units.measure import UnitsCell


@dataclass(frozen=True, eq=False)
class Bars:
    """The finite classes of degree 0 of a cell, one for each minimum but the lowest of its landscape.

    Attributes:
        trees: landscapes whose pairs of degree 0 are known.
        owner: number of a bar's landscape among these.
        birth, death: energy per spin of the minimum, and of the saddle over which it first reaches a lower
            one.
        ends: lowest and highest energy per spin of each of these landscapes, shape (trees, 2).
    """

    trees: int
    owner: NDArray[np.int64]
    birth: Floats
    death: Floats
    ends: Floats

    @property
    def lengths(self) -> Floats:
        """Barriers, energies per spin."""
        return self.death - self.birth

    @property
    def range(self) -> Floats:
        """Highest less lowest energy per spin of each bar's landscape."""
        return (self.ends[:, 1] - self.ends[:, 0])[self.owner]

    def mean(self, values: Floats) -> tuple[float, float]:
        """Over all bars, with its error over landscapes."""
        return mean_per_minimum(self.owner, values, np.ones(len(values)), self.trees)


def bars_of(one: UnitsCell) -> Bars | None:
    """The bars of a cell; None where the study asked for no topology."""
    if not has_topology(one.cell):
        return None
    bars, ends = [np.zeros((0, 2))], []
    for landscape in landscapes(one.cell):
        if landscape.exact[0]:
            classes = landscape.diagram(0)
            bars.append(classes[np.isfinite(classes[:, 1])])
            ends.append([landscape.complex.energy.min(), landscape.complex.energy.max()])
    owner = np.repeat(np.arange(len(ends)), [len(own) for own in bars[1:]])
    birth, death = np.concatenate(bars).T
    return Bars(len(ends), owner, birth, death, np.array(ends).reshape(-1, 2))


def bars_row(one: UnitsCell, bars: Bars) -> Row:
    """One row of the table."""
    number, number_se = map(
        float, mean_and_error(np.bincount(bars.owner, minlength=bars.trees).astype(float))
    )
    row: Row = {"cell": one.cell.name, "n": one.cell.n, "units": one.units, "coupling": one.coupling}
    row |= {"landscapes": one.cell.landscapes, "trees": bars.trees, "bars": number, "bars_se": number_se}
    lowest = bars.ends[bars.owner, 0]
    values = {
        "barrier": bars.lengths,
        "relative": bars.lengths / bars.range,
        "top": (bars.death - lowest) / bars.range,
    }
    for name, value in values.items():
        row[name], row[f"{name}_se"] = bars.mean(value)
    return row
