"""The table [about] of a study: what is refused, where it is found again, and that it changes no number."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
import xarray as xr

from morsecensus.pipeline.commands.init import schema_text, study_text
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.study.about import check_character
from morsecensus.pipeline.study.faults import study_faults
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_path
from morsecensus.storage.store import open_run

ABOUT = {
    "title": "Three spins, four dimensions",
    "creators": [
        {"name": "Josiah Carberry", "orcid": "0000-0002-1825-0097", "affiliation": "Brown University"},
        {"name": "Laure Haak", "orcid": "https://orcid.org/0000-0001-5109-3700"},
    ],
    "licence": "CC-BY-4.0",
    "funding": ["Nobody, 1", "Nobody else, 2"],
    "keywords": ["three spins"],
    "references": ["https://doi.org/10.1002/cpa.21422"],
}
VALIDATOR = jsonschema.Draft7Validator(json.loads(schema_text()))


def _faults(toolbox, about):
    return study_faults(toolbox.content() | {"about": about}, "study", Path())


@pytest.mark.parametrize(
    "orcid",
    # of https://support.orcid.org's pages on the structure of the identifier, one with X
    ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"],
)
def test_published_orcids_have_the_character_that_we_compute(orcid, toolbox):
    digits = orcid.replace("-", "")
    assert check_character(digits[:-1]) == digits[-1]
    assert _faults(toolbox, {"creators": [{"name": "A", "orcid": orcid}]}) == []


def test_any_wrong_digit_and_any_two_swapped_are_seen(toolbox):
    digits = "0000000218250097"
    for place in range(15):
        for digit in set("0123456789") - {digits[place]}:
            changed = digits[:place] + digit + digits[place + 1 :]
            assert check_character(changed[:-1]) != changed[-1]
        if place < 14 and digits[place] != digits[place + 1]:
            swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
            assert check_character(swapped[:-1]) != swapped[-1]


WRONG = {
    "a wrong last character": (
        {"creators": [{"name": "A", "orcid": "0000-0002-1825-0098"}]},
        "about.creators[0].orcid: got '0000-0002-1825-0098', whose last character should be 7",
    ),
    "no ORCID": (
        {"creators": [{"name": "A", "orcid": "A"}]},
        "about.creators[0].orcid: got 'A', allowed: an ORCID such as 0000-0002-1825-0097",
    ),
    "no name": (
        {"creators": [{"orcid": "0000-0002-1825-0097"}]},
        "about.creators[0].name: missing, it has no default",
    ),
    "no licence": (
        {"licence": "CC-BY-9"},
        "about.licence: got 'CC-BY-9', allowed: an SPDX identifier such as CC-BY-4.0 or CC0-1.0",
    ),
    "a licence of one's own": ({"licence": "LicenseRef-mine"}, "about.licence: got 'LicenseRef-mine'"),
    "another spelling": (
        {"license": "MIT"},
        "about.license: unknown key (did you mean licence?), allowed: title",
    ),
    "an unknown key of a creator": (
        {"creators": [{"name": "A", "mail": "a@b"}]},
        "about.creators[0].mail: unknown key, allowed: name, orcid, affiliation",
    ),
    "two lines": ({"title": "one\ntwo"}, "about.title: got 'one\\ntwo', allowed: a line of text"),
    "nothing": ({"keywords": [""]}, "about.keywords[0]: got '', allowed: a line of text"),
    "a number": ({"title": 3}, "about.title: got 3, allowed: string"),
    "no list": ({"funding": "me"}, "about.funding: got 'me', allowed: list"),
    "no table": ({}, None),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line_each(name, toolbox):
    about, wanted = WRONG[name]
    if wanted is None:
        assert _faults(toolbox, about) == []
        return
    (line,) = _faults(toolbox, about)
    assert line.startswith(f"study: {wanted}")
    with pytest.raises(UsageError, match="about"):
        parse_study(toolbox.content() | {"about": about})


def test_the_schema_says_the_same(toolbox):
    assert VALIDATOR.is_valid(toolbox.content() | {"about": ABOUT})
    for about in ({"license": "MIT"}, {"creators": [{"orcid": "0000-0002-1825-0097"}]}, {"title": 3}):
        assert not VALIDATOR.is_valid(toolbox.content() | {"about": about})
    assert all(one["description"] for one in VALIDATOR.schema["properties"]["about"]["properties"].values())


def test_a_first_study_shows_it(toolbox):
    """What `init` has in comments is sound once it is no comment."""
    text = study_text("study", "pspin")
    head, _, _ = text.partition("[[cells]]")
    lines = [line.removeprefix("# ") for line in head.splitlines()]
    about = tomllib.loads("\n".join(lines[1:]))["about"]
    assert set(about) == set(ABOUT)
    assert _faults(toolbox, about) == []


def test_it_is_in_the_record_and_at_the_root_of_the_dataset(tmp_path, toolbox):
    study = toolbox.content(n="4", landscapes=8) | {"about": ABOUT}
    toolbox.run(study, tmp_path / "run")
    kept = open_run(str(tmp_path / "run")).manifest.study["about"]
    assert kept["creators"][1] == {"name": "Laure Haak", "orcid": "0000-0001-5109-3700"}
    found = xr.open_zarr(dataset_path(str(tmp_path / "run"))).attrs
    assert found["title"] == ABOUT["title"]
    assert found["creator_name"] == "Josiah Carberry, Laure Haak"
    urls = ["https://orcid.org/0000-0002-1825-0097", "https://orcid.org/0000-0001-5109-3700"]
    assert found["creator_url"].split(", ") == urls
    assert found["creator_institution"] == "Brown University"
    assert found["license"] == "CC-BY-4.0"
    assert found["acknowledgement"] == "Nobody, 1; Nobody else, 2"
    assert "three spins" in found["keywords"].split(", ")
    assert ABOUT["references"][0] in found["references"]


def test_it_is_mended_without_computing_anything_again(tmp_path, toolbox):
    study = toolbox.content(n="4", landscapes=8)
    assert toolbox.run(study, tmp_path / "run").computed_blocks == 2
    bare = xr.open_zarr(dataset_path(str(tmp_path / "run")))
    assert not {"creator_name", "license", "acknowledgement"} & set(bare.attrs)
    assert toolbox.run(study | {"about": ABOUT}, tmp_path / "run").computed_blocks == 0
    found = xr.open_zarr(dataset_path(str(tmp_path / "run")))
    assert found.attrs["license"] == "CC-BY-4.0"
    xr.testing.assert_equal(found, bare)
