"""The soak: faults in turn, each injection with its own generator, until enough processes were killed."""

import argparse
import itertools
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chaos.bench import Bench
from chaos.faults import Fault, Result, all_faults
from chaos.table import Line, Soak, write_table

SEED = 20250611


def main() -> None:
    asked = _arguments()
    # an exception, so that a trial ends its processes; a shell may have set SIGINT to be ignored
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    faults = all_faults()
    for name in asked.only or ():
        if name not in faults:
            sys.exit(f"--only: got {name!r}, allowed: {', '.join(map(repr, faults))}")
    chosen = [f for f in faults.values() if not asked.only or f.name in asked.only]
    folder = Path(asked.folder or tempfile.mkdtemp(prefix="chaos-"))
    broken = _soak(asked, [f for f in chosen if asked.ray or not f.ray], folder)
    if broken:
        sys.exit("\n".join([f"what did not hold lies in {folder}; to replay one: ", *broken]))
    if not asked.folder:
        shutil.rmtree(folder, ignore_errors=True)


def _soak(asked: argparse.Namespace, faults: list[Fault], folder: Path) -> list[str]:
    """Go round the faults until there were enough kills; return how to replay what did not hold."""
    started = time.monotonic()
    bench = Bench(folder / "reference").prepare()
    lines = {fault.name: Line(fault) for fault in faults}
    broken: list[str] = []
    soak = Soak(asked.seed, 0, 0.0, 0)
    for number, fault in _turns(faults, asked):
        kills = sum(line.kills for line in lines.values())
        if not asked.rounds and kills >= asked.kills and all(line.results for line in lines.values()):
            break
        result, seconds = inject(bench, fault, asked.seed, number, folder)
        lines[fault.name].results.append(result)
        kills += result.kills
        held = "held" if result.held else "DID NOT HOLD"
        text = f"{fault.name} [{number}]: {held}: {result.outcome}"
        print(f"{kills:4} kills {seconds:6.1f} s  {text}", flush=True)
        if not result.held:
            broken.append(_replay(asked.seed, fault, number))
        # in blocks of 512 bytes, of all processes that were waited for
        written = 512 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock
        soak = Soak(asked.seed, kills, time.monotonic() - started, written)
        if asked.table:  # each time, so that a soak that is stopped leaves what it has
            write_table(asked.table, list(lines.values()), soak)
    print(soak.text())
    return broken


def _turns(faults: list[Fault], asked: argparse.Namespace) -> Iterator[tuple[int, Fault]]:
    """Yield number and fault of each injection: of all of them, or for ever with some in some rounds only."""
    if asked.rounds:
        yield from itertools.product(range(asked.injection, asked.injection + asked.rounds), faults)
        return
    for number in itertools.count(asked.injection):
        yield from ((number, fault) for fault in faults if (number - asked.injection) % fault.every == 0)


def _replay(seed: int, fault: Fault, number: int) -> str:
    where = f"--seed {seed} --only {fault.name!r} --injection {number}"
    return f"PYTHONPATH=tests python -m chaos --rounds 1 {where}"


def inject(bench: Bench, fault: Fault, seed: int, number: int, folder: Path) -> tuple[Result, float]:
    """Inject a fault once. Its generator depends on the seed, its name and its number only."""
    random = np.random.default_rng([seed, zlib.crc32(fault.name.encode()), number])
    place = folder / "".join(c if c.isalnum() else "-" for c in f"{fault.name} {number}")
    started = time.monotonic()
    try:
        result = fault.inject(bench, random, place)
    except Exception:
        # a soak of an hour must not end at one trial; what is wrong with it is shown and fails the soak
        result = Result(f"the trial itself failed: {traceback.format_exc()[-1500:]}", 0, False)
    if result.held:
        shutil.rmtree(place, ignore_errors=True)
    return result, time.monotonic() - started


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="PYTHONPATH=tests python -m chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="stop after so many kills (default 100)")
    parser.add_argument("--rounds", type=int, help="stop after so many rounds of all faults instead")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this fault; may be repeated")
    parser.add_argument("--injection", type=int, default=0, metavar="K", help="number of the first injection")
    parser.add_argument("--no-ray", dest="ray", action="store_false", help="leave out what starts a Ray")
    parser.add_argument("--table", type=Path, metavar="PAGE.md", help="rewrite the table of this page")
    parser.add_argument("--folder", help="work here and keep it; by default a temporary folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
