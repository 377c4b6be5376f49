"""The function that writes a page to look around in: explore."""

from pathlib import Path
from typing import Any

from morsecensus.pipeline.api.arguments import one_dimension, whole
from morsecensus.pipeline.api.landscapes import given_parameters
from morsecensus.pipeline.commands import explore as command
from morsecensus.pipeline.phases import shown


def explore(
    store: str | Path | None = None,
    *,
    xi: str | None = None,
    n: int | None = None,
    seed: int | None = None,
    landscape: int | None = None,
    landscapes: int | None = None,
    max_paths: int | None = None,
    model: str | None = None,
    out: str | Path | None = None,
    quiet: bool = False,
    **parameters: Any,
) -> Path:
    """Write one self-contained HTML page to look around in the study of a store, or in one landscape.

        mc.explore("runs/demo")
        mc.explore(xi="q^3", n=3, seed=1)

    Args:
        store: of a run; then nothing of a landscape.
        n: dimension of the landscape; 3 is a globe.
        seed, landscape, max_paths, model: 1, 0, 2^21 and "pspin" if not given.
        landscapes: of each cell of the store that are in its page, 3 if not given.
        out: a new file; by default explorer.html, in the store if there is one.
        quiet: no progress on standard error.

    Returns:
        Where the page is.

    Raises UsageError, also for what has no Morse complex here; RunError without the plotting library;
    StoreError as `open` does. See `census` for the other arguments.
    """
    place = None if out is None else Path(out)
    numbers = {"seed": seed, "landscape": landscape, "max_paths": max_paths}
    asked: dict[str, Any] = {"n": one_dimension(n) if store is None else n, "model": model}
    asked |= {name: None if value is None else whole(name, value) for name, value in numbers.items()}
    given = given_parameters(model or "pspin", xi, parameters)
    with shown(quiet=quiet):
        return command.explore(None if store is None else str(store), asked, given, landscapes, place)
