"""What flows on landscapes gave: means over landscapes with their errors, as rows of tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.dataset.in_common import Ints
from morsecensus.analysis.estimates.starts import mean_over_starts
from morsecensus.analysis.theory.dynamics.kernels import Floats
from morsecensus.analysis.theory.dynamics.limits import Limit

Row = dict[str, Any]
MINIMUM = "minimum"


@dataclass(frozen=True, eq=False)
class FlowCell:
    """The flows of one model at one N, see `analysis.topics.flow.read`. Arrays have the shape (landscapes,
    starts, ...).

    Attributes:
        number: of the setting: the parameters, where starts are, and for how long they flow.
        given_overlap: with the signal, of the starts; None of uniform ones.
        landscapes: their numbers, shape (landscapes,).
        energy, correlation, overlap: last axis: times. NaN where a flow didn't get; overlap None without
            signal.
        end: how each start ended: minimum, saddle or open.
        end_energy, end_overlap, end_softest: of the end.
        limit: N -> infinity, None where it isn't known.
        even: whether H doesn't change with the sign of x.
    """

    number: int
    model: str
    parameters: Mapping[str, Any]
    n: int
    given_overlap: float | None
    landscapes: Ints
    times: Floats
    energy: Floats
    correlation: Floats
    overlap: Floats | None
    end: NDArray[np.str_]
    end_energy: Floats
    end_overlap: Floats | None
    end_softest: Floats
    limit: Limit | None
    even: bool = False


def alike(cells: Sequence[FlowCell]) -> list[FlowCell]:
    """Those that can be compared in their noise: uniform starts, or without any those at the first overlap,
    that flow for as long as the first of them. Starts that know the signal find it more often.
    """
    start = None if any(cell.given_overlap is None for cell in cells) else cells[0].given_overlap
    same = [cell for cell in cells if cell.given_overlap == start]
    return [cell for cell in same if cell.times[-1] == same[0].times[-1]]


def mean_and_error(values: Floats) -> tuple[Floats, Floats]:
    """Mean over starts (axis 1), then over landscapes (axis 0), which are the independent units, and its
    standard error; NaN from one landscape alone. A landscape counts with the starts that have a value.
    """
    each = mean_over_starts(values)
    known = np.isfinite(each)
    count = known.sum(axis=0)
    filled = np.where(known, each, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=0) / count
        squares = np.where(known, (each - mean) ** 2, 0.0).sum(axis=0)
        return mean, np.sqrt(squares / (count - 1) / count)


def recovered(cell: FlowCell, success: float) -> Floats:
    """1 for each start whose final overlap is above ``success``, 0 for the others.

    For an even signal the sign of the overlap means nothing, and isn't looked at.
    """
    assert cell.end_overlap is not None
    found = np.abs(cell.end_overlap) if cell.even else cell.end_overlap
    return (found > success).astype(np.float64)


def curve_rows(cells: Sequence[FlowCell]) -> list[Row]:
    """One row per cell and time: measured means over the starts that got there, and N -> infinity."""
    rows = []
    for cell in cells:
        energy = mean_and_error(cell.energy)
        correlation = mean_and_error(cell.correlation)
        limiting = None if cell.limit is None else cell.limit.at(cell.times)
        spread = None if cell.limit is None else cell.limit.spread_at(cell.times)
        for k, time in enumerate(cell.times):
            row: Row = {
                **_head(cell),
                "time": time,
                "starts": int(np.isfinite(cell.energy[:, :, k]).sum()),
                "energy": energy[0][k],
                "energy_se": energy[1][k],
                "limiting_energy": None if limiting is None else limiting[0][0, k],
                "limiting_energy_error": None if limiting is None else limiting[1][0, k],
                "correlation": correlation[0][k],
                "correlation_se": correlation[1][k],
            }
            if cell.overlap is not None:
                overlap = mean_and_error(cell.overlap[:, :, k])
                square = mean_and_error(cell.n * cell.overlap[:, :, k] ** 2)
                row |= {
                    "overlap": overlap[0],
                    "overlap_se": overlap[1],
                    "limiting_overlap": None if limiting is None else limiting[0][1, k],
                    "limiting_overlap_error": None if limiting is None else limiting[1][1, k],
                    "n_overlap_squared": square[0],
                    "n_overlap_squared_se": square[1],
                    "limiting_n_overlap_squared": None if spread is None else spread[k],
                }
            rows.append(row)
    return rows


def end_rows(cells: Sequence[FlowCell]) -> list[Row]:
    """One row per start: where it ended."""
    rows = []
    for cell in cells:
        for place, start in np.ndindex(*cell.end.shape):
            row: Row = {
                **_head(cell),
                "landscape": int(cell.landscapes[place]),
                "start": start,
                "end": str(cell.end[place, start]),
                "energy": cell.end_energy[place, start],
                "softest": cell.end_softest[place, start],
            }
            if cell.overlap is not None and cell.end_overlap is not None:
                row["start_overlap"] = cell.overlap[place, start, 0]
                row["overlap"] = cell.end_overlap[place, start]
            rows.append(row)
    return rows


def summary_rows(cells: Sequence[FlowCell], success: float) -> list[Row]:
    """One row per cell: how starts ended, how many recovered the signal, and what N -> infinity says."""
    rows = []
    for cell in cells:
        energy = mean_and_error(cell.end_energy)
        row: Row = {
            **_head(cell),
            "landscapes": cell.end.shape[0],
            "starts": cell.end.shape[1],
            "minima": float(np.mean(cell.end == MINIMUM)),
            "end_energy": float(energy[0]),
            "end_energy_se": float(energy[1]),
        }
        if cell.end_overlap is not None:
            rate = mean_and_error(recovered(cell, success))
            overlap = mean_and_error(cell.end_overlap)
            size = mean_and_error(np.abs(cell.end_overlap))
            row |= {
                "success_rate": float(rate[0]),
                "success_rate_se": float(rate[1]),
                "end_overlap": float(overlap[0]),
                "end_overlap_se": float(overlap[1]),
                "end_overlap_size": float(size[0]),
                "end_overlap_size_se": float(size[1]),
                "theta": None if cell.limit is None else cell.limit.theta,
                "informative_overlap": None if cell.limit is None else cell.limit.informative,
            }
        rows.append(row)
    return rows


def _head(cell: FlowCell) -> Row:
    return {"model": cell.model, **cell.parameters, "n": cell.n, "given_overlap": cell.given_overlap}
