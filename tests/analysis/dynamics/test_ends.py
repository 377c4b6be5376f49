"""Where runs end, beside the exact law of the minima at the same N: on runs that are made up."""

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.topics.dynamics.figure import draw_ends
from morsecensus.analysis.topics.dynamics.measure import Setting, minima_law
from support.made_runs import flows


def runs_of(n, model="pspin", **parameters):
    ends = np.linspace(-1.6, -1.1, 40).reshape(20, 2)
    data = xr.Dataset({"end_energy": (("landscape", "run"), ends)})
    return flows(data, n, model, **parameters)


@pytest.mark.parametrize(("n", "energy"), [(20, -1.353780), (100, -1.511842)])
def test_minima_are_those_of_the_exact_law(n, energy):
    """As `predict` has them; each minimum counted once."""
    law = minima_law(runs_of(n, xi="q^3"))
    assert law is not None
    assert law.minima_energy()[0] == pytest.approx(energy, abs=1e-6)


def test_no_law_where_none_is_known():
    assert minima_law(runs_of(10**6, xi="q^3")) is None
    assert minima_law(runs_of(5, "partite", sizes=(1, 1, 1))) is None


def test_the_law_stands_beside_the_ends():
    """A curve whose highest point is 1, at the most likely energy of a minimum; none at N = 10^6."""
    setting = Setting((runs_of(20, xi="q^3"), runs_of(10**6, xi="q^3")), (None, None))
    (ax,) = draw_ends(setting).axes
    (curve,) = [line for line in ax.lines if line.get_linestyle() == "-."]
    energies, density = curve.get_data()
    law = minima_law(setting.runs[0])
    assert density.max() == 1
    fine = np.linspace(-1.6, -1.1, 4001)
    assert energies[density.argmax()] == pytest.approx(
        fine[law.density_by_index(fine)[0].argmax()], abs=np.diff(energies)[0]
    )
