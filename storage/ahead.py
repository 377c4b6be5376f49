"""Reading ahead: results in order, while some later ones are already under way."""

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], readers: int
) -> Generator[Result, None, None]:
    """Yield ``function(item)`` for each item in order, by so many threads and never more than two results
    each ahead; with one reader, by this thread.
    """
    if readers == 1:
        yield from map(function, items)
        return
    rest = iter(items)
    with ThreadPoolExecutor(readers) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            while True:
                for item in itertools.islice(rest, 2 * readers - len(waiting)):
                    waiting.append(pool.submit(function, item))
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
