"""Laws of unit variance for the entries of a coupling tensor, written as text. Free of JAX and NumPy.

    gaussian        N(0, 1)
    rademacher      +1 or -1
    student(df)     Student's t, divided by its standard deviation; df > 2. Moments exist below order df only.
    diluted(kept)   N(0, 1)/sqrt(kept) with probability ``kept``, else 0

All four are functions of one standard normal z and, for two of them, an independent number: sign(z), z
sqrt((df-2)/chi^2_df), z/sqrt(kept) or 0. So landscapes of one seed that differ in the law alone are
correlated.
"""

import math
import re
from dataclasses import dataclass
from typing import Self

GAUSSIAN, RADEMACHER, STUDENT, DILUTED = KINDS = ("gaussian", "rademacher", "student", "diluted")
DEFAULTS = {STUDENT: 5.0, DILUTED: 0.5}
MOST_FREEDOM = 1e6
ALLOWED = '"gaussian", "rademacher", "student(df)" with df > 2 or "diluted(kept)" with 0 < kept <= 1'
_TEXT = re.compile(r"([a-z]{1,20})(?:\(([0-9.e+-]{1,24})\))?", re.ASCII)


@dataclass(frozen=True)
class EntryLaw:
    """A law with mean 0 and variance 1: its kind, and df or kept where the kind has a parameter."""

    kind: str
    value: float | None = None

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a law, such as "student(5)"; "student" alone is student(5), "diluted" is diluted(0.5).

        Raises ValueError with what was got and what is allowed.
        """
        match = _TEXT.fullmatch(text.replace(" ", "")) if isinstance(text, str) and len(text) < 60 else None
        shown = repr(text) if isinstance(text, str) and len(text) < 60 else f"a {type(text).__name__}"
        refused = ValueError(f"got {shown}, allowed: {ALLOWED}")
        if match is None or match[1] not in KINDS or (match[2] and match[1] not in DEFAULTS):
            raise refused
        kind = match[1]
        if kind not in DEFAULTS:
            return cls(kind)
        try:
            value = float(match[2]) if match[2] else DEFAULTS[kind]
        except ValueError:
            raise refused from None
        if kind == STUDENT and not 2 < value <= MOST_FREEDOM:
            raise ValueError(
                f"got {shown}, allowed: student(df) with 2 < df <= {MOST_FREEDOM:g}: for df <= 2 the "
                "variance is infinite, and no covariance exists"
            )
        if kind == DILUTED and not 0 < value <= 1:
            raise refused
        return cls(kind, value)

    def __str__(self) -> str:
        if self.value is None:
            return self.kind
        return f"{self.kind}({int(self.value) if self.value.is_integer() else repr(self.value)})"

    @property
    def is_continuous(self) -> bool:
        """Whether the law has a density: then couplings avoid every algebraic hypersurface, surely."""
        return self.kind in (GAUSSIAN, STUDENT)

    @property
    def excess_kurtosis(self) -> float:
        """E z^4 - 3: -2 for signs, 6/(df - 4) for Student (inf for df <= 4), 3/kept - 3 if diluted."""
        if self.kind == RADEMACHER:
            return -2.0
        if self.value is None:
            return 0.0
        if self.kind == STUDENT:
            return 6 / (self.value - 4) if self.value > 4 else math.inf
        return 3 / self.value - 3


def entry_law(value: object) -> str:
    """The canonical text of a law: the reader of a study's parameter."""
    return str(EntryLaw.parse(value))
