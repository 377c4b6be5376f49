"""``morsecensus explore``: a landscape, or a study, as one page to look around in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from morsecensus.pipeline.commands.enumerate import cell_spec, describe_landscape, threads_of
from morsecensus.pipeline.commands.landscape import check_integer, on_worker
from morsecensus.pipeline.commands.report import models_of
from morsecensus.pipeline.errors import RunError, UsageError, require_new
from morsecensus.pipeline.phases import phase
from morsecensus.pipeline.plugins import register_installed
from morsecensus.pipeline.run.run import Settings
from morsecensus.storage.store import open_run
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.topology.spheres import require_one_sphere

PAGE = "explorer.html"
GLOBE = 3
"""Morse indices of a landscape on a sphere of two dimensions."""
MOST = 100
"""Landscapes of each cell in a study's page."""
NO_LIBRARY = 'explore: the page needs the package plotly: pip install "morsecensus[explore]"'


DEFAULTS = {"model": "pspin", "seed": 1, "landscape": 0, "max_paths": 2**21}
"""Of a landscape, where nothing is given."""


def explore(
    store: str | None,
    asked: Mapping[str, Any],
    given: Mapping[str, Any],
    landscapes: int | None,
    out: Path | None = None,
    dashes: str = "",
) -> Path:
    """Write the page of a store or of a landscape, whichever there is; return where that is.

    Args:
        asked: ``n`` and what `DEFAULTS` has; None where nothing was given.
        given: parameters of the model, likewise.
        landscapes: of each cell of the store; 3 if None.
        dashes: what stands before an option's name where it was typed.

    Raises UsageError for both, and as `explore_landscape` and `explore_study`.
    """
    word = "STORE" if dashes else "store"
    if store is not None:
        _check_alone({**asked, **given}, f"with a {word}", dashes)
        return explore_study(store, 3 if landscapes is None else landscapes, out)
    _check_alone({"landscapes": landscapes}, f"without a {word}", dashes)
    known = {name: value for name, value in asked.items() if value is not None}
    return explore_landscape(given=given, out=out, **(DEFAULTS | known))


def explore_landscape(
    model: str,
    given: Mapping[str, Any],
    n: int,
    seed: int,
    landscape: int,
    max_paths: int,
    out: Path | None = None,
) -> Path:
    """Enumerate and connect one landscape, and write its page; return where that is.

    Raises UsageError for what has no Morse complex here, RunError without the plotting library.
    """
    from morsecensus.analysis.explorer.landscape import landscape_view

    check_library()
    check_out(out)
    spec = cell_spec(model, given, n, seed, max_paths, threads_of(Settings()))
    found = pictures(spec, landscape, 1)
    view = landscape_view(title_of(spec, landscape), found["pictures"][0])
    return write(out or Path(PAGE), f"{spec['model']}, N = {n}", _data([view], found["mesh"]))


def explore_study(store: str, most: int, out: Path | None = None) -> Path:
    """Write the page of a study, with the first ``most`` landscapes of each cell; return where that is.

    Those with N = 3 are computed again, for a store has no meshes; the others are as they are stored.

    Raises UsageError, RunError without the plotting library, StoreError as a report does.
    """
    from morsecensus.analysis.dataset.cells import open_study
    from morsecensus.analysis.explorer.study import landscape_views, study_view

    check_integer("--landscapes", most, 0, MOST)
    check_library()
    check_out(out)
    run = open_run(store)
    register_installed(models_of(run))
    phase("reading the dataset")
    study = open_study(store)
    held = {cell.name: min(cell.held, most) for cell in study.cells if cell.levels == GLOBE}
    found = {cell.id: _pictures(cell.spec, held[cell.id]) for cell in run.manifest.cells if cell.id in held}
    records = {name: one["pictures"] for name, one in found.items()}
    mesh = next((one["mesh"] for one in found.values() if one["mesh"]), None)
    data = _data([*landscape_views(study, most, records)], mesh, study_view(study))
    return write(out or default_page(store), study.name, data)


def _check_alone(given: Mapping[str, Any], where: str, dashes: str) -> None:
    """Raise UsageError if something is given that says nothing there; ``dashes`` stand before its name."""
    beside = [
        dashes + name.replace("_", "-" if dashes else "_")
        for name, value in given.items()
        if value is not None
    ]
    if beside:
        raise UsageError(f"{', '.join(beside)}: given {where}, allowed: a store or a landscape")


def default_page(store: str) -> Path:
    """Return where the page of a store goes if nobody says: into it, or, of a bucket, beside what is here."""
    if "://" in store:
        return Path(f"{store.rstrip('/').rpartition('/')[2]}-{PAGE}")
    return Path(store) / PAGE


def _data(views: list[dict[str, Any]], mesh: Any, study: Any = None) -> dict[str, Any]:
    from morsecensus.analysis.explorer.landscape import mesh_view

    return {"study": study, "mesh": mesh_view(mesh), "landscapes": views}


def _pictures(spec: Mapping[str, Any], count: int) -> dict[str, Any]:
    """`pictures` of the first landscapes of a cell; none where they can't be had: no sphere, couplings
    given."""
    none = {"mesh": None, "pictures": []}
    if not count or MODELS[spec["model"]].content_of is not None:
        return none
    try:
        require_one_sphere(build(spec["model"], spec["parameters"], spec["n"]))
    except ValueError:
        return none
    return pictures(spec, 0, count)


def pictures(spec: Mapping[str, Any], first: int, count: int) -> dict[str, Any]:
    """Have a worker make the records of consecutive landscapes, see `tasks.records.picture`."""
    description = describe_landscape(spec, first, topology=True)
    doing = "finding and connecting points"
    return on_worker("pictures", spec, first, description, Settings(), doing, count=count)


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


def check_out(out: Path | None) -> None:
    """Raise UsageError, before anything long is begun, for a page that is there already or has no place."""
    if out is None:
        return
    require_new(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.touch()
        out.unlink()
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error


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
