"""One landscape has no error, and no error is not an error of zero."""

import numpy as np
import pytest

from morsecensus.analysis.topics.floors.figure import draw_floors
from morsecensus.analysis.topics.floors.measure import find, floor_rows
from morsecensus.analysis.topics.floors.section import GROUND_STATE_OVER_FLOOR
from support.low_cells import draw, low_cell, study_of


def test_the_ground_state_of_one_landscape_has_no_error():
    one, several = (low_cell(draw(n, k, n), n, 1, n, f"c{n:04d}") for n, k in ((8, 1), (10, 6)))
    found = find(study_of(one, several).families)
    single, row = floor_rows(found)
    assert np.isnan(single["ratio_se"])
    data = several.stored
    ends = np.cumsum(data["row_size"].values)[:-1]
    lowest = [own.min() for own in np.split(data["energy"].values, ends)]
    floor = 2 * np.sqrt(2 / 3)
    assert row["ratio"] == pytest.approx(-np.mean(lowest) / floor)
    assert row["ratio_se"] == pytest.approx(np.std(lowest, ddof=1) / np.sqrt(6) / floor)
    assert "± 0<" not in str(GROUND_STATE_OVER_FLOOR.part([single, row]))
    draw_floors(found)
