"""What lower orders give to one order of a series, by the kind of system, chosen when the tracker is
compiled.
"""

from types import ModuleType

from morsecensus.tasks.finders.homotopy import cubic_orders, monomial_orders
from morsecensus.tasks.runtime.machine_code import overload
from morsecensus.tasks.systems.polynomial import Packed, PackedCubic

_KINDS: dict[type, ModuleType] = {Packed: monomial_orders, PackedCubic: cubic_orders}


def prepare(packed, own, work):
    """Take what the kind needs of the point into its ``own`` arrays. Compiled code only."""
    raise NotImplementedError


def partials(packed, own, m, order, orders, contracted, started, squares):
    """Fill the partials of [g], of d x^{p-1} and of x_a^2 in one order. Compiled code only."""
    raise NotImplementedError


def finish(packed, own, m, order, last, orders):
    """Take an order, now whole, into account for later ones. Compiled code only."""
    raise NotImplementedError


@overload(prepare, inline="always")
def _prepare(packed, own, work):
    chosen = _KINDS[packed.instance_class].prepare
    return lambda packed, own, work: chosen(packed, own, work)


@overload(partials, inline="always")
def _partials(packed, own, m, order, orders, contracted, started, squares):
    chosen = _KINDS[packed.instance_class].partials
    return lambda packed, own, m, order, orders, contracted, started, squares: chosen(
        packed, own, m, order, orders, contracted, started, squares
    )


@overload(finish, inline="always")
def _finish(packed, own, m, order, last, orders):
    chosen = _KINDS[packed.instance_class].finish
    return lambda packed, own, m, order, last, orders: chosen(packed, own, m, order, last, orders)
