"""A run as the report reads it: each cell's dataset with what the study says of it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.dataset.extent import Extent, extent_of
from morsecensus.analysis.dataset.groups import group_names, open_group
from morsecensus.analysis.theory.base import Symmetry, Theory
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.storage.dataset import checked_path
from morsecensus.storage.store import Run, open_run
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.measurables.words import ERROR

Family = tuple[str, tuple[tuple[str, str], ...]]
"""Model and parameters: cells of one family differ in N (or in the finder or the seed) only."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One point of a study's grid.

    Attributes:
        name: of its group in the dataset, such as c0003.
        stored: CF contiguous ragged: per-landscape columns, per-point columns along ``row``; not loaded.
        planned: landscapes that the study asks for (whole blocks); the dataset may hold fewer.
        finder: its name, a space, and its options as a JSON object.
        ambient: dimension of the space around the manifold, 0 for a single sphere's N.
    """

    name: str
    stored: xr.Dataset
    planned: int
    finder: str = ""
    ambient: int = 0

    @cached_property
    def has_number(self) -> NDArray[np.bool_]:
        """Which landscapes have a number of critical points, shape (all landscapes,): not those with a
        degenerate point or a continuous set. Of critical manifolds that symmetry makes there is a number."""
        model = MODELS.get(self.model)
        manifolds = model is not None and "orbits" in model.columns
        if manifolds or "n_degenerate" not in self.stored:
            return np.ones(self.held, dtype=bool)
        return self.stored["n_degenerate"].values <= 0

    @cached_property
    def dataset(self) -> xr.Dataset:
        """The landscapes that have a number, with their rows: what every mean, histogram and test is of."""
        if self.has_number.all():
            return self.stored
        places = {"landscape": np.flatnonzero(self.has_number)}
        for count in self.stored.variables.values():
            if "sample_dimension" in count.attrs:  # of a ragged table, in the words of the CF conventions
                owned = np.repeat(self.has_number, count.values)
                places[count.attrs["sample_dimension"]] = np.flatnonzero(owned)
        return self.stored.isel(places)

    @cached_property
    def extent(self) -> Extent:
        """Where the points of these lie."""
        return extent_of(self.dataset)

    @property
    def held(self) -> int:
        """Landscapes in the dataset, with a number or without."""
        return int(self.stored.sizes["landscape"])

    @property
    def left_out(self) -> int:
        """Landscapes that have no number."""
        return int((~self.has_number).sum())

    @property
    def n(self) -> int:
        """The study's n: number of spins, or of one sphere's."""
        return int(self.stored.attrs["n"])

    @property
    def spins(self) -> int:
        """Number of spins, over all spheres: energies are H over it."""
        return self.ambient or self.n

    @property
    def levels(self) -> int:
        """Number of indices: 0 to the dimension of the manifold."""
        return int(self.stored.sizes["morse_index"])

    @property
    def model(self) -> str:
        """Name of the model."""
        return str(self.stored.attrs.get("model", ""))

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the model as the study has them."""
        model, attrs = MODELS.get(self.model), self.stored.attrs
        return {} if model is None else {name: attrs[name] for name in model.parameters if name in attrs}

    @property
    def topics(self) -> tuple[str, ...]:
        """Anchors of the sections of the report that are about its model."""
        model = MODELS.get(self.model)
        return () if model is None else model.topics

    @property
    def symmetry(self) -> Symmetry:
        """Sign changes that relate the critical points."""
        return self.theory.symmetry(self.n)

    @property
    def landscapes(self) -> int:
        """Landscapes that have a number."""
        return int(self.dataset.sizes["landscape"])

    @property
    def points(self) -> int:
        """Critical points of these, both signs counted."""
        return int(self.dataset.sizes["row"])

    @property
    def computed(self) -> int:
        """Landscapes whose block was computed, with a number or without."""
        return int((self.stored["reason"] != ERROR).sum())

    @property
    def family(self) -> Family:
        """What it shares with the other N of its sweep."""
        skipped = ("n", "seed", "finder", "spec", "cell_hash", "landscapes_failed", "model")
        attrs = self.stored.attrs
        parameters = {key: str(value) for key, value in attrs.items() if key not in skipped}
        return str(attrs.get("model", "")), tuple(sorted(parameters.items()))

    @property
    def draw(self) -> tuple[str, ...]:
        """What its random numbers are keyed by: cells with the same draw aren't independent."""
        model, parameters = self.family
        seed, size = str(self.stored.attrs.get("seed", "")), str(self.n)
        known = MODELS.get(model)
        if known is not None and known.draws is not None:
            return (known.draws, seed, size)
        return (model, *(f"{key} = {value}" for key, value in parameters), seed, size)

    @property
    def finder_name(self) -> str:
        """Such as: multistart."""
        return _split(self.finder)[0]

    @property
    def finder_options(self) -> dict[str, Any]:
        """All options of the finder, defaults included."""
        return _split(self.finder)[1]

    @cached_property
    def theory(self) -> Theory:
        """What is known exactly of the model with these parameters."""
        return theory_of(self.model, self.parameters)

    @property
    def most_points(self) -> float:
        """A bound on the number of critical points of any landscape of the cell, as its ledgers have it or
        theory; inf if none is known."""
        bounds = self.stored["bound"].values
        known = bounds[np.isfinite(bounds)]
        if known.size:
            return float(known.max())
        bound = self.theory.most_points(self.n)
        return float("inf") if bound is None else bound


