"""Flows that are left before the last time: what means are of."""

import dataclasses

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.topics.flow.measure import FlowCell, curve_rows
from morsecensus.analysis.topics.flow.outliers import Outliers, outlier_rows
from morsecensus.analysis.topics.flow.read import Flows
from morsecensus.analysis.topics.flow.section import GradientFlow


def states(energy):
    """A cell of the body threshold: two starts on each of three landscapes, one strength."""
    lost = ~np.isfinite(energy)
    return xr.Dataset(
        {
            "energy": (("landscape", "start"), energy),
            "outlier": (("landscape", "start", "strength"), np.where(lost, 50.0, -2.5)[:, :, None]),
            "vector_overlap": (("landscape", "start", "strength"), np.where(lost, 0.9, 0.3)[:, :, None]),
            "radial_derivative": (("landscape", "start"), np.where(lost, 70.0, -4.0)),
        }
    )


def test_states_that_did_not_reach_the_time_are_in_no_mean():
    energy = np.array([[-1.1, np.nan], [-1.3, -1.1], [np.nan, np.nan]])
    found = Outliers.of(4, [1.5], 2.0, states(energy), seed=1)
    (row,) = outlier_rows([found])
    assert (row["states"], row["starts"]) == (3, 6)
    assert row["eigenvalue"] == -2.5
    assert row["vector_overlap"] == 0.3
    assert row["radial_derivative"] == -2
    assert row["eigenvalue_se"] == row["vector_overlap_se"] == row["radial_derivative_se"] == 0
    assert row["energy"] == pytest.approx(-1.15)  # of the two landscapes that have any


def curves(energy):
    shape = energy.shape
    return FlowCell(
        number=0,
        model="pspin",
        parameters={"xi": "q^3"},
        n=4,
        given_overlap=None,
        landscapes=np.arange(shape[0]),
        times=np.array([0.0, 1.0, 2.0]),
        energy=energy,
        correlation=np.where(np.isfinite(energy), 0.5, np.nan),
        overlap=None,
        end=np.full(shape[:2], "minimum"),
        end_energy=np.full(shape[:2], -1.5),
        end_overlap=None,
        end_softest=np.ones(shape[:2]),
        limit=None,
    )


def test_curves_say_of_how_many_starts_they_are():
    energy = np.array(
        [[[0.0, -1.0, -1.4], [0.0, -1.2, np.nan]], [[0.0, -0.8, np.nan], [0.0, np.nan, np.nan]]]
    )
    cell = curves(energy)
    rows = curve_rows([cell])
    assert [row["starts"] for row in rows] == [4, 3, 1]
    assert [row["energy"] for row in rows] == pytest.approx([0, (-1.1 - 0.8) / 2, -1.4])

    def page(cell):
        return "".join(
            getattr(part, "html", "") for part in GradientFlow().section(Flows("pspin", (cell,), ())).body
        )

    assert "1 of 4 starts got to the last time" in page(cell)
    assert "got to the last time" not in page(dataclasses.replace(cell, energy=np.nan_to_num(energy)))
