"""Sections of the report that hold several models or several N against each other: one module each.

A section finds what it needs among the measured families of a study, and stays away where there is nothing.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from morsecensus.analysis.page.markup import Part
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.factorised import section as factorised_section
from morsecensus.analysis.topics.floors import section as floors_section
from morsecensus.analysis.topics.minima import section as minima_section
from morsecensus.analysis.topics.pairs import section as pairs_section
from morsecensus.analysis.topics.spiked import section as spiked_section
from morsecensus.analysis.topics.trivialisation import section as trivialisation_section
from morsecensus.analysis.topics.two_body import section as two_body_section
from morsecensus.analysis.topics.universality import section as universality_section


class StudySection(Protocol):
    """A module with these functions; what `find` returns goes into the others, also where it is empty."""

    @staticmethod
    def find(families: Sequence[FamilyResult]) -> Any:
        """Measure; None or an empty list for a study that has nothing to show here."""
        ...

    @staticmethod
    def tables(found: Any, /) -> Iterable[tuple[str, list[Row]]]:
        """Name and rows of each CSV table."""
        ...

    @staticmethod
    def entries(found: Any, /) -> list[tuple[str, str]]:
        """Entries of the table of contents: (anchor, text)."""
        ...

    @staticmethod
    def parts(found: Any, folder: Path, /) -> list[Part]:
        """The section, its figures drawn into ``folder``."""
        ...


SECTIONS: tuple[StudySection, ...] = (
    two_body_section,
    minima_section,
    floors_section,
    trivialisation_section,
    spiked_section,
    factorised_section,
    pairs_section,
    universality_section,
)
