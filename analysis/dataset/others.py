"""A cell of a run that is no census, and which of its landscapes were computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.tasks.measurables.words import FAILED


@dataclass(frozen=True, eq=False)
class OtherCell:
    """A cell that is no census: of flows, say.

    Attributes:
        name: of its group in the dataset.
        body: what computed it, by the word for it in studies.
        spec: what was asked: model, parameters, n, seed and the body's own.
        data: its dataset, with landscapes that weren't computed; not loaded.
    """

    name: str
    body: str
    spec: Mapping[str, Any]
    data: xr.Dataset

    @property
    def held(self) -> int:
        """Landscapes in the dataset, computed or not."""
        return int(self.data.sizes["landscape"])

    @property
    def failed(self) -> int:
        """Those that were not computed."""
        return int((~self._kept).sum())

    @property
    def empty(self) -> bool:
        """Whether none was computed: such a cell is in no figure and no table."""
        return self.failed == self.held

    @cached_property
    def computed(self) -> xr.Dataset:
        """The others, of which every number of a report is."""
        return self.data.isel(landscape=np.flatnonzero(self._kept))

    @cached_property
    def _kept(self) -> NDArray[np.bool_]:
        return self.data["status"].values != FAILED  # of any body: its block failed or is missing
