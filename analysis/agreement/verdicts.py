"""The verdicts of a study: Holm's correction over all of its tests, and what missed points may explain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from morsecensus.analysis.agreement.judged import Judged
from morsecensus.analysis.agreement.residuals import LEVEL, TestResult, holm, not_testable
from morsecensus.analysis.dataset.cells import Cell


@dataclass(frozen=True, eq=False)
class CellTest:
    """A test and the cells that it is of.

    Attributes:
        topic: whose it is, empty for those that every cell has.
        certain: whether it is of what must hold in every landscape: its p-value is 0 or 1, and no correction
            for others is due.
        named: of a test of a cell that is no census, what its row begins with (`analysis.topics.rows.head`).
    """

    cells: tuple[Cell, ...]
    judged: Judged
    topic: str = ""
    certain: bool = False
    named: Mapping[str, object] = field(default_factory=dict)


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


def check(cells: Sequence[Cell], name: str, wrong: int, excused: int, of: int, topic: str) -> CellTest:
    """A test of what must hold in every landscape.

    Args:
        cells: that it is of.
        name: of the test.
        wrong: landscapes, or things, in which it doesn't hold.
        excused: those of them that missed points may explain.
        of: how many there are; what holds in none of none was not looked at, and isn't testable.
        topic: whose test it is.
    """
    if of == 0:
        result = not_testable(name, 0, "nothing to look at")
    else:
        result = TestResult(name, float(wrong), 0, float(wrong == 0), float(wrong == excused), of)
    return CellTest(tuple(cells), Judged(result, None, ""), topic, certain=True)


def judge(tests: Iterable[CellTest]) -> list[Verdict]:
    """Correct all p-values of a study together, and say what follows."""
    held = list(tests)
    adjusted = _corrected(held, [test.judged.result.p_value for test in held])
    lenient = _corrected(held, [test.judged.result.p_missing for test in held])
    return [Verdict(test, p, verdict_of(p, q)) for test, p, q in zip(held, adjusted, lenient, strict=True)]


def _corrected(tests: Sequence[CellTest], p_values: Sequence[float | None]) -> list[float | None]:
    uncertain = [None if test.certain else p for test, p in zip(tests, p_values, strict=True)]
    both = zip(tests, p_values, holm(uncertain), strict=True)
    return [p if test.certain else adjusted for test, p, adjusted in both]


def verdict_of(adjusted: float | None, lenient: float | None) -> str:
    """What follows from two corrected p-values: of what was found, and with missing points at their best."""
    if adjusted is None:
        return "not testable"
    if adjusted >= LEVEL:
        return "agrees"
    return "disagrees" if lenient is not None and lenient < LEVEL else "undecided"
