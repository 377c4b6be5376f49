"""Where paths start: polynomial systems know it, multilinear ones are given the form that monodromy finds."""

from dataclasses import replace

from morsecensus.tasks.finders.homotopy.multilinear.monodromy import start_form
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.systems.multilinear.system import MultilinearSystem
from morsecensus.tasks.systems.system import System


def with_start(system: System) -> System:
    """The system with a start for its paths. The form of a shape is sought when it is first asked for, and
    kept."""
    if isinstance(system, MultilinearSystem) and system.known is None:
        return replace(system, known=start_form)
    return system


def polynomial_system(landscape: Landscape, couplings: Couplings) -> System:
    """The system of one instance of a landscape that `cost.path_count` knows, in its unit of H, and where its
    paths start."""
    return with_start(landscape.polynomial_system(normalised(landscape, couplings)[0]))
