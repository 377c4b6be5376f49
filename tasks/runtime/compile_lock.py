"""One process compiles a folder's functions while others wait, and then find its code.

Half a minute of processor the first time that homotopies are followed, which all workers of a run would spend
at once.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import wraps
from pathlib import Path
from threading import RLock
from typing import Any

_THREADS = RLock()
_held: list[str] = []


def one_at_a_time(compile_one: Callable[..., Any], folder: str) -> Callable[..., Any]:
    """Return the function, which looks for its result in a folder first, under that folder's lock."""

    @wraps(compile_one)
    def compiled_once(*arguments: Any) -> Any:
        with _THREADS, ExitStack() as stack:
            if folder not in _held:  # what a function calls is compiled within it
                stack.enter_context(_locked(folder))
            return compile_one(*arguments)

    return compiled_once


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    with ExitStack() as stack:
        with suppress(OSError):  # a disk that knows no locks, or is full: everybody compiles
            Path(folder).mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(Path(folder, "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        _held.append(folder)
        try:
            yield
        finally:
            _held.remove(folder)
