"""Cells of the body escapes, read from a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.cells import Study
from morsecensus.analysis.dataset.others import OtherCell
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.theory.escapes import passage, still_near

BODY = "escapes"


@dataclass(frozen=True, eq=False)
class EscapeCell:
    """The saddles of one cell that were kicked.

    Attributes:
        cell: name of its group in the dataset.
        spec: what was asked.
        owner: landscape of each saddle, shape (saddles,).
        index: Morse index, likewise.
        spectrum: eigenvalues of the Hessian, ascending, shape (saddles, d).
        time: of escapes, NaN where none was seen, shape (saddles, radii, kicks).
    """

    cell: str
    spec: Mapping[str, Any]
    owner: NDArray[np.int64]
    index: NDArray[np.int64]
    spectrum: Floats
    time: Floats

    @property
    def n(self) -> int:
        """The study's n."""
        return int(self.spec["n"])

    @property
    def dimension(self) -> int:
        """Number d of curvatures."""
        return self.spectrum.shape[1]

    @property
    def ratios(self) -> Floats:
        """Distance over length of the kicks, shape (radii,)."""
        return float(self.spec["distance"]) / np.asarray(self.spec["radii"], dtype=np.float64)

    @property
    def rate(self) -> Floats:
        """|lambda_min| of each saddle."""
        return -self.spectrum[:, 0]

    @property
    def scaled(self) -> Floats:
        """|lambda_min| times the time of each escape."""
        return self.rate[:, None, None] * self.time

    @cached_property
    def law(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of that by the linear flow, each of shape (saddles, radii)."""
        found = [passage(self.spectrum, float(ratio)) for ratio in self.ratios]
        return np.array([mean for mean, _ in found]).T, np.array([sd for _, sd in found]).T

    @cached_property
    def places(self) -> Floats:
        """Place of each escape in the linear law of its saddle and radius, uniform on [0, 1] if that holds;
        shape (escapes,)."""
        rates = -self.spectrum / self.rate[:, None]
        found = [
            still_near(own, times, float(ratio))
            for own, by_radius in zip(rates, self.scaled, strict=True)
            for times, ratio in zip(by_radius, self.ratios, strict=True)
        ]
        places = np.concatenate([np.zeros(0), *found])
        return np.clip(places[np.isfinite(places)], 0.0, 1.0)

    @property
    def head(self) -> Row:
        """What a row of a test of this cell begins with, as `analysis.topics.rows.head` of a census."""
        parameters = dict(self.spec["parameters"])
        own = {name: parameters.pop(name, "") for name in ("xi", "field")}
        text = ", ".join(f"{name} = {value}" for name, value in parameters.items())
        return {"cell": self.cell, "model": self.spec["model"], **own, "parameters": text, "n": self.n}


def find_escapes(study: Study) -> list[EscapeCell]:
    """All cells with a saddle that was kicked, in the order of the study."""
    found = [_cell(cell) for cell in study.others if cell.body == BODY]
    return [one for one in found if len(one.index)]


def _cell(cell: OtherCell) -> EscapeCell:
    data = cell.computed
    there = data["index"].values > 0
    owner = np.nonzero(there)[0]
    index = data["index"].values[there].astype(np.int64)
    spectrum, time = (data[name].values[there] for name in ("spectrum", "time"))
    return EscapeCell(cell.name, cell.spec, owner, index, spectrum, time)
