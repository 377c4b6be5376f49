"""The ``[[networks]]`` tables of a study: one network a table, trained from as many seeds as it says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.study.cells import MAX_BLOCK, MAX_LANDSCAPES, StudyCell
from morsecensus.pipeline.study.checked import NAME, Checked, meant, number, validated
from morsecensus.pipeline.study.example_files import read_examples
from morsecensus.pipeline.worker.bodies import BODIES
from morsecensus.tasks.networks.examples import check_classes, examples_of
from morsecensus.tasks.networks.options import HESSIAN, NetworkOptions
from morsecensus.tasks.networks.sought import POINTS

NETWORKS = "networks"
MODEL = "network"
FEW = 1000
"""Examples of which a study is told if they are of one class alone; of more that is hardly so."""
LATER = ("loss", "scaling", "until", "kernel", "late", "curve", "points", "sharpness")
OWN = ("name", "seeds", "folder", "block", "teacher", "hessian", "points", "sharpness")
"""Keys that say something else than the options of the same name, or are none."""


def _name(value: object) -> object:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError(f"got {shown(value)}, allowed: 1 to 64 letters, digits, '.', '_' or '-'")
    return value


class HessianTable(Checked):
    """What ``hessian`` may have."""

    matvecs: int = HESSIAN["matvecs"]
    """Products of Lanczos, and nodes of the spectrum."""
    examples: int | None = None
    """The Hessian is that of the cost of so many first training examples; 1000, if there are."""
    starts: int = HESSIAN["starts"]
    """Random starts: a spectrum each."""


class PointsTable(Checked):
    """What ``points`` may have."""

    steps: int = POINTS["steps"]
    """Most steps of a search for a critical point, Levenberg-Marquardt on the squared gradient."""
    tolerance: Annotated[float, BeforeValidator(number)] = POINTS["tolerance"]
    """Largest gradient of what is called critical, if Newton's step also finds a zero beside it."""
    flat: Annotated[float, BeforeValidator(number)] = POINTS["flat"]
    """Largest |H g|/(|H| |g|) of what is called gradient-flat."""


class SharpnessTable(Checked):
    """What ``sharpness`` may have."""

    examples: int | None = None
    """The Hessian is that of the cost of so many first training examples; 1000, if there are."""
    matvecs: int = 40
    """Products of Lanczos for each eigenvalue."""
    scales: list[Annotated[float, BeforeValidator(number)]] = Field(default=[0.5, 1.0, 2.0])
    """What the first hidden layer is multiplied by, and the next divided; 1 is among them."""


class NetworkTable(Checked):
    """A ``[[networks]]`` table. Values that `NetworkOptions` judges are only unpacked here."""

    name: Annotated[str, BeforeValidator(_name)]
    """What other tables call it as their teacher, and the report."""
    layers: list[int]
    data: str = "clusters"
    folder: str | None = None
    """Of the IDX files, gzipped or not; relative to the study."""
    first: int = 0
    count: int
    labels: str = "hard"
    teacher: str | None = None
    """Name of the network whose answers are the labels: that of its seed 0."""
    algorithm: str = "sgd"
    rate: Annotated[float, BeforeValidator(number)]
    batch: int = 100
    steps: int
    seeds: int = Field(default=1, ge=1, le=MAX_LANDSCAPES)
    """Training runs: first weights and the order of examples differ."""
    activation: str = "relu"
    skip: bool = False
    batchnorm: bool = False
    keep: int = 1
    precision: str = "float32"
    hessian: HessianTable | None = None
    """Spectrum of the Hessian by Lanczos: { matvecs, examples, starts }; none if not given."""
    points: PointsTable | None = None
    """Search for critical points from each look: { steps, tolerance, flat }; none if not given."""
    sharpness: SharpnessTable | None = None
    """Largest eigenvalues of H and of |w| H |w| at rescaled weights: { examples, matvecs, scales }; none if
    not given."""
    loss: str = "cross-entropy"
    scaling: str = "standard"
    until: Annotated[float, BeforeValidator(number)] = 0.0
    kernel: int = 0
    late: int = 0
    pairs: bool = False
    curve: int = 0
    block: int | None = Field(default=None, ge=1, le=MAX_BLOCK)
    """Seeds of one task; 1, or 2 with ``pairs``, if not given. Blocks are always whole."""


INNER: Mapping[str, type[Checked]] = {
    "hessian": HessianTable,
    "points": PointsTable,
    "sharpness": SharpnessTable,
}
"""Keys that are tables themselves."""


