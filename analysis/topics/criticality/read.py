"""Points that searches for critical ones of networks ended at, read from a run."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.cells import Study
from morsecensus.analysis.theory.autoencoder import CriticalLosses, critical_losses
from morsecensus.analysis.topics.networks.read import Network, find_networks

CRITICAL, GRADIENT_FLAT, NEITHER = "critical", "gradient-flat", "neither"
"""Verdicts, as a store calls them."""


@dataclass(frozen=True, eq=False)
class Searched:
    """A network whose runs were searched from; a point is a row, runs and looks in order.

    Attributes:
        network: its cell.
    """

    network: Network

    def _points(self, name: str) -> Floats:
        return self.network.column(name).reshape(-1)

    @cached_property
    def run(self) -> NDArray[np.intp]:
        """Which run each point is from: runs are the independent units."""
        return np.repeat(np.arange(self.network.runs), self.network.data.sizes["look"])

    @cached_property
    def verdict(self) -> NDArray[np.str_]:
        """What each point is."""
        known = np.array(str(self.network.data["point_verdict"].attrs["flag_meanings"]).split())
        return known[self.network.data["point_verdict"].values.reshape(-1)]

    @property
    def loss(self) -> Floats:
        return self._points("point_loss")

    @property
    def share(self) -> Floats:
        """Index over the number of weights."""
        return self.index / self.network.weights

    @property
    def curved_share(self) -> Floats:
        """Index over the number of eigenvalues that aren't zero."""
        return self.index / np.maximum(self.network.weights - self.nullity, 1)

    @property
    def index(self) -> Floats:
        return self._points("point_index")

    @property
    def nullity(self) -> Floats:
        return self._points("point_nullity")

    @property
    def gradient(self) -> Floats:
        return self._points("point_gradient_norm")

    @property
    def kink(self) -> Floats:
        return self._points("point_kink")

    @property
    def begun(self) -> tuple[Floats, Floats]:
        """Loss, and index over the number of weights, where the searches began."""
        return self._points("cost"), self._points("look_index") / self.network.weights

    @cached_property
    def closed(self) -> CriticalLosses | None:
        """Of a linear autoencoder with one hidden layer."""
        options = self.network.options
        linear = options["activation"] == "linear" and len(options["layers"]) == 3 and not options["skip"]
        if "data_variance" not in self.network.data or not linear or options["batchnorm"]:
            return None
        return critical_losses(self.network.column("data_variance")[0], options["layers"][1])


def find_searched(study: Study) -> list[Searched]:
    """All cells with points of runs that did not diverge, in the order of the study."""
    known = find_networks(study)
    return [Searched(one) for one in known if "point_verdict" in one.data and one.runs]
