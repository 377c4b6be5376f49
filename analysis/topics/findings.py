"""What a study has learnt, for the first screen: answers to questions, each given by a topic."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from morsecensus.analysis.page.style import Axes


class Question(Enum):
    """What the first screen answers, in its order; the value stands before the answer."""

    AGREEMENT = "Agreement"
    RARITY = "How rare minima are"
    BAND = "Where minima lie"
    INDEX = "Index against energy"
    OPEN = "What is open"
    TRAINED = "What training reaches"
    WIDTH = "Against the width"
    SPURIOUS = "Spurious minima"
    ENDS = "Where runs end"
    HOLD = "How long saddles hold"


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture of an answer: draws itself into axes of its own; ``about`` says of what it is."""

    about: str
    plot: Callable[[Axes], object]


@dataclass(frozen=True, eq=False)
class Finding:
    """An answer, as one sentence or a few, with numbers and their errors.

    Attributes:
        kind: "good", "bad" or "", as notes have it.
        panel: None where one number says all.
    """

    question: Question
    text: str
    kind: str = ""
    panel: Panel | None = None


def first_of_each(findings: Iterable[Finding]) -> list[Finding]:
    """The first answer to each question, in the order of the questions."""
    first: dict[Question, Finding] = {}
    for finding in findings:
        first.setdefault(finding.question, finding)
    return [first[question] for question in Question if question in first]
