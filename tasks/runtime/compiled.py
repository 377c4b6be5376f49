"""Compiled code of one cell at a time."""

from typing import Any

import jax

_compiled_for: list[Any] = []


def forget_other_cells(landscape: Any) -> None:
    """Drop what was compiled for another landscape: blocks come cell by cell, and each cell's code takes 12
    MB (measured), which over a long study would grow without bound."""
    if _compiled_for and _compiled_for[0] != landscape:
        jax.clear_caches()
    _compiled_for[:] = [landscape]
