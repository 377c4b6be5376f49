"""Progress of a run: a live bar on a terminal, a plain line every few seconds elsewhere."""

import time
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from morsecensus.pipeline.run.plan import time_text

LINE_SECONDS = 5.0


@dataclass
class Counts:
    """How far a run is. ``done`` includes what an earlier run committed, ``resumed`` is that part of it."""

    landscapes: int
    done: int = 0
    resumed: int = 0
    points: int = 0
    failed_blocks: int = 0


class Progress:
    """Shows counts while a run goes on. Use as a context manager."""

    def __init__(self, console: Console, counts: Counts):
        self.counts = counts
        self._console = console
        self._started = time.monotonic()
        self._last_line = self._started
        self._live = Live(console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> "Progress":
        if self._console.is_terminal:
            self._live.start()
            self._live.update(self._picture())
        else:
            self._console.print(self.text(), highlight=False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()
        self._console.print(self.text(), highlight=False)

    def update(self) -> None:
        """Show the counts as they are now."""
        if self._console.is_terminal:
            self._live.update(self._picture())
        elif time.monotonic() - self._last_line >= LINE_SECONDS:
            self._last_line = time.monotonic()
            self._console.print(self.text(), highlight=False)

    def rate(self) -> float | None:
        """Landscapes per second in this run, None before the first one."""
        fresh = self.counts.done - self.counts.resumed
        return fresh / (time.monotonic() - self._started) if fresh else None

    def text(self) -> str:
        """Return the counts as one line."""
        counts, rate = self.counts, self.rate()
        parts = [f"{counts.done}/{counts.landscapes} landscapes", f"{counts.points} points"]
        if counts.resumed:
            parts[0] += f" ({counts.resumed} from before)"
        if rate is not None:
            parts.append(f"{rate:.3g}/s")
            if counts.done < counts.landscapes:
                parts.append(f"{time_text((counts.landscapes - counts.done) / rate)} left")
        parts.append(f"{counts.failed_blocks} failed")
        return ", ".join(parts)

    def _picture(self) -> Table:
        grid = Table.grid(padding=(0, 1))
        grid.add_row(ProgressBar(self.counts.landscapes, self.counts.done, width=30), self.text())
        return grid
