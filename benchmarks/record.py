"""What a run of the benchmarks found, on which machine, and how it compares with a recorded one."""

import json
import operator
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.harness import Row

ROOT = Path(__file__).parents[1]
LAST = ROOT / "benchmarks" / "last.json"
"""The recorded run, which later ones are compared with."""
COMPARE = {">=": operator.ge, "<=": operator.le, "<": operator.lt, ">": operator.gt}


@dataclass(frozen=True)
class Record:
    """A run: the machine, the commit, rows by part, and how long each part took.

    Attributes:
        failed: by part, one line on why it has no rows.
    """

    machine: dict[str, str]
    date: str
    commit: str
    rows: dict[str, list[Row]]
    seconds: dict[str, float]
    failed: dict[str, str]

    def by_name(self) -> dict[str, Row]:
        return {row.what: row for rows in self.rows.values() for row in rows}


def machine() -> dict[str, str]:
    """What a reader must know of where it ran."""
    model = platform.processor()
    memory = ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(
            (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model
        )
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "memory": memory,
        "python": platform.python_version(),
        "load before": load,
    }


def commit() -> str:
    """The version that ran, with a + if files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def today() -> str:
    return time.strftime("%Y-%m-%d")


def is_met(row: Row) -> bool | None:
    """Whether a row reaches its bar; None if it has none. Raises ValueError if the bar can't be read."""
    if not row.wanted:
        return None
    sign, _, bar = row.wanted.partition(" ")
    if sign not in COMPARE:
        raise ValueError(
            f"{row.what}: wanted {row.wanted!r}, allowed: one of {', '.join(COMPARE)} and a number"
        )
    return COMPARE[sign](row.ratio, float(bar))


def against(row: Row, last: Record | None) -> float | None:
    """How much better (above 1) or worse this is than in the recorded run; None if it wasn't there.

    Where less is better the recorded figure is divided by this one, so that more is better in every row.
    """
    before = None if last is None else last.by_name().get(row.what)
    if before is None or not row.ratio or not before.ratio:
        return None
    return row.ratio / before.ratio if row.wanted.startswith(">") else before.ratio / row.ratio


def table(record: Record, last: Record | None) -> list[Sequence[str]]:
    """Rows of the page: what, measured, wanted, whether met, against the recorded run, details."""
    rows = []
    for part in record.rows.values():
        for row in part:
            change = against(row, last)
            said = {None: "-", True: "yes", False: "no"}[is_met(row)]
            rows.append(
                (
                    row.what,
                    f"{row.ratio:.3g}",
                    row.wanted,
                    said,
                    "" if change is None else f"{change:.2f}",
                    row.details,
                )
            )
    return rows


HEAD = ("what", "measured", "wanted", "met", "against the last", "of which")


def page(record: Record, last: Record | None) -> str:
    """The run as Markdown."""
    lines = [f"# Benchmarks, {record.date}, version {record.commit}", ""]
    lines += [f"- {name}: {value}" for name, value in record.machine.items() if value]
    taken = ", ".join(f"{part} {seconds:.0f}" for part, seconds in record.seconds.items())
    lines += [f"- {sum(record.seconds.values()):.0f} s in all: {taken}"]
    if last is not None:
        same = last.machine.get("processor") == record.machine.get("processor")
        where = (
            "on the same kind of processor"
            if same
            else f"on {last.machine.get('processor')}: mind the ratios"
        )
        lines += [
            f"- the last recorded run is of {last.date}, version {last.commit}, {where}; above 1 is better"
        ]
    lines += ["", f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in table(record, last)]
    lines += [f"- {part}: no figures: {why}" for part, why in record.failed.items()]
    return "\n".join(lines) + "\n"


def write(record: Record, path: Path) -> None:
    path.write_text(json.dumps(asdict(record), indent=1) + "\n")


def read(path: Path) -> Record | None:
    """The record in a file, None if there is none."""
    if not path.exists():
        return None
    held = json.loads(path.read_text())
    rows = {part: [Row(**row) for row in rows] for part, rows in held.pop("rows").items()}
    return Record(rows=rows, **held)