def network_cells(
    table: Mapping[str, Any], others: Sequence[Any], seed: int, source: str, where: str, folder: Path
) -> Iterator[StudyCell]:
    """Yield the cell of a table; raises UsageError.

    Args:
        others: all ``[[networks]]`` tables of the study, unchecked: one of them may be the teacher.
    """
    cell = validated(NetworkTable, dict(table), source, ".")
    try:
        asked = _options(cell, folder, _teacher(cell, others, source, folder))
        _check_classes(asked, seed, folder, cell)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{source}.{' '.join(str(error).split())}") from error
    named = [other for other in others if isinstance(other, Mapping) and other.get("name") == cell.name]
    if len(named) > 1:
        raise UsageError(f"{source}.name: got {cell.name} twice, allowed: each name once")
    block = cell.block or (2 if cell.pairs else 1)
    if cell.pairs and block % 2:
        raise UsageError(f"{source}.block: got {block} with pairs, allowed: even numbers")
    spec = {
        "model": MODEL,
        "parameters": {"network": cell.name, "layers": str(asked.net), "data": cell.data},
        "n": cell.layers[0],
        "seed": seed,
        "network": _record(asked),
        "block_size": block,
    }
    yield StudyCell(where, spec, cell.seeds, body=BODIES[NETWORKS].recorded)


def _record(asked: NetworkOptions) -> dict[str, Any]:
    """What a cell has of the options; those of `LATER` only where they are asked for, so that other cells are
    the same as before these were there."""
    known = {**asdict(asked), "layers": list(asked.layers)}
    usual = NetworkOptions.__dataclass_fields__
    plain = {name: usual[name].default for name in LATER} | {"points": {}, "sharpness": {}}
    return {name: value for name, value in known.items() if name not in LATER or value != plain[name]}


def _options(cell: NetworkTable, folder: Path, teacher: Mapping[str, Any] | None) -> NetworkOptions:
    given = {name: value for name, value in cell.model_dump().items() if name not in OWN}
    if (cell.folder is None) != (cell.data == "clusters"):
        raise ValueError(
            f"folder: got {'none' if cell.folder is None else shown(cell.folder)} with data {cell.data}, "
            "allowed: one with data = mnist"
        )
    if cell.folder is not None:
        given["sha256"], arrays = read_examples(_place(cell, folder))
        given["held"] = len(arrays["labels"])
    asked = cell.hessian.model_dump(exclude_none=True) if cell.hessian else {}
    points = cell.points.model_dump() if cell.points else {}
    sharpness = cell.sharpness.model_dump(exclude_none=True) if cell.sharpness else {}
    return NetworkOptions(**given, hessian=asked, points=points, sharpness=sharpness, teacher=teacher)


def _place(cell: NetworkTable, folder: Path) -> Path:
    return folder / Path(str(cell.folder)).expanduser()


def _teacher(
    cell: NetworkTable, others: Sequence[Any], source: str, folder: Path
) -> Mapping[str, Any] | None:
    """Options of the teacher's training, without what is measured of it."""
    if cell.teacher is None:
        return None
    tables = [other for other in others if isinstance(other, Mapping)]
    by_name = {other["name"]: other for other in tables if isinstance(other.get("name"), str)}
    if cell.teacher not in by_name:
        raise ValueError(
            f"teacher: got {shown(cell.teacher)}, allowed: {', '.join(map(str, by_name))}"
            f"{meant(cell.teacher, map(str, by_name))}"
        )
    theirs = validated(NetworkTable, dict(by_name[cell.teacher]), f"{source}.teacher", ".")
    if theirs.labels != "hard":
        raise ValueError(
            f"teacher: got {cell.teacher}, which has a teacher itself, allowed: a network with hard labels"
        )
    if theirs.loss != "cross-entropy":
        raise ValueError(f"teacher: got {cell.teacher} with loss {theirs.loss}, allowed: cross-entropy")
    plain = replace(
        _options(theirs, folder, None),
        keep=1,
        hessian={},
        pairs=False,
        kernel=0,
        late=0,
        curve=0,
        points={},
        sharpness={},
    )
    return _record(plain)


def _check_classes(asked: NetworkOptions, seed: int, folder: Path, cell: NetworkTable) -> None:
    """Raise ValueError if all examples are of one class."""
    if asked.data == "clusters":
        if asked.count <= FEW:
            examples_of(asked, seed)
        return
    labels = read_examples(_place(cell, folder))[1]["labels"]
    check_classes(labels[asked.first : asked.first + asked.count])
