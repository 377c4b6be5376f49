"""`make bench`: figures, bars and the machine, against the last recorded run.

`python -m benchmarks finder gradient` runs only those parts; `--record` keeps the run as the one that later
ones are compared with; `--out FOLDER` is where the page goes, bench-output otherwise.
"""

import argparse
import importlib
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import record as records

PARTS = (
    "compaction",
    "dynamics",
    "finder",
    "gradient",
    "gradients",
    "homotopy",
    "low_index",
    "mean_field",
    "networks",
    "paths",
    "ray_backend",
    "reductions",
    "scale",
    "shares",
    "streaming",
    "topology",
)


def run(names: list[str]) -> records.Record:
    """Run parts. One that fails leaves the others theirs."""
    parts, machine = {}, records.machine()
    for name in names:
        start = time.perf_counter()
        rows, failed = [], ""
        try:
            rows = list(importlib.import_module(f"benchmarks.{name}").run())
            for row in rows:
                records.is_met(row)  # a bar that can't be read is this part's failure, not the page's
        except Exception as error:
            rows, failed = [], " ".join(f"{type(error).__name__}: {error}".split())[:300]
        spent = round(time.perf_counter() - start, 1)
        parts[name] = records.Part(machine, records.today(), records.commit(), rows, spent, failed)
        print(f"{name}: {spent:.0f} s", flush=True)
    return records.Record(parts)


def show(record: records.Record, last: records.Record | None) -> None:
    table = Table(title=f"morsecensus {records.commit()}, {records.today()}", title_justify="left")
    for name in records.HEAD:
        table.add_column(name, justify="left" if name in ("what", "of which") else "right")
    for row in records.table(record, last):
        table.add_row(*row)
    Console(width=190).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--record", action="store_true", help="keep it: later runs are compared with it")
    parser.add_argument("--out", type=Path, default=Path("bench-output"))
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"got {', '.join(sorted(unknown))}, allowed: {', '.join(PARTS)}")
    last, found = records.read(records.LAST), run(list(given.parts))
    show(found, last)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "bench.md").write_text(records.page(found, last))
    records.write(found, given.out / "bench.json")
    print(f"the same as a page: {given.out / 'bench.md'}")
    if given.record:
        records.write(found.merged(last), records.LAST)
    if failed := found.failed():
        raise SystemExit(f"without figures: {', '.join(failed)}")


if __name__ == "__main__":
    main()
