"""Landscapes whose couplings come from outside: from a study's file, or handed in with `runtime.inputs.keep`.

A cell knows them by the digest of their content (`tasks.landscapes.tensors`), so that its results are a
function of numbers. Nothing is assumed of them: the number of complex critical points is unknown, and with it
the parity check; enumeration by homotopy holds what it finds against the number of generic couplings, an
upper bound; there is no theory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from morsecensus.tasks.covariance import Covariance, total_degree_bound
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.partite import Partite
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.runtime import inputs
from morsecensus.tasks.systems import symmetric


@dataclass(frozen=True)
class Content:
    """Which content a landscape reads: the digest of its first ``held`` landscapes. More may have come."""

    sha256: str
    held: int

    def of(self, name: str, landscape: int) -> np.ndarray:
        """One landscape's row of one array."""
        rows = inputs.content(self.sha256, landscape + 1)[name]
        if not 0 <= landscape < len(rows):
            raise ValueError(f"landscape: got {landscape}, allowed: the {len(rows)} that were given, from 0")
        return np.asarray(rows[landscape])


@dataclass(frozen=True)
class GivenSpin(MixedSpin):
    """A polynomial on one sphere; ``covariance`` has its degrees, and is for plans only."""

    content: Content

    name: ClassVar[str] = "given"

    @property
    def complex_points(self) -> None:
        """Unknown: nobody says that these couplings are generic."""
        return None

    @property
    def generic_points(self) -> int:
        return total_degree_bound(self.covariance, self.n)

    def coupling_bytes(self) -> int:
        entries = sum(symmetric.packed_size(self.n, p) for p, _ in self.covariance.terms)
        return super().coupling_bytes() + 8 * self.content.held * entries

    def sample(self, seed: int, landscape: int) -> Couplings:
        """The landscape of this number, whatever the seed."""
        return {
            f"degree_{p}": self.pack(self.content.of(f"packed_{p}", landscape), p)
            for p, _ in self.covariance.terms
        }


@dataclass(frozen=True)
class GivenForm(Partite):
    """A multilinear form on spheres."""

    content: Content

    name: ClassVar[str] = "given"

    @property
    def complex_points(self) -> None:
        """Unknown: nobody says that this tensor is generic."""
        return None

    @property
    def generic_points(self) -> int | None:
        return Partite(self.sizes).complex_points

    @property
    def homotopy_paths(self) -> int | None:
        return Partite(self.sizes).homotopy_paths

    @property
    def typical_points(self) -> float:
        return Partite(self.sizes).typical_points

    def coupling_bytes(self) -> int:
        return super().coupling_bytes() * (1 + self.content.held)

    def sample(self, seed: int, landscape: int) -> Couplings:
        """The landscape of this number, whatever the seed."""
        return self.content.of("tensors", landscape)


class Given:
    """The registry's entry: builds a `GivenSpin` or a `GivenForm`."""

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Landscape:
        """Build from what `tasks.landscapes.tensors.describe` said of the content."""
        unknown = set(parameters) - {"sha256", "held", "xi_like", "sizes"}
        if unknown or not {"sha256", "held"} <= set(parameters):
            raise ValueError(
                f"parameters of given: got {sorted(parameters)}, allowed: sha256, held, and xi_like or "
                "sizes; a study names a file, whose content gives them"
            )
        content = Content(str(parameters["sha256"]), int(parameters["held"]))
        if "xi_like" in parameters:
            return GivenSpin(Covariance.parse(parameters["xi_like"]), n, content)
        sizes = tuple(int(size) for size in str(parameters["sizes"]).split(","))
        return GivenForm(sizes, content)
