"""Where the numbers of a report come from."""

from collections.abc import Mapping
from typing import Any

from morsecensus.analysis.page.markup import HtmlTable, paragraph
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Section

_TEXT = (
    "The study is a pure function of its text, its seed and the environment: `morsecensus verify "
    "--deep` computes a sample of it again."
)


class Provenance(Topic[Mapping[str, Any]]):
    """Study, dataset, seed, software and environments."""

    anchor = "provenance"

    def find(self, study: StudyResult) -> list[Mapping[str, Any]]:
        return [study.study.provenance]

    def section(self, found: Mapping[str, Any]) -> Section:
        rows = [(name, str(found[name])) for name in ("study", "begun", "dataset", "seed") if found.get(name)]
        rows += [(f"this report: {name}", str(value)) for name, value in found.get("report", {}).items()]
        rows += [(f"software: {name}", str(version)) for name, version in found["software"].items()]
        for number, environment in enumerate(found["environments"], 1):
            rows += [(f"environment {number}: {name}", _words(value)) for name, value in environment.items()]
        return Section(
            "Provenance", [paragraph(_TEXT), HtmlTable(("what", "value"), rows, "", (0, 1)).part()]
        )


def _words(value: Any) -> str:
    """A value of a record as a reader writes it: names and values in a row, no marks of JSON."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(one)}" for name, one in value.items() if one != "")
    return ", ".join(map(_words, value)) if isinstance(value, list) else str(value)
