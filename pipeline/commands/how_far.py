"""How far one landscape's work is, as its worker notes it: said while people wait."""

import time
from collections.abc import Callable
from pathlib import Path

from morsecensus.pipeline import phases
from morsecensus.pipeline.phases import time_text
from morsecensus.pipeline.worker.path_store import how_far

AFTER = 2.0
"""Seconds of one kind of work before its rate says how long the rest takes."""


def told(note: Path, clock: Callable[[], float] = time.monotonic) -> Callable[[], None]:
    """Return what shows, whenever it is called, what a note says by then, and how long the rest takes."""
    began: dict[str, tuple[float, int]] = {}

    def show() -> None:
        found = how_far(note)
        if found is None:
            return
        what, done, of = found
        since, first = began.setdefault(what, (clock(), done))
        gone = clock() - since
        left = ""
        if gone > AFTER and first < done < of:
            left = f", {time_text(gone * (of - done) / (done - first))} left"
        phases.detail(f"{done} of {of} {what}{left}")

    return show
