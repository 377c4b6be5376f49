"""Where the numbers of a report come from."""

import json
from collections.abc import Mapping
from typing import Any

from morsecensus.analysis.page.markup import HtmlTable, paragraph
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Section, Topic

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
        rows = [(name, str(found[name])) for name in ("study", "dataset", "seed")]
        rows += [(f"software: {name}", str(version)) for name, version in found["software"].items()]
        for number, environment in enumerate(found["environments"]):
            for name, value in environment.items():
                shown = json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else str(value)
                rows.append((f"environment {number}: {name}", shown))
        return Section(
            "Provenance", [paragraph(_TEXT), HtmlTable(("what", "value"), rows, "", (0, 1)).part()]
        )
