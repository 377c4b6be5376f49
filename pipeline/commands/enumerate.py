"""The driver's side of ``enumerate``: arguments checked, one job for a worker, its answer for people."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from morsecensus.pipeline.commands.landscape import check_integer, described, on_worker, resolved
from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.plugins import identity, is_known
from morsecensus.pipeline.run.run import Settings
from morsecensus.pipeline.study.parameters import read_parameters
from morsecensus.pipeline.study.ranges import MAX_VALUE
from morsecensus.pipeline.worker.bodies import Description
from morsecensus.pipeline.worker.path_store import PathStore, claim
from morsecensus.storage.errors import RemoteError
from morsecensus.storage.files import Files, open_files
from morsecensus.tasks.finders.options import CERTIFY, HomotopyOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.topology.spheres import require_one_sphere

MAX_THREADS = 1024
SHOWN_PATHS = 10


def cell_spec(
    model: str,
    given: Mapping[str, str | float | None],
    n: int,
    seed: int,
    max_paths: int,
    threads: int,
    certify: str = "real",
) -> dict[str, Any]:
    """Return the spec of the homotopy cell that a landscape belongs to, that of a study's cell.

    Raises UsageError, also for a file of couplings that can't be read.

    Args:
        given: all options that are parameters of some model; None where the user gave nothing.
    """
    if not is_known(model):
        raise UsageError(f"--model: got {shown(model)}, allowed: {', '.join(sorted(MODELS))}")
    parameters = read_parameters(model, given)
    check_integer("--n", n, MODELS[model].least_n, MAX_VALUE)
    check_integer("--seed", seed, 0, 2**63 - 1)
    check_integer("--max-paths", max_paths, 1, 2**31)
    if certify not in CERTIFY:
        raise UsageError(f"--certify: got {shown(certify)}, allowed: {', '.join(CERTIFY)}")
    parameters = resolved(model, parameters, n)
    options = HomotopyOptions(max_paths=max_paths, threads=threads, certify=certify)
    return {
        "model": model,
        "parameters": parameters,
        "n": n,
        "seed": seed,
        "finder": "homotopy",
        "finder_options": dataclasses.asdict(options),
        "block_size": 1,
        "positions": False,
        "spectra": False,
        "topology": False,
        **identity(model),
    }


def describe_landscape(spec: Mapping[str, Any], landscape: int, topology: bool) -> Description:
    """Say what a landscape takes, before anything is started for it.

    Raises UsageError if homotopies can't enumerate it, if it has no Morse complex here and that is asked for,
    and if its file holds fewer landscapes.
    """
    description = described(spec, landscape, "finders are chosen in a study or with the command census")
    if topology:
        try:
            require_one_sphere(build(spec["model"], spec["parameters"], spec["n"]))
        except ValueError as error:
            raise UsageError(f"{error}; the command enumerate takes it") from error
    return description


def threads_of(settings: Settings) -> int:
    """Return how many threads follow paths: all CPUs that this process may use, unless told otherwise; with
    Ray one, since there its workers share the paths."""
    if settings.backend == "ray":
        return 1
    if settings.workers is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    check_integer("--workers", settings.workers, 1, MAX_THREADS)
    return settings.workers


def enumerated(
    what: str,
    spec: Mapping[str, Any],
    landscape: int,
    settings: Settings,
    store: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Enumerate a landscape on a worker: `on_worker` with ``enumerate`` or ``topology``.

    Args:
        store: where its paths are committed, and found if it was begun before.

    Raises UsageError if that is no place for them.
    """
    description = describe_landscape(spec, landscape, what == "topology")
    doing = "following paths and proving points"
    if store is None:
        return on_worker(what, spec, landscape, description, settings, doing, **more)
    _claim(store, spec, landscape)
    stopped = f"stopped; {store} keeps the paths that were followed, and the same command goes on with it"
    return on_worker(what, spec, landscape, description, settings, doing, stopped, paths=store, **more)


