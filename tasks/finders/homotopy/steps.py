"""The two steps of a tracked path, chosen by the kind of its system when the tracker is compiled.

Each kind of system brings ``correct`` (Newton's steps at a time t) and ``expand`` (the power series there),
with the same arguments; `tracker` knows no more of it.
"""

from typing import Any

from morsecensus.tasks.finders.homotopy import equations, series
from morsecensus.tasks.finders.homotopy.multilinear import series as multilinear_series
from morsecensus.tasks.runtime.machine_code import overload
from morsecensus.tasks.systems.multilinear.packed import PackedForms
from morsecensus.tasks.systems.polynomial import Packed, PackedCubic

_CORRECT: dict[type, Any] = {
    Packed: equations.correct,
    PackedCubic: equations.correct,
    PackedForms: multilinear_series.correct,
}
_EXPAND: dict[type, Any] = {
    Packed: series.expand,
    PackedCubic: series.expand,
    PackedForms: multilinear_series.expand,
}


def correct(system, m, y, t, work):
    """Two Newton steps from the prediction y; the steps stay in work[3] and work[4]. Compiled code only."""
    raise NotImplementedError


def expand(system, m, order, t, work, series, room, h):
    """Fill ``series`` from its order 0 and what `correct` left in ``work``. Compiled code only."""
    raise NotImplementedError


@overload(correct)
def _correct(system, m, y, t, work):
    chosen = _CORRECT[system.instance_class]
    return lambda system, m, y, t, work: chosen(system, m, y, t, work)


@overload(expand)
def _expand(system, m, order, t, work, series, room, h):
    chosen = _EXPAND[system.instance_class]
    return lambda system, m, order, t, work, series, room, h: chosen(
        system, m, order, t, work, series, room, h
    )
