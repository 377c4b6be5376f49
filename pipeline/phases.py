"""What a command is doing, from its first second on: one line on a terminal, and a log elsewhere.

Free of heavy imports: it says that those are being loaded. A thread shows the line anew four times a second,
cut to the terminal as it is then, so that it survives a resize. A log has a line at the latest 1.5 s after
the last one while phases change, and rarer ones the longer it goes on.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

TICK_SECONDS = 0.25
SOON = 1.5
"""Seconds after which a phase that goes on is logged."""
SHARE, LONGEST = 0.25, 300.0
"""A log waits for this share of the time gone by between two lines of one phase, at most five minutes."""
CLEAR = "\r\x1b[2K"
_SPINNER = "|/-\\"


def time_text(seconds: float | None) -> str:
    """Return a duration as people read it."""
    if seconds is None:
        return "?"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class Display:
    """Shows the phase that a command is in. ``columns`` gives the width of the terminal, None for a log."""

    def __init__(
        self,
        stream: TextIO,
        columns: Callable[[], int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._stream, self._columns, self._clock = stream, columns, clock
        self._phase, self._detail = "loading", ""
        self._began = self._said = clock()
        self._due = self._began + SOON
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def start(self) -> None:
        """Go on showing it until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Leave a terminal as it was."""
        closed = self._stop.is_set()
        self._stop.set()
        self._thread.join(1.0)
        if self._columns is not None and not closed:
            self._write(CLEAR)

    def phase(self, name: str) -> None:
        """Another thing is being done from now on."""
        with self._lock:
            self._phase, self._detail = name, ""
            self._due = min(self._due, max(self._said, self._clock()) + SOON)

    def detail(self, text: str) -> None:
        """How far it is."""
        self._detail = text

    def step(self, name: str, how_far: str) -> None:
        """A phase of many steps."""
        if name != self._phase:
            self.phase(name)
        self._detail = how_far

    def note(self, text: str) -> None:
        """Say something that stays."""
        if self._columns is None:
            self._log(text)
        else:
            self._write(f"{CLEAR}{text}\n")

    def text(self) -> str:
        """What is being done, how long the command has taken, how far it is."""
        parts = [self._phase, time_text(self._clock() - self._began), self._detail]
        return ", ".join(part for part in parts if part)

    def tick(self) -> None:
        """Show it, if it is time."""
        now = self._clock()
        if self._columns is not None:
            spinner = _SPINNER[int(now / TICK_SECONDS) % len(_SPINNER)]
            self._write(f"{CLEAR}{f'{spinner} {self.text()}'[: max(1, self._columns() - 1)]}")
        elif now >= self._due:
            self._log(self.text())

    def _log(self, text: str) -> None:
        now = self._clock()
        with self._lock:
            self._said, self._due = now, now + min(LONGEST, max(SOON, SHARE * (now - self._began)))
        self._write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # a pipe that nobody reads any more: the work goes on
            self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(TICK_SECONDS):
            self.tick()


_shown: Display | None = None
"""The one of the command that this process runs."""


def is_shown() -> bool:
    """Whether anybody is told."""
    return _shown is not None


def phase(name: str) -> None:
    """Say what is being done from now on, where anybody is told."""
    if _shown is not None:
        _shown.phase(name)


def detail(text: str) -> None:
    """Say how far it is."""
    if _shown is not None:
        _shown.detail(text)


def step(name: str, how_far: str) -> None:
    """Say what is being done, and how far it is: a phase goes on for as long as its name stays."""
    if _shown is not None:
        _shown.step(name, how_far)


def note(text: str) -> None:
    """Say something that stays."""
    if _shown is not None:
        _shown.note(text)


def end() -> None:
    """Show nothing any more: the answer is there."""
    if _shown is not None:
        _shown.close()


@contextmanager
def shown(*, quiet: bool = False, anywhere: bool = True) -> Iterator[None]:
    """Show phases on standard error meanwhile; nothing if ``quiet``, or within another one.

    Args:
        anywhere: also where standard error was replaced, as by a notebook; else the process's own alone.
    """
    global _shown
    if quiet or _shown is not None or not (anywhere or _is_own(sys.stderr)):
        yield
        return
    _shown = Display(sys.stderr, _columns if _is_terminal(sys.stderr) else None)
    _shown.start()
    try:
        yield
    finally:
        _shown.close()
        _shown = None


def _is_own(stream: TextIO) -> bool:
    try:
        return stream.fileno() == 2
    except (OSError, AttributeError, ValueError):
        return False


def _is_terminal(stream: TextIO) -> bool:
    return _is_own(stream) and os.isatty(2) and os.environ.get("TERM") != "dumb"


def _columns() -> int:
    try:
        return os.get_terminal_size(2).columns or 80
    except OSError:
        return 80
