"""Budgets and tolerances of the finders: plain values, so that a study can be checked without loading JAX."""

import math
from dataclasses import dataclass
from typing import NamedTuple

CERTIFY = ("none", "real", "all")
"""What a homotopy proves: nothing, each real point, or also that none is missing."""

MOST_ORDER = 32
"""Of a power series: twice what rounding leaves any use for, and a bound on memory."""


@dataclass(frozen=True)
class MultistartOptions:
    """How long multistart looks and when it believes that it has seen everything.

    Budgets count starts, never seconds. A round is half uniform points and half points along descents.
    """

    starts_per_round: int = 2048
    """Starts between two looks at the ledger; a multiple of 64."""
    max_rounds: int = 48
    """The budget: after this many rounds a landscape stays open."""
    min_hits: int = 5
    """The ledger closes only when every class was hit this often by independent starts; 2 or more, for one
    hit of each says nothing of what wasn't hit."""
    max_depth: int = 64
    """Longest descent before Newton takes over; depths are log-uniform between 1 and this."""
    max_iterations: int = 20
    """Newton steps before a start is given up: two thirds need fewer than 15, and the rest isn't worth the
    wait."""
    max_step: float = 0.5
    """Longest Newton step, in units of sqrt(n)."""

    def __post_init__(self) -> None:
        if self.starts_per_round < 64 or self.starts_per_round % 64:
            raise ValueError(
                f"starts_per_round: got {self.starts_per_round}, allowed: multiples of 64 from 64 on"
            )
        if self.min_hits < 2:
            raise ValueError(f"min_hits: got {self.min_hits}, allowed: integers >= 2")
        for name in ("max_rounds", "max_depth", "max_iterations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, allowed: integers >= 1")
        if not 0 < self.max_step <= 1:
            raise ValueError(f"max_step: got {self.max_step}, allowed: 0 < max_step <= 1")


@dataclass(frozen=True)
class HomotopyOptions:
    """How paths are followed, and how often a landscape whose books don't close is tried again.

    Errors are relative lengths of the Newton step that follows a prediction.
    """

    order: int = 8
    """Of the power series that predicts a step."""
    aim: float = 1e-4
    """Steps are chosen for this error."""
    largest: float = 1e-2
    """A step with a larger error is repeated with half its length."""
    most_steps: int = 2000
    """A path that needs more is retried, then reported."""
    attempts: int = 4
    """How often troubled paths are followed, each time with errors smaller by a hundred."""
    rounds: int = 3
    """How many start forms are tried."""
    max_extended: int = 64
    """How many paths of a round are followed in extended precision; if more are troubled, none is."""
    max_paths: int = 2**21
    """Larger landscapes are refused."""
    certify: str = "real"
    """What is proven, one of `CERTIFY`. "real": each real point exists, is unique in a box, has its index.
    "all": also that no critical point is missing, by proving as many complex ones as there can be."""
    threads: int = 1
    """Threads that follow paths; the results don't depend on it."""

    def __post_init__(self) -> None:
        if isinstance(self.certify, bool):
            # What records of earlier versions say.
            object.__setattr__(self, "certify", "real" if self.certify else "none")
        if self.certify not in CERTIFY:
            raise ValueError(f"certify: got {self.certify!r}, allowed: {', '.join(CERTIFY)}")
        if not 3 <= self.order <= MOST_ORDER:
            raise ValueError(f"order: got {self.order}, allowed: integers from 3 to {MOST_ORDER}")
        for name in ("most_steps", "attempts", "rounds", "max_paths", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, allowed: integers >= 1")
        if self.max_extended < 0:
            raise ValueError(f"max_extended: got {self.max_extended}, allowed: integers >= 0")
        if not 0 < self.aim <= self.largest <= 0.1:
            raise ValueError(
                f"aim, largest: got {self.aim}, {self.largest}, allowed: 0 < aim <= largest <= 0.1"
            )


@dataclass(frozen=True)
class SampledHomotopyOptions(HomotopyOptions, MultistartOptions):
    """A multistart census, and a uniform sample of paths that measures what it has and what there is."""

    paths: int = 4096
    """Sampled paths of one landscape: all of them, if there are fewer."""
    certify: str = "none"
    """"real" proves the points of the census; a sample can't prove that none is missing."""

    def __post_init__(self) -> None:
        MultistartOptions.__post_init__(self)
        HomotopyOptions.__post_init__(self)
        if self.certify == "all":
            raise ValueError("certify: got 'all', allowed for a sample of paths: none, real")
        if self.paths < 1:
            raise ValueError(f"paths: got {self.paths}, allowed: integers >= 1")


BOUNDARIES = {False: 0, "components": 1, True: 2}
"""What a study says of topology -> degree of the boundary matrices that are computed, from either end."""


class Effort(NamedTuple):
    """What a finder may need for one landscape: most rows, ambient vectors held at once, rough seconds; the
    points that it is likely to find, where that isn't all there are; and its budget, in units of what closing
    the landscape is likely to take, where that may fall short."""

    rows: int
    held: int
    seconds: float
    points: float = math.inf
    budget: float | None = None


@dataclass(frozen=True)
class LowIndexOptions:
    """Up to which index a landscape is searched, how long, and when an index counts as closed.

    Budgets count starts, never seconds. A round is descents from above, and starts from below: from known
    points, off along soft directions.
    """

    max_index: int = 1
    """Points of index 0 to this are sought."""
    starts_per_round: int = 1024
    """Descents between two looks at the ledger; a multiple of 64."""
    from_below: int = 3
    """Starts from below for each descent: what is rare is found from below."""
    max_rounds: int = 128
    """The budget: after this many rounds what hasn't closed stays open."""
    min_hits: int = 4
    """An index closes only when every class of it was hit this often, from above and below together. With 4,
    saddles of index 1 of three landscapes at N = 60 closed 2, 0 and 1 short of 479, 431 and 456."""
    max_iterations: int = 20
    """Newton steps before a start is given up."""
    max_step: float = 0.25
    """Longest Newton step, in units of sqrt(n): where it started is near where it is to end."""
    lowest_stop: float = 0.1
    """Descents stop at gradient norms log-uniform from this to ``highest_stop``, in units of sqrt(n) times
    the landscape's scale."""
    highest_stop: float = 0.5
    """What ends at saddles was stopped early, near this; what ends at minima late."""

    def __post_init__(self) -> None:
        if self.max_index < 0:
            raise ValueError(f"max_index: got {self.max_index}, allowed: integers >= 0")
        if self.starts_per_round < 64 or self.starts_per_round % 64:
            raise ValueError(
                f"starts_per_round: got {self.starts_per_round}, allowed: multiples of 64 from 64 on"
            )
        if self.min_hits < 2:
            raise ValueError(f"min_hits: got {self.min_hits}, allowed: integers >= 2")
        for name in ("from_below", "max_rounds", "max_iterations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, allowed: integers >= 1")
        if not 0 < self.max_step <= 1:
            raise ValueError(f"max_step: got {self.max_step}, allowed: 0 < max_step <= 1")
        if not 0 < self.lowest_stop <= self.highest_stop:
            raise ValueError(
                f"lowest_stop, highest_stop: got {self.lowest_stop}, {self.highest_stop}, "
                f"allowed: 0 < lowest_stop <= highest_stop"
            )
