"""Cells of the body networks, read from a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.cells import Study
from morsecensus.analysis.dataset.others import OtherCell
from morsecensus.analysis.estimates.counts import mean_and_error

BODY = "networks"
UNKNOWN = -1
"""An integer that isn't known."""


@dataclass(frozen=True, eq=False)
class Network:
    """The training runs of one cell.

    Attributes:
        cell: name of its group in the dataset.
        spec: what was asked, under ``network`` the options.
        data: runs that did not diverge; dimensions landscape (a run, by its seed), look, weight, ...
        diverged: runs that did.
        warnings: what the numbers may be misread for.
    """

    cell: str
    spec: Mapping[str, Any]
    data: xr.Dataset
    diverged: int
    warnings: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the study calls it."""
        return self.spec["parameters"]["network"]

    @property
    def layers(self) -> str:
        """Its widths, such as 784-50-50-10."""
        return self.spec["parameters"]["layers"]

    @property
    def options(self) -> Mapping[str, Any]:
        """What each run was asked for."""
        return self.spec["network"]

    @property
    def runs(self) -> int:
        """How many there are: the independent units."""
        return self.data.sizes["landscape"]

    @property
    def weights(self) -> int:
        """How many the network has."""
        return self.data.sizes["weight"]

    @property
    def has_floor(self) -> bool:
        """Whether its costs are cross-entropies, in nats, above the entropy of the labels; else squares."""
        return self.options.get("loss", "cross-entropy") == "cross-entropy"

    @property
    def paths(self) -> list[str]:
        """Names of the lines between runs, empty where none were asked for."""
        return [str(name) for name in self.data.attrs["paths"]] if "barrier" in self.data else []

    def column(self, name: str) -> Floats:
        """A column that has a value for each run, shape (runs, ...); NaN where it is unknown."""
        values = self.data[name].values
        if np.issubdtype(values.dtype, np.integer):
            return np.where(values == UNKNOWN, np.nan, values.astype(np.float64))
        return values.astype(np.float64)

    def mean(self, name: str) -> tuple[float, float]:
        """Mean over runs and its standard error."""
        mean, error = mean_and_error(self.column(name))
        return float(mean), float(error)

    @property
    def paired(self) -> NDArray[np.intp]:
        """Runs that begin a pair of which neither diverged."""
        return np.flatnonzero(np.isfinite(self.column("barrier")[:, 0]))


def find_networks(study: Study) -> list[Network]:
    """All cells of networks of which a run was computed, in the order of the study; of some all runs may have
    diverged."""
    return [_network(cell) for cell in study.others if cell.body == BODY and not cell.empty]


def _network(cell: OtherCell) -> Network:
    outcome = cell.computed["outcome"]
    word = str(outcome.attrs["flag_meanings"]).split().index("diverged")
    diverged = outcome.values == word
    kept = cell.computed.isel(landscape=np.flatnonzero(~diverged))
    warnings = tuple(map(str, cell.data.attrs.get("warnings", ())))
    return Network(cell.name, cell.spec, kept, int(diverged.sum()), warnings)