def path_store(store: str | Path | None, spec: Mapping[str, Any], landscape: int) -> PathStore | None:
    """Open, or begin, the store of a landscape's paths, for work in this process; None for none."""
    if store is None:
        return None
    return PathStore(_claim(str(store), spec, landscape), None)


def _claim(store: str, spec: Mapping[str, Any], landscape: int) -> Files:
    files = open_files(store)
    try:
        claim(files, spec, landscape)
    except RemoteError:
        raise
    except OSError as error:
        raise UsageError(f"--store: cannot use {store}: {error.strerror or error}") from error
    return files


def verdict(found: Mapping[str, Any]) -> list[str]:
    """Return what an enumeration is worth, as lines: complete and proven, or what is open and what to do."""
    solutions = f"{found['distinct']} of {found['paths']} complex solutions found"
    proven = _proven(found)
    speed = found["paths_per_second"]
    # Only of a run with a store there is a number of damaged pieces.
    why = "no rate: pieces of the store" if "damaged_pieces" in found else "no paths: by eigenvectors"
    rate = why if speed is None else f"{speed:.4g} paths/s"
    effort = f"{found['retries']} paths followed again, {rate}, {found['seconds']:.3g} s"
    if damaged := found.get("damaged_pieces"):
        effort += f"; {damaged} damaged pieces of the store followed anew"
    if found["complete"]:
        return [f"complete: {solutions}, {proven}", *_ground(found), effort]
    lines = [f"not complete ({found['reason']}): {solutions}, {proven}"]
    if paths := found["open_paths"]:
        more = ", ..." if len(paths) > SHOWN_PATHS else ""
        lines.append(f"open paths: {', '.join(map(str, paths[:SHOWN_PATHS]))}{more}")
    remedy = {
        "paths_open": "give a study's homotopy options more attempts, rounds or max_extended",
        "uncertified": "the counts hold if the unproven points, nearly merged ones, are what they seem",
    }
    lines.append(remedy.get(found["reason"], "this landscape is nearly degenerate, or a solution is lost"))
    return [*lines, effort]


def _proven(found: Mapping[str, Any]) -> str:
    if found["certified"] is None:
        return f"{found['total']} points, nothing proven (--certify none)"
    text = f"{found['certified']} of {found['total']} points proven in ball arithmetic"
    if found["certified_complex"] is None:
        return text
    return f"{text}, {found['certified_complex']} of {found['paths']} complex solutions"


def _ground(found: Mapping[str, Any]) -> list[str]:
    """What it rests on that nothing is missing."""
    if found["completeness"] == "proven":
        return ["proven: as many complex solutions exist and differ as there can be, so no point is missing"]
    return ["that no point is missing rests on endpoints that differ in doubles (--certify all proves it)"]


def persistence_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per Morse index: points, pairs that are born there, the median and longest life."""
    rows = []
    for degree, count in enumerate(found["counts"]):
        born = [pair for pair in found["pairs"] if pair["dim"] == degree]
        lives = sorted(pair["death"] - pair["birth"] for pair in born if pair["death"] is not None)
        known = degree in found["degrees"]
        rows.append(
            {
                "index": degree,
                "points": count,
                "classes born": len(born) if known else None,
                "never die": sum(pair["death"] is None for pair in born) if known else None,
                "median life": lives[len(lives) // 2] if lives else None,
                "longest": lives[-1] if lives else None,
            }
        )
    return rows


def topology_verdict(found: Mapping[str, Any]) -> list[str]:
    """Return how far the topology of a landscape can be trusted, as lines."""
    checks = [f"{name} {verdict}" for name, verdict in found["checks"].items() if verdict != "uninformative"]
    said = f"checks: {', '.join(checks) or 'none'}"
    if found["outcome"] == "certified":
        return [f"certified: every gradient line resolved; {said}"]
    if found["outcome"] == "refused":
        return [f"refused: {found['why']}"]
    return [f"{found['outcome']}: {found['unresolved']} gradient lines unresolved; {said}"]
