"""Pieces of work on a landscape that outlive the block that asked for them: who is killed goes on with them.

This room opens nothing. Whoever runs a block says where pieces are kept (`keep_with`).
"""

from collections.abc import Callable
from typing import Protocol


class PieceStore(Protocol):
    """Where pieces are committed, and who is told how far it is. What is damaged counts as absent."""

    keeps: bool
    """Whether anything is committed, or it is told alone."""

    def read(self, name: str) -> bytes | None: ...

    def write(self, name: str, data: bytes) -> None: ...

    def tell(self, what: str, done: int, of: int) -> None:
        """How many of some things to do are done."""
        ...


_keep: list[Callable[[int], PieceStore]] = []


def keep_with(keeper: Callable[[int], PieceStore] | None) -> None:
    """Say what opens the pieces of a landscape, by its id; it takes the place of the one before."""
    _keep[:] = [] if keeper is None else [keeper]


def kept(landscape: int) -> PieceStore | None:
    """The pieces of a landscape of the block at work; None where nobody keeps any."""
    return _keep[0](landscape) if _keep else None
