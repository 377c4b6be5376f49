"""Where paths start: polynomial systems know it, multilinear ones are given the form that monodromy finds."""

from dataclasses import replace
from functools import lru_cache

from morsecensus.tasks.finders.homotopy.multilinear.monodromy import start_form
from morsecensus.tasks.landscapes.base import Couplings, Landscape, build
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


@lru_cache(maxsize=1)
def instance_system(key: tuple) -> System:
    """The system of an instance, made from its key by whichever worker follows paths of it."""
    model, parameters, n, seed, instance = key
    landscape = build(model, dict(parameters), n)
    return polynomial_system(landscape, landscape.sample(seed, instance))
