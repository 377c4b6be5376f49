"""What is fuzzed: everything that reads bytes from a stranger. A target gets bytes and may raise what its
reader documents; anything else, or a second of processor time, is a finding.
"""

import contextlib
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.study.ranges import parse_integers
from morsecensus.pipeline.study.study import read_study
from morsecensus.pipeline.worker.bodies import DEFAULT_BODY
from morsecensus.storage.chunks import decode, encode
from morsecensus.storage.dataset import read_pointer
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.format_1 import tables_of
from morsecensus.storage.layout import LATEST, RUN, CellLayout, Generation, marker_key, rollup_key
from morsecensus.storage.markers import committed
from morsecensus.storage.rollup import summarise
from morsecensus.storage.seals import digest, seal
from morsecensus.storage.store import open_run
from morsecensus.tasks.covariance import Covariance

SECONDS = 1.0
"""Of processor time that any input may take."""
_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
_GENERATION = Generation("f0", {})
_CELL = CellLayout(
    id="c0000",
    hash="h",
    body=DEFAULT_BODY,
    spec={"model": "pspin", "parameters": {}, "n": 4},
    landscapes=4,
    block_size=2,
    chunk_rows=16,
    rows_bound=100,
    sizes={"morse_index": 4, "outcome": 4, "component": 4, "eigenvalue": 3},
    tables=tables_of(()),
)


def study(data: bytes) -> None:
    """A study file, planned."""
    path = _FOLDER / "study.toml"
    path.write_bytes(data)
    with contextlib.suppress(UsageError):
        make_plan(read_study(path))


def covariance(data: bytes) -> None:
    """The polynomial of --xi."""
    try:
        found = Covariance.parse(data.decode(errors="replace"))
    except ValueError:
        return
    assert Covariance.parse(str(found)) == found


def integers(data: bytes) -> None:
    """The dimensions of --n."""
    with contextlib.suppress(ValueError, UsageError):
        parse_integers(data.decode(errors="replace"))


def records(data: bytes) -> None:
    """run.json, a marker, a roll-up and latest.json: as they come, and with a good seal around them."""
    try:
        value = json.loads(data)
        sealed = seal(value) if isinstance(value, dict) else data
    except (ValueError, RecursionError, TypeError):
        sealed = data
    files = open_files("memory://fuzz/store")
    for text in (data, sealed):
        files.write({marker_key("c0000", 0, 0): text, rollup_key("c0000"): text, LATEST: text})
        committed(files, _CELL, [_GENERATION])
        summarise(files, _CELL, [_GENERATION])
        for read in (lambda: read_pointer(files), lambda text=text: _open(files, text)):
            with contextlib.suppress(StoreError):
                read()


def _open(files: object, text: bytes) -> None:
    other = open_files("memory://fuzz/other")
    other.write({RUN: text})
    digest(open_run(other.url).manifest.to_record())


def chunk(data: bytes) -> None:
    """A chunk of an array; what decodes has the shape that was asked for."""
    try:
        values = decode(data, np.dtype("<f8"), (16,))
    except ValueError:
        return
    assert decode(encode(values, values.dtype), values.dtype, (16,)).tobytes() == values.tobytes()


EXAMPLE = b'name = "a"\nseed = 1\n[[cells]]\nxi = "q^3"\nn = 4\nlandscapes = 1\nfinder = "sampled-homotopy"\n'
TARGETS = {target.__name__: target for target in (study, covariance, integers, records, chunk)}


def within_time(name: str, data: bytes) -> None:
    """Run a target; raises TimeoutError if it took too long."""
    started = time.process_time()
    TARGETS[name](data)
    spent = time.process_time() - started
    if spent > SECONDS:
        raise TimeoutError(f"{name}: {spent:.1f} s for {len(data)} bytes")
