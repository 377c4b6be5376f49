"""What trajectories say on the first screen: where the runs of each algorithm end, at the largest N."""

from collections.abc import Sequence
from math import isfinite

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.topics.dynamics.measure import Setting, end_energy
from morsecensus.analysis.topics.dynamics.read import Runs
from morsecensus.analysis.topics.findings import Finding, Question

MOST = 3
"""Algorithms of which the sentence has numbers."""


def where_runs_end(settings: Sequence[Setting]) -> Finding | None:
    """Mean energies at the end of the first setting at its largest N, the lowest first, beside the levels
    that orient a reader; None where no run has an end.
    """
    for setting in settings:
        largest = max(runs.n for runs in setting.runs)
        ends = [(runs, *end_energy(runs)) for runs in setting.runs if runs.n == largest]
        known = sorted((one for one in ends if isfinite(one[1])), key=lambda one: one[1])
        if known:
            return Finding(Question.ENDS, _text(setting, largest, known, len(settings) > 1))
    return None


def _text(setting: Setting, n: int, ends: Sequence[tuple[Runs, float, float]], several: bool) -> str:
    texts = [f"{runs.label} at {r.estimate(mean, error)}" for runs, mean, error in ends[:MOST]]
    more = f", {len(ends) - MOST} others higher" if len(ends) > MOST else ""
    levels = [f"{name} {r.number(value)}" for name, value in setting.levels.items()]
    beside = f"; N to infinity: {', '.join(levels)}" if levels else ""
    named = f"{setting.title}: " if several else ""
    return f"{named}energies per spin at the end, N = {n:,}: {', '.join(texts)}{more}{beside}."
