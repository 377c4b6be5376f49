"""What happens inside a worker: one block from job to receipt, under either backend.

``python -m morsecensus.pipeline.worker.worker DESCRIPTOR`` is the process behind the serial backend: jobs
come in as JSON lines, receipts go out as JSON lines, both through a socket of that number. It ends as soon as
its driver does.
"""

import errno
import functools
import json
import os
import queue
import socket
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.plugins import PluginDiffers, check_plugin, take
from morsecensus.pipeline.worker.bodies import describe, load
from morsecensus.pipeline.worker.environment import NoGpu, differences, environment, fingerprint
from morsecensus.pipeline.worker.given import find_in
from morsecensus.pipeline.worker.path_store import KeptPaths, PathStore
from morsecensus.pipeline.worker.program import ProgramDiffers, check_program
from morsecensus.pipeline.worker.visibility import StoreUnseen, check_visible
from morsecensus.storage.blocks import encode_block, read_block, write_block
from morsecensus.storage.chunks import checksum
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import CellLayout, Generation
from morsecensus.storage.markers import Marker, read_marker
from morsecensus.storage.rollup import Summary
from morsecensus.storage.seals import canonical
from morsecensus.storage.tables import closed_value
from morsecensus.tasks.measurables.words import CLOSED
from morsecensus.tasks.runtime.kept_code import keep_programs
from morsecensus.tasks.runtime.memory import peak_bytes
from morsecensus.tasks.runtime.pieces import keep_with
from morsecensus.tasks.runtime.scatter import Scatter

RTOL, ATOL = 1e-7, 1e-9
"""How close the portable columns of another environment must be: polished points agree to about 1e-12."""
SPOKEN = ("environment", "plugin", "program", "store", "unseen", "usage")
"""Kinds of errors whose text is our own: no name of an exception before it."""
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def run_job(job: Mapping[str, Any], scatter: Scatter | None = None) -> dict[str, Any]:
    """Do one job and return a small receipt; an exception becomes a value under ``error``.

    Jobs: ``environment`` (report it), ``describe`` (a cell), ``block`` (compute, write, commit), ``check``
    (compute and compare), ``shards`` and ``known`` (write or look into a piece of the dataset),
    ``enumerate``, ``topology``, ``census`` and ``pictures`` (landscapes, returned).
    A body may send pieces of a block or of a landscape through ``scatter``.
    """
    started = time.time()
    try:
        if "program" in job:
            check_program(job["program"])
        _take_plugins(job)
        if job["job"] == "environment":
            return {"environment": environment()}
        if job["job"] == "describe":
            return {"description": asdict(describe(job["body"], job["spec"]))}
        keep_programs(fingerprint(environment()))
        if job["job"] == "check":
            return _check_block(job)
        _check_environment(job["generation"])
        if job["job"] in ("enumerate", "topology", "census", "shares", "pictures"):
            return {"record": _one_landscape(job, scatter, started)}
        if "piece" in job:
            return _piece(job)
        return _run_block(job, scatter, started)
    except UsageError as error:
        return _error("usage", error)
    except ProgramDiffers as error:
        return _error("program", error)
    except PluginDiffers as error:
        return _error("plugin", error)
    except (EnvironmentDiffers, NoGpu) as error:
        return _error("environment", error)
    except StoreUnseen as error:
        return _error("unseen", error)
    except BodyFailed as error:
        full = isinstance(error.cause, OSError) and error.cause.errno in DISK_FULL
        return _error("full" if full else "body", error.cause)
    except StoreError as error:
        return _error("store", error)
    except OSError as error:
        return _error("full" if error.errno in DISK_FULL else "write", error)
    except Exception as error:
        return _error("body", error)


def _take_plugins(job: Mapping[str, Any]) -> None:
    """Have the models that a job is about as its driver has them."""
    take(job.get("plugins", ()))
    for spec in (job.get("spec"), job.get("cell", {}).get("spec")):
        if spec is not None:
            check_plugin(spec)


def run_piece(name: str, argument: Any, whole: Mapping[str, Any]) -> Any:
    """A piece of a block that another worker has: one call of a named function.

    Args:
        whole: of the block's job, the parts that say by what it is computed.

    Raises what the function raises, EnvironmentDiffers, and ProgramDiffers: the block's bytes are defined for
    one environment, wherever its pieces run.
    """
    if "program" in whole:
        check_program(whole["program"])
    take(whole.get("plugins", ()))
    _check_environment(whole["generation"])
    if "store" in whole:
        find_in(whole["store"])
    return load(name)(argument)


