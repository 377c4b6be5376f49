"""The register of faults, and what one injection says."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import chaos

if TYPE_CHECKING:
    from chaos.bench import Bench


@dataclass(frozen=True)
class Result:
    """One injection: ``outcome`` in words, ``lost`` bytes, ``kills`` that happened, and whether it held."""

    outcome: str
    lost: int
    held: bool
    kills: int = 0


Inject = Callable[["Bench", np.random.Generator, Path], Result]


@dataclass(frozen=True)
class Fault:
    """A fault: its name, one sentence on how it is injected, and in which rounds of a soak it takes part."""

    name: str
    how: str
    inject: Inject
    every: int = 1
    ray: bool = False


_FAULTS: dict[str, Fault] = {}


def fault(name: str, how: str, *, every: int = 1, ray: bool = False) -> Callable[[Inject], Inject]:
    """Register a function as a fault. ``every``: only in each so-many-th round; ``ray``: it starts a Ray."""

    def register(inject: Inject) -> Inject:
        if name in _FAULTS:
            raise ValueError(f"two faults are called {name!r}")
        _FAULTS[name] = Fault(name, how, inject, every, ray)
        return inject

    return register


def all_faults() -> dict[str, Fault]:
    """Return every fault of this package by name, in the order of the files."""
    for module in sorted(info.name for info in pkgutil.iter_modules(chaos.__path__)):
        if module != "__main__":
            importlib.import_module(f"chaos.{module}")
    return dict(_FAULTS)
