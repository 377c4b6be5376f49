"""The table ``[about]`` of a study: who made it, how it may be used, what it is about.

None of it changes a number, so it may be mended at any time: the next run writes the dataset anew.
"""

import re
from typing import Annotated, Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator, BeforeValidator, Field

from morsecensus.pipeline.errors import shown
from morsecensus.pipeline.study.checked import Checked

MAX_TEXT, MAX_ENTRIES = 2000, 100
ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])", re.ASCII)
ORCID_URL = "https://orcid.org/"


def check_character(digits: str) -> str:
    """Return the last character of an ORCID from the fifteen before it: ISO 7064, MOD 11-2."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    rest = (12 - total % 11) % 11
    return "X" if rest == 10 else str(rest)


def _orcid(value: object) -> object:
    found = ORCID.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"got {shown(value)}, allowed: an ORCID such as 0000-0002-1825-0097")
    plain = found[1].replace("-", "")
    if check_character(plain[:-1]) != plain[-1]:
        raise ValueError(f"got {shown(value)}, whose last character should be {check_character(plain[:-1])}")
    return found[1]


def _licence(value: object) -> object:
    try:
        found = canonicalize_license_expression(value) if isinstance(value, str) else ""
    except InvalidLicenseExpression:
        found = ""
    if not found or " " in found or found.startswith("LicenseRef-"):
        raise ValueError(f"got {shown(value)}, allowed: an SPDX identifier such as CC-BY-4.0 or CC0-1.0")
    return str(found)


def _printable(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError(f"got {shown(value)}, allowed: a line of text")
    return value


Line = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_printable)]
Lines = Annotated[list[Line], Field(max_length=MAX_ENTRIES)]


class Creator(Checked):
    """Somebody who made a study."""

    name: Line
    """As it is to be cited: given name, then family name."""
    orcid: Annotated[str | None, BeforeValidator(_orcid, json_schema_input_type=str)] = None
    """Such as 0000-0002-1825-0097."""
    affiliation: Line | None = None
    """Where they work."""


class About(Checked):
    """What a dataset says of itself beside its numbers."""

    title: Line | None = None
    """Of the dataset."""
    creators: list[Creator] = Field(default_factory=list, max_length=MAX_ENTRIES)
    """Who made it, in the order in which they are to be cited: [{ name = "...", orcid = "..." }]."""
    licence: Annotated[str | None, BeforeValidator(_licence, json_schema_input_type=str)] = None
    """How it may be used: an SPDX identifier such as CC-BY-4.0 or CC0-1.0."""
    funding: Lines = Field(default_factory=list)
    """Who paid for it, with numbers of grants."""
    keywords: Lines = Field(default_factory=list)
    """Beside those that the program knows."""
    references: Lines = Field(default_factory=list)
    """Papers about it, as DOIs or addresses."""

    def to_record(self) -> dict[str, Any]:
        """Return what was said, as run.json keeps it."""
        return {name: value for name, value in self.model_dump(exclude_none=True).items() if value}
