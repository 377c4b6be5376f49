"""The function that writes a page to look around in: explore."""

from pathlib import Path
from typing import Any

from morsecensus.pipeline.api.landscapes import MAX_PATHS, given_parameters, one_dimension
from morsecensus.pipeline.commands import explore as command
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.phases import shown


def explore(
    store: str | Path | None = None,
    *,
    xi: str | None = None,
    n: int | None = None,
    seed: int = 1,
    landscape: int = 0,
    landscapes: int = 3,
    max_paths: int = MAX_PATHS,
    model: str = "pspin",
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
        landscapes: of each cell of the store that are in its page.
        out: a new file; by default explorer.html, in the store if there is one.
        quiet: no progress on standard error.

    Returns:
        Where the page is.

    Raises UsageError, also for what has no Morse complex here; RunError without the plotting library;
    StoreError as `open` does. See `census` for the other arguments.
    """
    place = None if out is None else Path(out)
    with shown(quiet=quiet):
        if store is None:
            given = given_parameters(model, xi, parameters)
            size = one_dimension(n)
            return command.explore_landscape(model, given, size, seed, landscape, max_paths, place)
        if xi is not None or n is not None or parameters:
            raise UsageError("explore: got a store and a landscape, allowed: one of them")
        return command.explore_study(str(store), landscapes, place)
