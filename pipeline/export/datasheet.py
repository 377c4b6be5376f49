"""The datasheet of a dataset, for who reads before computing: what, why, how, limits, use.

After T. Gebru et al., Datasheets for datasets, Comm. ACM 64 (2021) 86, as far as its questions are about
numbers.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from morsecensus.pipeline.export.citation import CITATION
from morsecensus.pipeline.export.source import Source
from morsecensus.storage.sums import SUMS

DATASHEET = "datasheet.md"
UNSAID = "not said"
OPENED = {
    "zip": 'A Zarr store of format 3: `xarray.open_datatree(zarr.storage.ZipStore("{name}", mode="r"), '
    'engine="zarr")`; unpacked, a folder that xarray opens. The root has a table of cells; each cell is a '
    "group of CF contiguous ragged arrays: `row_size` says how many rows belong to each landscape.",
    "parquet": 'A folder a table, in it one a cell: `pandas.read_parquet("{name}/points")` has all points '
    "with their `cell`; `landscapes` has a line a landscape, `cells.parquet` one a cell. Words for codes; "
    "lists, as long as a cell's N has it, for what has further dimensions; null where a cell has no such "
    "column; units and meanings in the schema.",
    "netcdf": 'A file a cell: `xarray.open_dataset("{name}/c0000.nc")`. CF contiguous ragged arrays: '
    "`row_size` says how many rows belong to each landscape, `flag_meanings` what codes stand for.",
}
"""How each format is opened."""
BODIES = {
    "census": "critical points of each landscape, with energy, Morse index and how complete they are",
    "flow": "gradient flow on each landscape",
    "threshold": "threshold states of each landscape",
    "shares": "runs of gradient descent on a network's loss, and where each ends",
    "escapes": "saddles of each landscape, and how long gradient flow takes to leave them",
    "trajectories": "trajectories of an algorithm on each landscape",
    "networks": "training runs of a network, each from another seed, which stands as its landscape",
}
WHY = (
    "Mean numbers of critical points of such landscapes, and limits of dynamics, follow from formulas. These "
    "are landscapes one by one, against which formulas, finders and conjectures can be held."
)
LIMITS = (
    "* The same study gives the same bytes in the same environment. Other processors and libraries give "
    "numbers that differ in the last digits, and may order points of nearly equal energy otherwise.",
    "* A landscape is *complete* if it passes every check of its finder; what that proves depends on the "
    "finder. Means belong over all landscapes: leaving out the open ones biases them.",
)


def datasheet(source: Source, kind: str, name: str) -> str:
    """Return the datasheet, Markdown, of a dataset that is exported in a format under a name."""
    said = source.attributes
    parts = {
        "What": _what(source),
        "Why": _why(said),
        "How": _how(source),
        "Limits": (*LIMITS, *(_limit(line) for line in source.lines if "status" in line)),
        "Use": _use(said, kind, name),
    }
    head = f"# {source.title}\n\n{said.get('summary', '')} Study `{source.name}`, begun {source.day}.\n"
    return head + "".join(f"\n## {title}\n\n" + "\n".join(lines) + "\n" for title, lines in parts.items())


def _what(source: Source) -> Iterator[str]:
    yield "| cell | model | N | computed | landscapes | points |"
    yield "|---|---|---|---|---|---|"
    for line in source.lines:
        model = ", ".join([line["model"], *(f"{key} = {value}" for key, value in line["parameters"].items())])
        cells = (line["group"], model, line["n"], line["finder"] or line["body"])
        yield f"| {' | '.join(map(str, (*cells, line['landscapes'], line['points'])))} |"
    yield ""
    for body in dict.fromkeys(line["body"] for line in source.lines):
        yield f"* {body}: {BODIES.get(body, 'what this body computes')}."


def _why(said: Mapping[str, Any]) -> Iterator[str]:
    yield WHY
    yield ""
    yield from (f"* {paper}" for paper in str(said.get("references", "")).split("; ") if paper)
    yield f"* Authors: {said.get('creator_name', UNSAID)}"
    yield f"* Funding: {said.get('acknowledgement', UNSAID)}"


def _how(source: Source) -> Iterator[str]:
    manifest = source.run.manifest
    versions = ", ".join(f"{name} {version}" for name, version in manifest.software.items())
    yield (
        f"Computed with {versions}, seed {manifest.study.get('seed')}. A landscape is a function of model, "
        "parameters, N, seed and its number. `study` in the root's attributes says all that it takes to "
        "compute it again."
    )
    yield ""
    for generation in manifest.generations:
        packages, cpu = (generation.environment.get(name) for name in ("packages", "cpu"))
        known = (
            [f"{name} {version}" for name, version in packages.items()] if isinstance(packages, dict) else []
        )
        where = cpu.get("model", "") if isinstance(cpu, dict) else str(cpu or "")
        yield f"* environment {generation.fingerprint}: {', '.join(filter(None, (where, *known)))}"


def _limit(line: Mapping[str, Any]) -> str:
    parts = [f"{line['group']}: {_counted(line['status'])}"]
    if "reason" in line:
        parts.append(f"reasons: {_counted(line['reason'])}")
    if line["degenerate"]:
        parts.append(f"{line['degenerate']} with degenerate points, which have no number of critical points")
    return f"* {'; '.join(parts)}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items())


def _use(said: Mapping[str, Any], kind: str, name: str) -> Iterator[str]:
    yield OPENED[kind].replace("{name}", name)
    yield ""
    yield f"* Licence: {said.get('license', UNSAID)}"
    yield f"* To be cited as `{CITATION}` says"
    yield f"* `{SUMS}` has the SHA-256 of every file: `sha256sum -c {SUMS}`, or `morsecensus verify {name}`"
