"""Parts of one landscape's work on other workers."""

from collections.abc import Callable, Sequence
from typing import Any

Scatter = Callable[[str, Sequence[Any]], list[Any]]
"""``scatter("package.module:function", arguments)``: the function's results on each of the arguments, in
order, wherever they are computed."""