class BodyFailed(Exception):
    """The block body raised: this block fails, the run goes on."""

    def __init__(self, cause: Exception):
        super().__init__(str(cause))
        self.cause = cause


class EnvironmentDiffers(Exception):
    """This worker is not what the job's bytes are defined for."""


def _check_environment(generation: Mapping[str, Any]) -> None:
    mine = environment()
    if generation["fingerprint"] != fingerprint(mine):
        where = "; ".join(differences(generation["environment"], mine)[:4])
        raise EnvironmentDiffers(f"a worker on {socket.gethostname()} has another environment: {where}")


def _compute(
    job: Mapping[str, Any], scatter: Scatter | None = None, kept: KeptPaths | None = None
) -> tuple[CellLayout, Any]:
    cell = _cell(job)
    find_in(job["store"])
    keep_with(kept)
    spec = dict(cell.spec) if cell.most is None else {**cell.spec, "most": cell.most}
    try:
        _try_plugin(spec)
        return cell, load(cell.body)(spec, int(job["block"]), scatter)
    except (EnvironmentDiffers, ProgramDiffers, StoreUnseen):
        raise  # of a piece, or of what the cell was given: no failure of the body
    except Exception as error:
        raise BodyFailed(error) from error


def _try_plugin(spec: Mapping[str, Any]) -> None:
    if "plugin" in spec:
        _try_once(canonical({name: spec[name] for name in ("model", "parameters", "n", "seed")}))


@functools.lru_cache(maxsize=256)
def _try_once(landscape: bytes) -> None:
    """Hold a stranger's model to what must be true of any, once a process and cell."""
    from morsecensus.tasks.landscapes.base import build
    from morsecensus.tasks.landscapes.check import check_landscape

    spec = json.loads(landscape)
    check_landscape(build(spec["model"], spec["parameters"], spec["n"]), spec["seed"])


def _one_landscape(job: Mapping[str, Any], scatter: Scatter | None, started: float) -> dict[str, Any]:
    spec, landscape = job["spec"], int(job["landscape"])
    if "store" in job:
        find_in(job["store"])
    if job["job"] == "census":
        from morsecensus.tasks.records.census import census_one

        _try_plugin(spec)
        return {**census_one(spec, landscape, scatter), "seconds": round(time.time() - started, 3)}
    if job["job"] == "shares":
        from morsecensus.tasks.records.shares import shares_of

        return {**shares_of(spec), "seconds": round(time.time() - started, 3)}
    if job["job"] == "pictures":
        from morsecensus.tasks.records.picture import pictures

        _try_plugin(spec)
        return pictures(spec, landscape, int(job["count"]), scatter)
    from morsecensus.tasks.records.enumerate import enumerate_one, topology_of_one

    store = PathStore(open_files(job["paths"]) if "paths" in job else None, job.get("note"))
    if job["job"] == "topology":
        return topology_of_one(spec, landscape, scatter, store)
    found = enumerate_one(spec, landscape, scatter, store, points=bool(job["points"]))
    return {**found, "damaged_pieces": store.damaged} if store.keeps else found


def _cell(job: Mapping[str, Any]) -> CellLayout:
    return CellLayout.from_record(job["cell"])


def _run_block(job: Mapping[str, Any], scatter: Scatter | None, started: float) -> dict[str, Any]:
    if "run" in job:
        check_visible(job["store"], job["run"])
    files = open_files(job["store"])
    done = _already_committed(job)
    if done is not None:
        return _receipt(done, started, job.get("attempt", 1))  # how many are open isn't looked up
    cell, tables = _compute(job, scatter, kept := KeptPaths(files, job))
    marker = write_block(
        files,
        cell,
        job["block"],
        tables,
        generation=job["number"],
        fingerprint=job["generation"]["fingerprint"],
        provenance={
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "attempt": job.get("attempt", 1),
            "started": round(started, 3),
            "seconds": round(time.time() - started, 3),
            "peak_bytes": peak_bytes(),  # of the process so far, so an upper limit for this block
        },
    )
    kept.discard()
    return {**_receipt(marker, started, job.get("attempt", 1)), "open": _open(cell, tables)}


