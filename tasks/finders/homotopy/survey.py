"""All paths of a start form, piece by piece: followed here or elsewhere, reduced to their ends, committed.

A piece is the unit of commit: who is killed loses the pieces at work. What one holds depends on its paths
alone, and its name is made of all that decides it.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from morsecensus.tasks.finders.homotopy import extended
from morsecensus.tasks.finders.homotopy.ends import Ends, ends_of
from morsecensus.tasks.finders.homotopy.paths import Paths, TrackerSettings, chunks_of, follow, in_turn
from morsecensus.tasks.finders.homotopy.start import instance_system
from morsecensus.tasks.runtime.instances import instance_key
from morsecensus.tasks.runtime.pieces import PieceStore
from morsecensus.tasks.runtime.scatter import Scatter
from morsecensus.tasks.systems.system import System, Weights

Survey = Callable[[Weights, Paths, TrackerSettings, bool], Ends]
"""Follows paths and says how they ended, keeping all endpoints if asked for; else the real ones."""
Done = Callable[[int, Ends], None]
"""Takes what a piece has yielded, by its place."""
Piece = tuple[tuple, Weights, Paths, TrackerSettings, bool, bool]
"""Of an instance, by its key: the weights, paths and settings; whether it is generic; what to keep."""

WORTH = 16384
"""Fewer paths are followed where they are: less than a second's work isn't worth the way."""
MOST, LEAST = 16384, 1024
"""Paths of a piece: seconds' work, and no less than is worth sending."""
PIECES = 256
"""Enough for a cluster, while pieces have fewer paths than `MOST`."""


def pieces_of(paths: Paths) -> list[Paths]:
    """Pieces of consecutive paths, by their number alone."""
    size = min(MOST, max(LEAST, -(-len(paths) // PIECES)))
    return [paths[first : first + size] for first in range(0, max(len(paths), 1), size)]


def piece_name(what: str, weights: Weights, paths: Paths, settings: TrackerSettings, *choices: bool) -> str:
    """A name for what following these paths yields, of an instance that the store knows."""
    seal = hashlib.sha256(repr((what, settings.values(), choices)).encode())
    for numbers in (weights, paths.astype(np.int64)):
        seal.update(np.ascontiguousarray(numbers).tobytes())
    return f"{what}-{int(paths[0]) if len(paths) else 0:010d}-{seal.hexdigest()[:16]}"


def here(system: System, threads: int, generic: bool = True, store: PieceStore | None = None) -> Survey:
    """On this machine, on several threads if asked."""
    kept = store or Nowhere()

    def survey(weights: Weights, paths: Paths, settings: TrackerSettings, everything: bool) -> Ends:
        def one(piece: Paths) -> Ends:
            tracked = follow(system, weights, piece, settings)
            return ends_of(tracked, system, generic=generic, everything=everything)

        def several(pieces: Sequence[Paths], done: Done) -> None:
            for place, ends in enumerate(in_turn(one, pieces, threads)):
                done(place, ends)

        def name(piece: Paths) -> str:
            return piece_name("paths", weights, piece, settings, generic, everything)

        pieces = pieces_of(paths) if kept.keeps else chunks_of(paths, threads)
        return _committed(kept, "paths followed", several, pieces, name)

    return survey


def elsewhere(
    spec: Mapping[str, Any],
    instance: int,
    scatter: Scatter,
    generic: bool = True,
    store: PieceStore | None = None,
) -> Survey:
    """Pieces through ``scatter``: each worker makes the couplings from their key."""
    source, kept = instance_key(spec, instance), store or Nowhere()

    def survey(weights: Weights, paths: Paths, settings: TrackerSettings, everything: bool) -> Ends:
        if len(paths) < WORTH:
            return here(instance_system(source), 1, generic, store)(weights, paths, settings, everything)

        def several(pieces: Sequence[Paths], done: Done) -> None:
            arguments = [(source, weights, piece, settings, generic, everything) for piece in pieces]
            name = "morsecensus.tasks.finders.homotopy.survey:survey_piece"
            scatter(name, arguments, lambda place, data: done(place, Ends.unpacked(data)))

        def name(piece: Paths) -> str:
            return piece_name("paths", weights, piece, settings, generic, everything)

        return _committed(kept, "paths followed", several, pieces_of(paths), name)

    return survey


def survey_piece(piece: Piece) -> bytes:
    """The ends of one piece, packed."""
    source, weights, paths, settings, generic, everything = piece
    return here(instance_system(source), 1, generic)(weights, paths, settings, everything).packed()


def extended_ends(system: System, weights: Weights, paths: Paths, store: PieceStore | None = None) -> Ends:
    """Paths in extended precision, each one a piece."""

    def several(pieces: Sequence[Paths], done: Done) -> None:
        for place, piece in enumerate(pieces):
            tracked = extended.follow(system, weights, piece)
            done(place, ends_of(tracked, system, generic=True, everything=True))

    def name(piece: Paths) -> str:
        return piece_name("extended", weights, piece, TrackerSettings())

    pieces = [paths[row : row + 1] for row in range(len(paths))]
    return _committed(store or Nowhere(), "paths followed in extended precision", several, pieces, name)


def _committed(
    store: PieceStore,
    what: str,
    several: Callable[[Sequence[Paths], Done], None],
    pieces: Sequence[Paths],
    name: Callable[[Paths], str],
) -> Ends:
    """The ends of all paths: what the store has from before, and the others as ``several`` brings them."""
    names = [name(piece) for piece in pieces] if store.keeps else []
    found = {
        place: Ends.unpacked(data) for place, one in enumerate(names) if (data := store.read(one)) is not None
    }
    missing = [place for place in range(len(pieces)) if place not in found]
    followed, paths = sum(map(len, found.values())), sum(map(len, pieces))
    store.tell(what, followed, paths)

    def done(number: int, ends: Ends) -> None:
        nonlocal followed
        place = missing[number]
        if store.keeps:
            store.write(names[place], ends.packed())
        found[place] = ends
        followed += len(ends)
        store.tell(what, followed, paths)

    if missing:
        several([pieces[place] for place in missing], done)
    return Ends.joined([found[place] for place in range(len(pieces))])


class Nowhere:
    """Keeps nothing and tells nobody."""

    keeps = False

    def read(self, name: str) -> bytes | None:
        return None

    def write(self, name: str, data: bytes) -> None:
        pass

    def tell(self, what: str, done: int, of: int) -> None:
        pass
