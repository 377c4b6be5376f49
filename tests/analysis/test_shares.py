"""Shares and families of ends of training: counted by hand on runs that are made up."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import hypergeom

from morsecensus.analysis.topics.shares.published import FAMILIES, RUNS, published_runs, published_spurious
from morsecensus.analysis.topics.shares.read import SharesCell
from morsecensus.analysis.topics.shares.section import Shares, _same_law


def cell(loss, blocks, status=None, k=3, units=3):
    """A cell of runs with these losses and blocks."""
    runs = len(loss)
    data = xr.Dataset(
        {
            "status": ("landscape", np.zeros(runs, int) if status is None else np.array(status)),
            "loss": ("landscape", np.array(loss)),
            "blocks": (("landscape", "input"), np.array(blocks)),
            "least_eigenvalue": ("landscape", np.full(runs, 0.1)),
            "index": ("landscape", np.zeros(runs, int)),
            "nullity": ("landscape", np.zeros(runs, int)),
            "doubled_index": (("landscape", "unit"), np.tile(np.arange(units) % 2, (runs, 1))),
            "doubled_nullity": (("landscape", "unit"), np.ones((runs, units), int)),
            "weights": (("landscape", "unit", "input"), np.zeros((runs, units, k))),
        },
        attrs={"loss_zero": 1e-10},
    )
    return SharesCell("c0000", k, data)


def test_families_are_losses_and_blocks():
    nothing, one, other = [3, 0, 0], [2, 1, 0], [1, 1, 1]
    runs = cell(
        [0.2, 1e-16, 0.2 + 1e-12, -1e-17, 0.2, 5e-11, 0.3, 0.1],
        [one, nothing, one, nothing, other, other, one, one],
        status=[0] * 7 + [1],
    )
    families = runs.families
    assert [(f.blocks, f.runs) for f in families] == [("3", 3), ("2+1", 2), ("1+1+1", 1), ("2+1", 1)]
    assert (runs.runs, runs.settled, runs.spurious) == (8, 7, 4)
    assert runs.share[0] == 4 / 7
    assert families[1].doubled == ((0, 1), (1, 1))


def test_nothing_settled_has_no_share():
    """And says nothing of the share that is published: Fisher's test of no runs has p = 1."""
    unsettled = cell([0.2], [[5, 2, 0, 0, 0, 0, 0]], status=[1], k=7, units=7)
    shares, families = Shares().tables((unsettled,)).values()
    assert published_spurious(7, 7) is not None
    assert (shares[0]["share"], shares[0]["p"]) == (None, None)
    assert families == []


def test_published_runs_add_up():
    for k, families in FAMILIES.items():
        assert sum(families.values()) == RUNS
        assert all(sum(map(int, blocks.split("+"))) == k for blocks in families)
        spurious = sum(n for blocks, n in families.items() if "+" in blocks)
        assert published_spurious(k, k) == spurious
    assert published_spurious(7, 8) is None
    assert published_runs(7, 7, "5+2") == 0


def test_one_law_is_judged_by_the_hypergeometric_law():
    law = hypergeom(100 + RUNS, 9 + 27, 100)
    known = law.pmf(np.arange(37))
    expected = known[known <= law.pmf(9) * (1 + 1e-9)].sum()
    assert _same_law(9, 100, 27) == pytest.approx(expected, rel=1e-9)
    assert _same_law(30, 100, 27) < 1e-9, "another law is told apart"