def short_digests(text: str) -> str:
    """A text for a page: of a digest, what tells it from others; tables have it in full."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1…", text)


def _split(finder: str) -> tuple[str, dict[str, Any]]:
    """Name and options: the options are the longest JSON object after a space, for a name may hold spaces."""
    for found in re.finditer(r" (?=\{)", finder):
        try:
            return finder[: found.start()], json.loads(finder[found.end() :])
        except (ValueError, RecursionError):
            continue
    return finder.rstrip(), {}


@dataclass(frozen=True, eq=False)
class Study:
    """A run with its cells and its provenance."""

    name: str
    cells: tuple[Cell, ...]
    provenance: Mapping[str, Any]


def finder_labels(cells: Iterable[Cell]) -> dict[str, str]:
    """Name the finders of some cells: finder text -> its name, with the options that tell it from the others.

    Such as "multistart, max_rounds 1"; of a finder that comes with one set of options, the name alone.
    """
    known = {cell.finder: cell for cell in cells}
    labels = {}
    for text, cell in known.items():
        others = [c.finder_options for c in known.values() if c.finder_name == cell.finder_name]
        varied = [
            f"{key} {value}"
            for key, value in cell.finder_options.items()
            if any(other.get(key) != value for other in others)
        ]
        labels[text] = ", ".join([cell.finder_name, *varied])
    return labels


def open_study(store: str, check: str = "sizes") -> Study:
    """Open the current dataset of a run, lazily.

    Args:
        store: path or URL of the run.
        check: "sizes" holds a listing of the dataset against the record; "crc" reads all of it as well.

    Raises:
        StoreError: there is no run here, or nothing was compacted yet, or, naming it, an object of the
            dataset is missing or damaged; the text says what to do. Columns raise it later for values that
            can't be, see `analysis.dataset.columns`.
    """
    run = open_run(store)
    path = checked_path(store, check)
    names = set(group_names(path))
    cells = [
        Cell(
            layout.id,
            open_group(path, layout.id, layout.tables),
            layout.padded,
            _finder(layout.spec),
            int(layout.sizes.get("component", 0)),
        )
        for layout in run.manifest.cells
        if layout.id in names
    ]
    missing = [layout.id for layout in run.manifest.cells if layout.id not in names]
    return Study(run.manifest.name, tuple(cells), _provenance(run, path, missing))


def _finder(spec: Mapping[str, Any]) -> str:
    options = spec.get("finder_options")
    return (
        f"{spec.get('finder', '')} {json.dumps(options if isinstance(options, dict) else {}, sort_keys=True)}"
    )


def _provenance(run: Run, path: str, missing: list[str]) -> dict[str, Any]:
    manifest = run.manifest
    seeds = sorted({str(cell.spec.get("seed", "")) for cell in manifest.cells})
    return {
        "study": manifest.name,
        "dataset": path.rpartition("/")[2],
        "seed": ", ".join(seeds),
        "software": dict(manifest.software),
        "environments": [
            {"fingerprint": generation.fingerprint, **dict(generation.environment)}
            for generation in manifest.generations
        ],
        "cells_without_data": missing,
    }
