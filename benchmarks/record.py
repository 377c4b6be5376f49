"""What runs of the benchmarks found, on which machines, and how one compares with the recorded ones."""

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
class Part:
    """One part of the benchmarks: its rows, how long it took, and where.

    Attributes:
        failed: one line on why it has no rows, "" if it has.
    """

    machine: dict[str, str]
    date: str
    commit: str
    rows: list[Row]
    seconds: float
    failed: str = ""

    def where(self) -> str:
        return (
            f"{self.date}, version {self.commit}, on {self.machine.get('processor', 'an unknown processor')}"
        )


@dataclass(frozen=True)
class Record:
    """Parts by name. Those of a recorded run may be of different days and machines: each says which."""

    parts: dict[str, Part]

    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts.values())

    def failed(self) -> dict[str, str]:
        return {name: part.failed for name, part in self.parts.items() if part.failed}

    def merged(self, last: "Record | None") -> "Record":
        """This run, and of parts that it left out or that failed what was recorded before."""
        good = {name: part for name, part in self.parts.items() if not part.failed}
        return Record({**({} if last is None else last.parts), **good})


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


def against(row: Row, last: Part | None) -> float | None:
    """How much better (above 1) or worse this is than in the recorded run; None if it wasn't there.

    Where less is better the recorded figure is divided by this one, so that more is better in every row.
    """
    before = None if last is None else next((old for old in last.rows if old.what == row.what), None)
    if before is None or not row.ratio or not before.ratio:
        return None
    return row.ratio / before.ratio if row.wanted.startswith(">") else before.ratio / row.ratio


def table(record: Record, last: Record | None) -> list[Sequence[str]]:
    """Rows of the page: what, measured, wanted, whether met, against the recorded run, details."""
    rows = []
    for name, part in record.parts.items():
        before = None if last is None else last.parts.get(name)
        for row in part.rows:
            change = against(row, before)
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
    lines = ["# Benchmarks", ""]
    lines += _grouped({name: part.where() for name, part in record.parts.items()}, "")
    lines += _machines(record)
    taken = ", ".join(f"{name} {part.seconds:.0f}" for name, part in record.parts.items())
    lines += [f"- {record.seconds():.0f} s in all: {taken}"]
    if last is not None:
        lines += _grouped(
            {name: last.parts[name].where() for name in record.parts if name in last.parts},
            "compared with the recorded run of ",
        )
        lines += ["- above 1 is better than in the recorded run; mind ratios between two kinds of processors"]
    lines += ["", f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in table(record, last)]
    lines += [f"- {name}: no figures: {why}" for name, why in record.failed().items()]
    return "\n".join(lines) + "\n"


def _grouped(said: dict[str, str], before: str) -> list[str]:
    """A line for each thing that is said of parts, with their names where there are several."""
    lines = []
    for text in dict.fromkeys(said.values()):
        names = [name for name in said if said[name] == text]
        of = "" if len(names) == len(said) else f": {', '.join(names)}"
        lines.append(f"- {before}{text}{of}")
    return lines


def _machines(record: Record) -> list[str]:
    """What else is known of the machines; the load is that before the first part on each."""
    first = {part.machine.get("processor"): part.machine for part in reversed(record.parts.values())}
    said = []
    for processor, known in first.items():
        rest = ", ".join(f"{name}: {value}" for name, value in known.items() if value and name != "processor")
        said.append(f"- {processor}: {rest}")
    return said


def write(record: Record, path: Path) -> None:
    path.write_text(json.dumps(asdict(record)["parts"], indent=1) + "\n")


def read(path: Path) -> Record | None:
    """The record in a file, None if there is none."""
    if not path.exists():
        return None
    held = json.loads(path.read_text())
    return Record(
        {name: Part(**{**part, "rows": [Row(**row) for row in part["rows"]]}) for name, part in held.items()}
    )
