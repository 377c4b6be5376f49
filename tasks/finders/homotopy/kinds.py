"""What differs from one kind of system to another: derivatives in balls and disks, the homotopy in balls."""

from collections.abc import Sequence
from typing import Any, Protocol

from morsecensus.tasks.finders.homotopy.ball_homotopy import BallHomotopy, PolynomialHomotopy
from morsecensus.tasks.finders.homotopy.balls import BallSystem
from morsecensus.tasks.finders.homotopy.disks import Disks
from morsecensus.tasks.finders.homotopy.multilinear.balls import FormBalls, FormHomotopy
from morsecensus.tasks.finders.homotopy.multilinear.form_disks import FormDisks
from morsecensus.tasks.finders.homotopy.polynomial_disks import PolynomialDisks
from morsecensus.tasks.systems.multilinear.system import MultilinearSystem
from morsecensus.tasks.systems.polynomial import PolynomialSystem
from morsecensus.tasks.systems.system import System, Weights


class Balls(Protocol):
    """grad H and Hess H of a system in ball arithmetic, the couplings exact."""

    def jet(self, x: Sequence[Any]) -> tuple[list[Any], list[list[Any]]]: ...


class DiskJets(Protocol):
    """grad H and Hess H of a system at many complex disks at once, the couplings exact."""

    def jet(self, x: Disks) -> tuple[Disks, Disks]: ...


def balls(system: System, kind: type) -> Balls:
    """In matrices of this kind of python-flint; the precision must be set before."""
    if isinstance(system, MultilinearSystem):
        return FormBalls(system.tensor, kind)
    return BallSystem(_polynomial(system), kind)


def disks(system: System) -> DiskJets:
    """In complex disks of doubles."""
    if isinstance(system, MultilinearSystem):
        return FormDisks(system.tensor)
    return PolynomialDisks(_polynomial(system))


def homotopy_in_balls(system: System, weights: Weights) -> BallHomotopy:
    """From the start system with these weights, in the coordinates in which paths are followed."""
    if isinstance(system, MultilinearSystem):
        return FormHomotopy(*system.turned(), complex(weights[0]))
    return PolynomialHomotopy(_polynomial(system).turned, weights)


def _polynomial(system: System) -> PolynomialSystem:
    if not isinstance(system, PolynomialSystem):
        raise TypeError(f"system: got {type(system).__name__}, allowed: polynomial and multilinear ones")
    return system
