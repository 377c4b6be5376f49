"""The two steps of a tracked path, chosen by the kind of its system when the tracker is compiled.

Each kind of system brings ``correct`` (Newton's steps at a time t) and ``expand`` (the power series there),
with the same arguments; `tracker` knows no more of it.
"""

from typing import Any

from morsecensus.tasks.finders.homotopy import series
from morsecensus.tasks.finders.homotopy.multilinear import series as multilinear_series
from morsecensus.tasks.runtime.simd import overload
from morsecensus.tasks.systems.multilinear.packed import PackedForms
from morsecensus.tasks.systems.polynomial import Packed

_STEPS: dict[type, Any] = {Packed: series, PackedForms: multilinear_series}


def correct(system, m, y, t, work):
    """Two Newton steps from the prediction y; the steps stay in work[3] and work[4]. Compiled code only."""
    raise NotImplementedError


def expand(system, m, order, t, work, series, room):
    """Fill ``series`` from its order 0 and what `correct` left in ``work``. Compiled code only."""
    raise NotImplementedError


@overload(correct)
def _correct(system, m, y, t, work):
    chosen = _STEPS[system.instance_class].correct
    return lambda system, m, y, t, work: chosen(system, m, y, t, work)


@overload(expand)
def _expand(system, m, order, t, work, series, room):
    chosen = _STEPS[system.instance_class].expand
    return lambda system, m, order, t, work, series, room: chosen(system, m, order, t, work, series, room)