def _open(cell: CellLayout, tables: Mapping[str, Any]) -> int:
    """Landscapes of a block of which not all that was sought is there, as far as its body says so."""
    found, said = tables[cell.landscape.name], ((c.name, closed_value(c)) for c in cell.landscape.columns)
    # a search of low indices closes nothing more than these: its reason tells whether it did
    unsettled = np.asarray(found["reason"]) != CLOSED if "reason" in found else True
    return sum(
        int(((np.asarray(found[name]) != closed) & unsettled).sum())
        for name, closed in said
        if closed is not None
    )


def _piece(job: Mapping[str, Any]) -> dict[str, Any]:
    """Write a piece of the dataset, or look if it knows anything."""
    from morsecensus.storage.shards import Piece, knows_something, write_piece  # loads zarr

    check_visible(job["store"], job["run"])
    files, piece = open_files(job["store"]), Piece.from_record(job["piece"])
    if job["job"] == "known":
        return {"known": bool(knows_something(files, piece))}
    written = write_piece(files, files, piece)
    objects = {key: list(entry) for key, entry in written.objects.items()}
    return {"objects": objects, "counted": written.counted}


def _already_committed(job: Mapping[str, Any]) -> Marker | None:
    """A crash between the marker and the receipt makes Ray run a block again: its result is there."""
    generation = Generation(**job["generation"])
    try:
        return read_marker(open_files(job["store"]), _cell(job), job["block"], job["number"], generation)
    except (FileNotFoundError, StoreError):
        return None


def _receipt(marker: Marker, started: float, attempt: int) -> dict[str, Any]:
    return {
        "cell": marker.cell,
        "block": marker.block,
        "summary": asdict(Summary.of(marker)),
        "seconds": round(time.time() - started, 3),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "attempt": attempt,
    }


def _check_block(job: Mapping[str, Any]) -> dict[str, Any]:
    """Compute a block again, writing nothing: same bytes in the same environment, close values elsewhere."""
    cell, tables = _compute(job)
    number, block = job["number"], job["block"]
    marker = read_marker(open_files(job["store"]), cell, block, number, Generation(**job["generation"]))
    if fingerprint(environment()) != marker.fingerprint:
        stored = read_block(open_files(job["store"]), cell, marker)
        return {"bitwise": False, "differ": _far(cell, stored, tables)}
    objects, _ = encode_block(cell, block, number, tables)
    there, again = dict(marker.objects.items()), {k: (len(v), checksum(v)) for k, v in objects.items()}
    differ = [key for key in sorted(there.keys() | again.keys()) if there.get(key) != again.get(key)]
    return {"bitwise": True, "differ": differ}


def _far(cell: CellLayout, stored: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    """Return the portable columns that differ by more than rounding can explain."""
    differ = []
    for table in cell.tables:
        for column in table.columns:
            if not column.portable:
                continue
            one, other = (np.asarray(side[table.name][column.name]) for side in (stored, again))
            if one.shape != other.shape or not np.allclose(one, other, RTOL, ATOL, equal_nan=True):
                differ.append(f"{table.name}.{column.name}")
    return differ


def _error(kind: str, error: BaseException) -> dict[str, Any]:
    text = " ".join(str(error).split()) or "no message"
    return {
        "error": {
            "kind": kind,
            "message": text if kind in SPOKEN else f"{type(error).__name__}: {text}",
            "traceback": "".join(traceback.format_exception(error))[-20_000:],
        }
    }


def main(descriptor: int) -> None:
    """Serve jobs from a socket until it closes, on a thread, so that a running block ends with the driver.

    Args:
        descriptor: of the socket, inherited. Standard output and input are anybody's.
    """
    channel = socket.socket(fileno=descriptor)
    channel.set_inheritable(False)  # a child that outlives this process must not seem to be it
    jobs: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        try:
            with channel.makefile("r", encoding="utf-8") as lines:
                for line in lines:
                    jobs.put(line)
        finally:
            os._exit(0)  # the driver is gone

    threading.Thread(target=listen, daemon=True).start()
    while True:
        channel.sendall(json.dumps(run_job(json.loads(jobs.get()))).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
