"""Parts of one landscape's work on other workers."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Scatter(Protocol):
    """``scatter("package.module:function", arguments)``: the function's results on each of the arguments, in
    order, wherever they are computed."""

    def __call__(
        self, name: str, arguments: Sequence[Any], done: Callable[[int, Any], None] | None = None, /
    ) -> list[Any]:
        """
        Args:
            done: takes each result, with its place, as soon as it is there; the list then holds None.
        """
        ...
