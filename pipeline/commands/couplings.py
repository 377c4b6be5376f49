"""``morsecensus couplings``: the couplings of landscapes as a file that ``model = "given"`` reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from morsecensus.pipeline.errors import UsageError, require_new, shown
from morsecensus.pipeline.plugins import register_installed
from morsecensus.pipeline.study.inputs import from_file
from morsecensus.pipeline.study.ranges import parse_integers
from morsecensus.pipeline.study.study import read_study
from morsecensus.pipeline.worker.given import find_in
from morsecensus.storage.couplings import MOST_BYTES, write_arrays
from morsecensus.storage.layout import cell_name
from morsecensus.storage.store import open_run
from morsecensus.tasks.runtime import inputs
from morsecensus.tasks.systems.symmetric import unpack

Arrays = dict[str, np.ndarray]
FORMATS = (".npz", ".zarr")


def export(source: str, cell: str | None, landscape: str, out: Path, packed: bool) -> dict[str, Any]:
    """Write the couplings of some landscapes of a cell.

    Args:
        source: a study's file or a store.
        cell: such as c0003; None for the only one.
        landscape: its number, or those of several such as "0:4", inclusive.
        out: a new file; its ending says which format.
        packed: sorted multi-indices instead of full symmetric tensors.

    Returns a JSON-ready record: out, arrays (name -> shape), and what the landscapes are.
    Raises UsageError.
    """
    if out.suffix not in FORMATS:
        raise UsageError(f"--out: got {shown(str(out))}, allowed: a name that ends in {' or '.join(FORMATS)}")
    require_new(out)
    try:
        numbers = parse_integers(landscape, minimum=0, maximum=999_999)
    except ValueError as error:
        raise UsageError(f"--landscape: {error}") from error
    spec = _chosen(_specs(source), cell)
    arrays = arrays_of(spec, numbers, packed)
    model = {name: spec[name] for name in ("model", "parameters", "n", "seed")}
    record = {**model, "landscapes": list(numbers), "convention": CONVENTION}
    try:
        write_arrays(out, arrays, record)
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error
    return {"out": str(out), "arrays": {name: list(array.shape) for name, array in arrays.items()}, **record}


CONVENTION = (
    "H(x) is the contraction of the arrays of one landscape with x in every index, on spheres |x_i|^2 = n_i; "
    "packed_p holds a symmetric tensor at sorted multi-indices"
)


def _specs(source: str) -> dict[str, Mapping[str, Any]]:
    if source.endswith(".toml"):
        study = read_study(Path(source))
        inputs.find_with(from_file)
        return {cell_name(number): cell.spec for number, cell in enumerate(study.cells)}
    run = open_run(source)
    find_in(run.url)
    register_installed(str(cell.spec.get("model")) for cell in run.manifest.cells)
    return {cell.id: cell.spec for cell in run.manifest.cells}


def _chosen(specs: Mapping[str, Mapping[str, Any]], cell: str | None) -> Mapping[str, Any]:
    if cell is None and len(specs) == 1:
        return next(iter(specs.values()))
    if cell is None or cell not in specs:
        names = list(specs)
        allowed = ", ".join(names) if len(names) <= 4 else f"{names[0]} to {names[-1]}"
        raise UsageError(f"--cell: got {'nothing' if cell is None else shown(cell)}, allowed: {allowed}")
    return specs[cell]


def arrays_of(spec: Mapping[str, Any], numbers: Sequence[int], packed: bool) -> Arrays:
    """The couplings of landscapes of a cell, landscapes first; raises UsageError for what can't be."""
    from morsecensus.tasks.landscapes.base import build
    from morsecensus.tasks.landscapes.partite import Partite
    from morsecensus.tasks.landscapes.spin import MixedSpin

    try:
        landscape = build(spec["model"], spec["parameters"], spec["n"])
        size = landscape.coupling_bytes() * len(numbers)
        if size > MOST_BYTES:
            raise ValueError(f"landscape: {len(numbers)} of them may need {size} bytes: ask for fewer")
        if isinstance(landscape, MixedSpin):
            return _polynomials(landscape, spec["seed"], numbers, packed)
        held = [landscape.sample(spec["seed"], number) for number in numbers]
    except ValueError as error:
        raise UsageError(f"{spec['model']}: {' '.join(str(error).split())}") from error
    if isinstance(landscape, Partite):
        return {"tensors": np.stack(held)}
    leaves = [_leaves(couplings) for couplings in held]
    return {name: np.stack([leaf[name] for leaf in leaves]) for name in leaves[0]}


def _polynomials(landscape: Any, seed: int, numbers: Sequence[int], packed: bool) -> Arrays:
    tensors = [landscape.tensors(landscape.sample(seed, number)) for number in numbers]
    stacked = {degree: np.stack([held[degree] for held in tensors]) for degree in sorted(tensors[0])}
    if packed:
        return {f"packed_{degree}": entries for degree, entries in stacked.items()}
    size = 8 * len(numbers) * sum(landscape.n**degree for degree in stacked)
    if size > MOST_BYTES:
        raise ValueError(f"full tensors of {size} bytes, allowed: {MOST_BYTES}; give --packed")
    return {f"degree_{p}": unpack(entries, landscape.n, p) for p, entries in stacked.items()}


def _leaves(couplings: Any, name: str = "couplings") -> Arrays:
    """Arrays of nested dictionaries and sequences, named by where they are: for models without a form that
    ``given`` knows."""
    if isinstance(couplings, Mapping):
        items = [(f"{name}.{key}", value) for key, value in couplings.items()]
    elif isinstance(couplings, tuple | list):
        items = [(f"{name}.{place}", value) for place, value in enumerate(couplings)]
    else:
        return {name: np.asarray(couplings)}
    return {key: array for place, value in items for key, array in _leaves(value, place).items()}
