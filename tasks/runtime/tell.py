"""How far long work is, for whoever wants to know."""

from collections.abc import Callable

Tell = Callable[[str, int, int], None]
"""``tell("paths followed", 4096, 65535)``: what is counted, how much of it is done, of how much."""
