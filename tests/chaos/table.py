"""The table of a soak, between two marks of a page."""

import datetime
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from chaos.faults import Fault, Result

BEGIN, END = "<!-- table -->", "<!-- end of table -->"


@dataclass
class Line:
    """One fault and all of its injections."""

    fault: Fault
    results: list[Result] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return sum(result.kills for result in self.results)

    def text(self) -> str:
        """Return the row: the outcomes with how often each was seen, most frequent first."""
        seen = Counter(
            result.outcome if result.held else f"**did not hold: {result.outcome}**"
            for result in self.results
        )
        outcomes = "; ".join(f"{text} ({times})" for text, times in seen.most_common())
        lost = sum(result.lost for result in self.results)
        cells = (
            self.fault.name,
            self.fault.how,
            str(len(self.results)),
            str(self.kills),
            outcomes,
            str(lost),
        )
        return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


@dataclass(frozen=True)
class Soak:
    """The figures of a whole soak."""

    seed: int
    kills: int
    seconds: float
    written: int

    def text(self) -> str:
        return (
            f"{self.kills} kills, {self.seconds / 60:.0f} minutes, "
            f"at least {self.written / 1e6:.0f} MB written, seed {self.seed}"
        )


def write_table(page: Path, lines: list[Line], soak: Soak) -> None:
    """Rewrite what lies between the marks of a page; raises ValueError if it has no marks."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page}: must hold {BEGIN} and {END}")
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    table = [
        f"{soak.text()}, {day}.",
        "",
        "| fault | how it is injected | injected | kills | outcome (times) | bytes lost |",
        "|---|---|---:|---:|---|---:|",
        *(line.text() for line in lines if line.results),
    ]
    page.write_text(f"{before}{BEGIN}\n" + "\n".join(table) + f"\n{END}{after}")
