"""Stopping on request: the first signal asks, the second one does not.

Who does not end in time is ended by `pipeline.cli.start`.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from morsecensus.pipeline.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)
AT_ONCE = "stopped at once; what is committed is safe, the same command goes on from there"
_held: list[Callable[[], object]] = []
"""What gives back that which others wait for, such as a lease."""
_told = threading.Lock()
"""Taken by who says that it was stopped: that is said once."""
_words = [AT_ONCE]


@contextmanager
def held(give_back: Callable[[], object]) -> Iterator[None]:
    """Have something given back also if this process must be ended from beside its main thread."""
    _held.append(give_back)
    try:
        yield
    finally:
        _held.remove(give_back)


def _begin() -> None:
    """A process may run several commands, one after the other, as tests do."""
    del _words[1:]
    if _told.locked():
        _told.release()


def may_tell() -> bool:
    """Whether it is for the caller to say that the command was stopped."""
    return _told.acquire(blocking=False)


def last_words() -> str | None:
    """Give back what is held, for the process is about to end, and return what there is to say of it; None if
    that was said.
    """
    for give_back in reversed(_held):
        with contextlib.suppress(Exception):
            give_back()
    return _words[-1] if may_tell() else None


class CtrlC(KeyboardInterrupt):
    """Ctrl-C, as a kind of its own.

    CPython notes a bare KeyboardInterrupt that leaves an ``exec`` of text, as dataclasses and named tuples do
    on import. Under ``python -m`` it then dies of SIGINT at its end, although the exception was caught and an
    exit code was given.
    """


def raise_ctrl_c(number: int, frame: FrameType | None) -> None:
    """The handler of SIGINT that raises it."""
    del number, frame
    raise CtrlC


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt within, whatever it does outside."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _begin()
    before = signal.signal(signal.SIGINT, raise_ctrl_c)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class StopRequest:
    """Context manager that turns the first SIGINT or SIGTERM into a flag; the next one acts as ever."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """The exit code by convention: 130 after Ctrl-C, 143 after a termination."""
        return 128 + (self.signal or 0)

    def __enter__(self) -> "StopRequest":
        self.listen()
        return self

    def listen(self) -> None:
        """Catch the first signal, again if somebody else has taken to catching it."""
        # signals belong to the main thread; elsewhere (a notebook's worker, a test) nothing is caught
        if self or threading.current_thread() is not threading.main_thread():
            return
        for number in SIGNALS:
            self._before.setdefault(number, signal.signal(number, self._ask))

    def check(self, said: str) -> None:
        """Raise Interrupted, with this text, if a signal came."""
        if self:
            _words.append(said)
            raise Interrupted(said, self.exit_code)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.signal = number
        signal.signal(signal.SIGINT, raise_ctrl_c)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
