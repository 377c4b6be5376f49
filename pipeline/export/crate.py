"""RO-Crate metadata of a dataset: cells, authors and licence as linked data, for catalogues."""

import json
from collections.abc import Mapping
from typing import Any

from morsecensus.pipeline.export.citation import CITATION
from morsecensus.pipeline.export.datasheet import DATASHEET
from morsecensus.pipeline.export.source import Source
from morsecensus.pipeline.study.about import ORCID_URL
from morsecensus.storage.sums import SUMS

CRATE = "ro-crate-metadata.json"
SPDX = "https://spdx.org/licenses/"


def crate(source: Source, kind: str) -> str:
    """Return the file, JSON-LD."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    made = ROCrate()
    made.name, made.description = source.title, str(source.attributes.get("summary", source.title))
    made.datePublished, made.keywords = source.day, ", ".join(source.keywords)
    root = made.root_dataset
    root["author"] = [
        made.add(ContextEntity(made, *_person(number, one)))
        for number, one in enumerate(source.about.get("creators", []))
    ]
    if licence := source.about.get("licence"):
        said = {"@type": "CreativeWork", "name": licence, "identifier": licence}
        made.license = made.add(ContextEntity(made, f"{SPDX}{licence}", properties=said))
    if funding := source.about.get("funding"):
        root["funding"] = "; ".join(funding)
    root["creditText"] = str(source.attributes.get("source", ""))
    for line in source.lines:
        _add_cell(made, line, kind)
    for name, said, form in (
        (DATASHEET, "Datasheet: what, why, how, limits", "text/markdown"),
        (CITATION, "How to cite it", "application/yaml"),
        (SUMS, "SHA-256 of every file", "text/plain"),
    ):
        made.add_file(dest_path=name, properties={"name": said, "encodingFormat": form})
    return json.dumps(made.metadata.generate(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _person(number: int, one: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    known = {"@type": "Person", "name": one["name"]}
    known |= {"affiliation": one["affiliation"]} if "affiliation" in one else {}
    return (f"{ORCID_URL}{one['orcid']}" if "orcid" in one else f"#person-{number}"), known


def _add_cell(made: Any, line: Mapping[str, Any], kind: str) -> None:
    measured = {"n": line["n"], "landscapes": line["landscapes"], "points": line["points"]}
    said = ", ".join(f"{key} = {value}" for key, value in {**line["parameters"], **measured}.items())
    properties = {"name": f"{line['group']}: {line['model']}, N = {line['n']}", "description": said}
    if kind == "zip":
        made.add_dataset(dest_path=f"{line['group']}/", properties=properties)
    elif kind == "netcdf":
        properties["encodingFormat"] = "application/x-netcdf"
        made.add_file(dest_path=f"{line['group']}.nc", properties=properties)
    else:
        made.add_dataset(dest_path=f"landscapes/cell={line['group']}/", properties=properties)
