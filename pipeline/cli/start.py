"""The entry point: Ctrl-C is one line from the first moment on, also while the command line is imported, and
the process ends within a second of it, whatever is at work.
"""

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from types import FrameType

STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM)
GRACE = 0.4
"""Seconds from Ctrl-C that the command has to end by itself, in its own words."""
NOTHING_DONE = "stopped before anything was done; the same command begins again"


def _end(number: int, frame: FrameType | None) -> None:
    # not an exception: imports and the parser of options would each make something else of it
    del frame
    _say(NOTHING_DONE)
    os._exit(128 + number)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _end)
    # registered first, it runs last: Python's own end takes handlers away, and its code would be Ctrl-C's
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    sys.unraisablehook = _unraisable
    _watch()
    from morsecensus.pipeline.cli.app import main as run

    try:
        run()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        # all is said and done: who presses Ctrl-C now waits for modules that are taken down
        signal.signal(signal.SIGINT, lambda *_: _leave(code))
        if code in STOPPED:
            _leave(code)
        raise


def _unraisable(lost: "sys.UnraisableHookArgs") -> None:
    """Ctrl-C in a callback of Python's own, such as a weak reference's, is lost there: `_wait` ends it."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"morsecensus: {text}\n".encode())


def _leave(code: int) -> None:
    """End without Python's own end, which takes modules down one by one for half a second and waits for
    threads that still read; leases, workers and folders are given back by then.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _watch() -> None:
    """See to it that Ctrl-C ends the process, also where Python's handlers don't run, as in the start of Ray,
    which takes many seconds in C++, or in a long loop of a library.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(reader,), name="stop", daemon=True).start()


def _wait(reader: int) -> None:
    while signal.SIGINT not in os.read(reader, 1):
        pass  # another signal
    time.sleep(GRACE)
    # not imported: the main thread may be in the middle of that
    phases, stopping = (sys.modules.get(f"morsecensus.pipeline.{name}") for name in ("phases", "stopping"))
    with contextlib.suppress(Exception):
        if phases is not None:
            phases.end()
    words: str | None = NOTHING_DONE
    with contextlib.suppress(Exception):
        if stopping is not None:
            words = stopping.last_words()
    if words is not None:
        _say(words)
    _leave(128 + signal.SIGINT)
