"""Sections of trained networks on cells that are made up: units of costs, families of widths."""

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.topics.networks.lazy import families, lazy_row
from morsecensus.analysis.topics.networks.learnt import what_training_reaches
from morsecensus.analysis.topics.networks.measure import run_row
from morsecensus.analysis.topics.networks.read import Network
from morsecensus.analysis.topics.networks.sweep import CONTROL, RATIO, pair_rows, sweeps

OPTIONS = {"algorithm": "gd", "loss": "squared", "scaling": "ntk", "until": 0.1, "steps": 100}
ENDS = ("excess", "end_cost", "end_test_cost", "end_test_errors", "gradient_norm", "steps", "floor")


def network(name, width=8, *, steps=(40, 50, 60, 70), errors=(3, 4, 5, 6), cost=0.1, **options):
    """Four runs with these steps and test errors, -1 where there are no classes."""
    own = {column: ("landscape", np.full(4, cost) * [1, 1.1, 0.9, 1]) for column in ENDS[:5]}
    own |= {"weight_change": own["end_cost"], "kernel_drift": own["end_cost"], "floor": own["end_cost"]}
    own |= {"steps": ("landscape", np.array(steps)), "end_test_errors": ("landscape", np.array(errors))}
    own |= {"weights": (("landscape", "weight"), np.ones((4, 3)))}
    own |= {"layer_norm": (("landscape", "layer"), np.ones((4, 2)))}
    asked = OPTIONS | {"layers": [4, width, 3], "activation": "relu", "rate": 0.1} | options
    spec = {"parameters": {"network": name, "layers": f"4-{width}-3"}, "network": asked}
    return Network("c0000", spec, xr.Dataset(own), 0, ())


def test_squared_errors_are_no_nats_and_autoencoders_come_last():
    cells = [
        network("auto", errors=(-1,) * 4, cost=0.3),
        network("worse", errors=(7, 8, 9, 10)),
        network("better", loss="cross-entropy", cost=0.2),
    ]
    text = what_training_reaches(cells).text
    assert text.index("better") < text.index("worse") < text.index("auto")
    assert "better (4-8-3, 4 runs): 4.5 ± 0.6 test errors, cost 0.200 ± 0.008 nats above the floor" in text
    assert "worse (4-8-3, 4 runs): 8.5 ± 0.6 test errors, squared error 0.100 ± 0.004" in text
    assert text.endswith("auto (4-8-3, 4 runs): squared error 0.300 ± 0.012.")
    assert what_training_reaches(cells[::-1]).text == text
    rows = {one.name: run_row(one) for one in cells}
    assert rows["worse"]["excess"] is rows["worse"]["excess_se"] is rows["worse"]["floor"] is None
    assert rows["better"]["excess"] == pytest.approx(0.2)


def widths(**options):
    return [network(f"{width}", width, **options) for width in (8, 16, 32)]


def test_a_family_of_widths_has_one_kind_of_training():
    (family,) = families(widths())
    assert family.widths.tolist() == [8, 16, 32]
    for change in ({"labels": "inputs"}, {"precision": "float64"}, {"teacher": {"rate": 1}}, {"rate": 0.2}):
        mixed = [*widths()[:2], *widths(**change)[2:]]
        assert not families(mixed), change
    assert len(families([*widths(), *widths(labels="inputs")])) == 2
    assert not families(widths(until=0.0)), "after so many steps is no share of the cost"
    assert families([*widths()[:2], *widths(steps=[90, 91, 92, 93])[2:]]), "steps are a bound"


def test_runs_whose_steps_were_over_are_left_out():
    cells = [*widths()[:2], network("32", 32, steps=(40, 50, 60, 100))]
    (family,) = families(cells)
    assert family.cells == tuple(cells)
    assert [one.runs for one in family.finished] == [4, 4, 3]
    row = lazy_row(family.finished[-1], 1)
    assert (row["runs"], row["unfinished"], row["steps"]) == (3, 1, 50.0)
    assert not families([*cells[:2], network("32", 32, steps=(40, 50, 100, 100))])


def warm(rate, batch, slopes):
    """Runs whose stationary cost is a slope of each seed times rate over batch, and the same 0.5."""
    cost = 0.5 + slopes * rate / batch
    data = {"late_cost": (("landscape", "quarter"), np.stack([cost, cost], axis=1))}
    options = OPTIONS | {"algorithm": "sgd", "rate": rate, "batch": batch, "layers": [4, 8, 3]}
    spec = {"parameters": {"network": f"{rate}-{batch}", "layers": "4-8-3"}, "network": options}
    return Network("c0000", spec, xr.Dataset(data, {"landscape": np.arange(len(slopes))}), 0, ())


def test_controls_are_shares_of_what_the_difference_of_temperatures_does():
    """Cost linear in the temperature: 1, whatever two; 1, 3 and 1 over that of the first alone."""
    slopes = np.linspace(0.5, 1.5, 16)
    (sweep,) = sweeps([warm(rate, batch, slopes) for rate, batch in ((0.1, 1), (0.4, 4), (0.4, 2), (0.4, 1))])
    rows = pair_rows(sweep)
    assert [row["kind"] for row in rows] == [RATIO, *[CONTROL] * 3]
    for row, share in zip(rows, (0, 1, 1, 1), strict=True):
        assert [row[name] for name in ("share", "share_low", "share_high")] == pytest.approx([share] * 3)


def test_an_effect_that_is_not_known_tells_nothing_apart():
    """A difference of 0.004 in every seed is 4% of the mean effect. Where effects spread from 5% to 195% of
    that, sixteen seeds can't tell whether it is 5%; at one effect for all, the control, it is below."""
    words = []
    for slopes in (np.ones(16), np.linspace(0.05, 1.95, 16)):
        cells = [warm(rate, batch, slopes) for rate, batch in ((0.1, 1), (0.2, 2), (0.2, 1))]
        cells[1] = Network("c1", cells[1].spec, cells[1].data + 0.004, 0, ())
        words.append(pair_rows(sweeps(cells)[0])[0]["verdict"])
    assert words == ["agree", "undecided"]
