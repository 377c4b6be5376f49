"""Correlation and response between pairs of times, as ``mean-field --two-time`` gives them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from morsecensus.pipeline.commands.looks import parse_looks
from morsecensus.pipeline.errors import UsageError

if TYPE_CHECKING:
    from morsecensus.analysis.theory.dynamics.kernels import Setting
    from morsecensus.analysis.theory.dynamics.recursion import Recursion
    from morsecensus.tasks.covariance import Covariance, Signal

OPTION = "--two-time"
MOST_TIMES = 100


def pair_times(text: str, whole: bool) -> list[float]:
    """The times, in order; of steps if ``whole``. Raises UsageError."""
    _, times = parse_looks(None, text, whole, OPTION)
    if not 2 <= len(times) <= MOST_TIMES:
        raise UsageError(f"{OPTION}: got {len(times)}, allowed: from 2 to {MOST_TIMES} times")
    return times


def check_pairs(times: Sequence[float], last: float) -> None:
    """Raise UsageError for a time after the last look."""
    if times and times[-1] > last:
        raise UsageError(f"{OPTION}: got {times[-1]:g}, allowed: up to the last look, {last:g}")


def continuous_pairs(
    noise: "Covariance", signal: "Signal", setting: "Setting", times: Sequence[float]
) -> dict[str, Any]:
    """Matrices over pairs of times, JSON-ready.

    Returns:
        ``t``; ``correlation`` C(t, t'), symmetric; ``response`` R(t, t'), 0 for t < t' and 1 at t = t';
        ``susceptibility``, the integral of R(t, s) over s from t' to t; ``ratio`` of fluctuation and
        dissipation T R/(dC/dt'), None but for t > t', all of it None without a bath; ``error`` and
        ``ratio_error``, the largest changes by the last level of extrapolation.
    """
    from morsecensus.analysis.theory.dynamics.kernels import Kernels
    from morsecensus.analysis.theory.dynamics.pairs import pairs

    try:
        found = pairs(Kernels.of(noise, signal), times, setting)
    except ValueError as error:
        raise UsageError(f"{OPTION}: {str(error).partition(': ')[2]}") from error
    known = None if found.ratio is None else [[_known(x) for x in row] for row in found.ratio.tolist()]
    return {
        "t": list(times),
        "correlation": found.correlation.tolist(),
        "response": found.response.tolist(),
        "susceptibility": found.susceptibility.tolist(),
        "ratio": known,
        "error": found.error,
        "ratio_error": found.ratio_error,
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def discrete_pairs(found: "Recursion", step: float, times: Sequence[float]) -> dict[str, Any]:
    """The same of an algorithm, between steps: responses are to a field during step t' over its length, and
    there is no ratio."""
    at = np.array(times, dtype=np.int64)
    response = 0.0 - found.response[np.ix_(at, at)] / step
    # To a field that is on from step t' to before step t.
    summed = 0.0 - np.cumsum(found.response[at, ::-1], axis=1)[:, ::-1]
    return {
        "t": [int(t) for t in times],
        "correlation": found.correlation[np.ix_(at, at)].tolist(),
        "response": response.tolist(),
        "susceptibility": summed[:, at].tolist(),
        "ratio": None,
        "error": 0.0,
        "ratio_error": None,
    }


def pair_rows(two_time: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A line of a table for each pair, the later time first."""
    for i, late in enumerate(two_time["t"]):
        for j, early in enumerate(two_time["t"][:i]):
            row = {"t": f"{late:g}", "t'": f"{early:g}"}
            for name, title in (("correlation", "C"), ("response", "R"), ("susceptibility", "chi")):
                row[title] = f"{two_time[name][i][j]:.8f}"
            if two_time["ratio"] is not None:
                row["X"] = f"{two_time['ratio'][i][j]:.7f}"
            yield row
