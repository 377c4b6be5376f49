"""Parts of one landscape's work on other workers."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Take = Callable[[int, Any], None]
"""Takes a result, with its place."""


class Scatter(Protocol):
    """``scatter("package.module:function", arguments)``: the function's results on each of the arguments, in
    order, wherever they are computed."""

    def __call__(self, name: str, arguments: Sequence[Any], done: Take | None = None, /) -> list[Any]:
        """
        Args:
            done: takes each result as soon as it is there; the list then holds None.
        """
        ...
