"""The verdicts of a study: Holm's correction over all of its tests, and what missed points may explain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from morsecensus.analysis.agreement.exact import Judged
from morsecensus.analysis.agreement.residuals import LEVEL, TestResult, holm
from morsecensus.analysis.dataset.cells import Cell


@dataclass(frozen=True, eq=False)
class CellTest:
    """A test and the cells that it is of. ``topic``: whose it is, empty for those that every cell has."""

    cells: tuple[Cell, ...]
    judged: Judged
    topic: str = ""


@dataclass(frozen=True, eq=False)
class Verdict:
    """A test after the correction.

    Attributes:
        test: what was tested, on what.
        adjusted: its corrected p-value; None if there is none.
        word: "agrees"; "disagrees" (rejected even if the points that open landscapes may miss were the most
            favourable ones); "undecided" (rejected, but missed points may explain it); "not testable".
    """

    test: CellTest
    adjusted: float | None
    word: str


def plain_test(cells: Sequence[Cell], result: TestResult, topic: str) -> CellTest:
    """A test without a statement of what it would have seen."""
    return CellTest(tuple(cells), Judged(result, None, ""), topic)


def judge(tests: Iterable[CellTest]) -> list[Verdict]:
    """Correct all p-values of a study together, and say what follows."""
    held = list(tests)
    adjusted = holm([test.judged.result.p_value for test in held])
    lenient = holm([test.judged.result.p_missing for test in held])
    return [Verdict(test, p, verdict_of(p, q)) for test, p, q in zip(held, adjusted, lenient, strict=True)]


def verdict_of(adjusted: float | None, lenient: float | None) -> str:
    """What follows from two corrected p-values: of what was found, and with missing points at their best."""
    if adjusted is None:
        return "not testable"
    if adjusted >= LEVEL:
        return "agrees"
    return "disagrees" if lenient is not None and lenient < LEVEL else "undecided"
