"""``morsecensus explore``: a landscape, or a study, as one page to look around in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from morsecensus.pipeline.commands.enumerate import cell_spec, describe_landscape, threads_of
from morsecensus.pipeline.commands.landscape import on_worker
from morsecensus.pipeline.errors import RunError, UsageError
from morsecensus.pipeline.phases import phase
from morsecensus.pipeline.run.run import Settings

PAGE = "explorer.html"
NO_LIBRARY = 'explore: the page needs the package plotly: pip install "morsecensus[explore]"'


def explore_landscape(
    model: str,
    given: Mapping[str, Any],
    n: int,
    seed: int,
    landscape: int,
    max_paths: int,
    out: Path,
    settings: Settings | None = None,
) -> Path:
    """Enumerate and connect one landscape, and write its page; return where that is.

    Raises UsageError for what has no Morse complex here, RunError without the plotting library.
    """
    from morsecensus.analysis.explorer.landscape import landscape_view

    check_library()
    settings = Settings() if settings is None else settings
    spec = cell_spec(model, given, n, seed, max_paths, threads_of(settings))
    view = landscape_view(title_of(spec, landscape), picture(spec, landscape, settings))
    return write(out, f"{spec['model']}, N = {n}", {"landscapes": [view], "study": None})


def picture(spec: Mapping[str, Any], landscape: int, settings: Settings) -> dict[str, Any]:
    """Have a worker make the record of one landscape, see `tasks.records.picture`."""
    description = describe_landscape(spec, landscape, topology=True)
    return on_worker("picture", spec, landscape, description, settings, "finding and connecting points")


def title_of(spec: Mapping[str, Any], landscape: int) -> str:
    """Name a landscape by its model, parameters, size, seed and number."""
    known = [f"{name} = {value}" for name, value in spec["parameters"].items() if value not in ("", None, 0)]
    parts = [spec["model"], *known, f"N = {spec['n']}", f"seed {spec['seed']}", f"landscape {landscape}"]
    return ", ".join(parts)


def check_library() -> None:
    """Raise RunError if the plotting library is missing, before anything long is begun."""
    from morsecensus.analysis.explorer.write import NoLibrary, library

    try:
        library()
    except NoLibrary as error:
        raise RunError(NO_LIBRARY) from error


def write(out: Path, title: str, data: dict[str, Any]) -> Path:
    """Write the page and return where it is; raises UsageError if it can't be written."""
    from morsecensus.analysis.explorer.write import page

    phase("writing the page")
    text = page(f"Explorer: {title}", data)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error
    return out
