"""The function that writes a page to look around in: explore."""

from pathlib import Path
from typing import Any

from morsecensus.pipeline.api.arguments import one_dimension, one_landscape, whole
from morsecensus.pipeline.api.landscapes import MAX_PATHS, given_parameters
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
    with shown(quiet=quiet):
        if store is None:
            command.check_alone({"landscapes": landscapes}, "without a store")
            model = "pspin" if model is None else model
            of = one_landscape(1 if seed is None else seed, 0 if landscape is None else landscape)
            most = MAX_PATHS if max_paths is None else whole("max_paths", max_paths)
            given = given_parameters(model, xi, parameters)
            return command.explore_landscape(model, given, one_dimension(n), *of, most, place)
        named = {"xi": xi, "n": n, "seed": seed, "landscape": landscape, "max_paths": max_paths}
        command.check_alone({**named, "model": model, **parameters}, "with a store")
        return command.explore_study(str(store), 3 if landscapes is None else landscapes, place)
