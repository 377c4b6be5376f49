"""The figure of lowest Hessian eigenvalues, on runs that are made up."""

import numpy as np
import xarray as xr

from morsecensus.analysis.topics.dynamics.measure import Setting
from morsecensus.analysis.topics.dynamics.softest import draw_softest
from support.made_runs import flows


def runs_of(lowest):
    """A cell with looks at times 0, 1, 2 and these values; None where nobody looked for them."""
    times = np.broadcast_to([0.0, 1.0, 2.0], (4, 2, 3))
    ended = (("landscape", "run"), np.ones((4, 2), int), {"flag_meanings": "converged time"})
    data = xr.Dataset({"time": (("landscape", "run", "look"), times), "outcome": ended})
    if lowest is not None:
        data["lowest"] = (("landscape", "run", "look"), lowest)
    return flows(data)


def test_means_over_landscapes_stand_at_their_times():
    lowest = np.random.default_rng(0).standard_normal((4, 2, 3))
    lowest[0, 1, 1] = np.nan  # a run that ended before
    lowest[0, :, 2] = np.nan  # a landscape without any: the others alone would be a biased mean
    (ax,) = draw_softest(Setting((runs_of(lowest),), (None,))).axes
    (line,) = ax.containers
    x, y = line.lines[0].get_data()
    np.testing.assert_array_equal(x, [1.0])
    np.testing.assert_allclose(y, [np.nanmean(lowest[:, :, 1], axis=1).mean()])


def test_nothing_is_drawn_where_nobody_looked():
    missing = np.full((4, 2, 3), np.nan)
    assert draw_softest(Setting((runs_of(None), runs_of(missing)), (None, None))) is None
