"""CITATION.cff of a dataset (format 1.2.0): how it is to be cited."""

import json
from collections.abc import Iterator, Mapping

from morsecensus.pipeline.export.source import Source
from morsecensus.pipeline.study.about import ORCID_URL

CITATION = "CITATION.cff"


def citation(source: Source) -> str:
    """Return the file; texts are JSON's, which YAML reads."""
    creators = source.about.get("creators", [])
    lines = [
        "cff-version: 1.2.0",
        "message: If you use this dataset, please cite it as below.",
        "type: dataset",
        f"title: {_text(source.title)}",
        f"date-released: {source.day}",
        "authors:",
        *(line for one in creators for line in _author(one)),
        *([] if creators else ["  - alias: anonymous"]),
    ]
    if licence := source.about.get("licence"):
        lines.append(f"license: {licence}")
    lines.append("keywords:")
    lines += [f"  - {_text(word)}" for word in source.keywords]
    return "\n".join(lines) + "\n"


def _author(one: Mapping[str, str]) -> Iterator[str]:
    # an entity: which part of a name is the family's, nobody said
    yield f"  - name: {_text(one['name'])}"
    if "orcid" in one:
        yield f"    orcid: {ORCID_URL}{one['orcid']}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
