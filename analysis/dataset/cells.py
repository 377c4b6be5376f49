"""A run as the report reads it: each cell's dataset with what the study says of it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.dataset.extent import Extent, extent_of
from morsecensus.analysis.dataset.groups import group_names, open_group
from morsecensus.analysis.dataset.others import OtherCell
from morsecensus.analysis.dataset.provenance import provenance_of
from morsecensus.analysis.dataset.unknown import with_unknown
from morsecensus.analysis.theory.base import Symmetry, Theory
from morsecensus.analysis.theory.registry import symmetry_of, theory_of
from morsecensus.storage.dataset import checked_path
from morsecensus.storage.layout import CellLayout
from morsecensus.storage.store import Run, open_run
from morsecensus.tasks.landscapes.parameters import Model
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.measurables.words import COMPLETE, ERROR, INDEX_CLOSED, UNSOUGHT

Family = tuple[str, tuple[tuple[str, str], ...]]
"""Model and parameters: cells of one family differ in N (or in the finder or the seed) only."""
NO_PARAMETERS = frozenset(
    ["n", "seed", "finder", "spec", "cell_hash", "landscapes_failed", "model", "radii", "featureType"]
)
"""Attributes of a cell that are no parameters of its model."""
BODY = "body"
"""The attribute that cells have whose body isn't the census."""


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
        manifolds = self.registered is not None and "orbits" in self.registered.columns
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

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Which indices its finder looked for, shape (levels,): of a search of low indices the lowest, and
        their mirror images where H is odd."""
        if "state_by_index" not in self.stored:
            return np.ones(self.levels, dtype=bool)
        sought = (self.stored["state_by_index"].values != UNSOUGHT).any(axis=0)
        sought[0] = True  # also where no landscape was computed
        return sought

    @property
    def sought(self) -> int | None:
        """The highest of the low indices that its finder looked for; None if it looked for all points. Where
        H is odd the upper half are images of the lower."""
        if "state_by_index" not in self.stored:
            return None
        highest = (self.levels - 1) // (1 + self.symmetry.odd)
        return min(int(np.append(self.known, False).argmin()) - 1, highest)

    @cached_property
    def closed(self) -> NDArray[np.bool_]:
        """Whether all points of an index are there, as the ledger has it, in each landscape that has a
        number, shape (landscapes, levels)."""
        if self.sought is not None:
            return self.dataset["state_by_index"].values == INDEX_CLOSED
        complete = self.dataset["status"].values == COMPLETE
        return np.repeat(complete[:, None], self.levels, axis=1)

    @property
    def model(self) -> str:
        """Name of the model."""
        return str(self.stored.attrs.get("model", ""))

    @cached_property
    def registered(self) -> Model | None:
        """What is registered of the model; None without its plugin, and with another version of that."""
        known = MODELS.get(self.model)
        if known is None or not known.digest:
            return known
        spec = json.loads(self.stored.attrs.get("spec", "{}"))
        return known if spec.get("plugin") == known.digest else None

    @property
    def radii_proven(self) -> bool:
        """Whether radii of points rest on a bound, and aren't estimates."""
        return "radii" not in self.stored.attrs

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the model as the study has them."""
        known, attrs = self.registered, self.stored.attrs
        return {} if known is None else {name: attrs[name] for name in known.parameters if name in attrs}

    @property
    def topics(self) -> tuple[str, ...]:
        """Anchors of the sections of the report that are about its model."""
        return () if self.registered is None else self.registered.topics

    @cached_property
    def symmetry(self) -> Symmetry:
        """Sign changes that relate the critical points."""
        model = "" if self.registered is None else self.model
        parameters = self.parameters
        if self.registered is not None and self.registered.content_of is not None:
            attrs = self.stored.attrs
            parameters |= {name: attrs[name] for name in ("xi_like", "sizes") if name in attrs}
        return symmetry_of(model, parameters, self.n)

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
        attrs = self.stored.attrs
        parameters = {key: str(value) for key, value in attrs.items() if key not in NO_PARAMETERS}
        return str(attrs.get("model", "")), tuple(sorted(parameters.items()))

    @property
    def draw(self) -> tuple[str, ...]:
        """What its random numbers are keyed by: cells with the same draw aren't independent."""
        model, parameters = self.family
        seed, size = str(self.stored.attrs.get("seed", "")), str(self.n)
        if self.registered is not None and self.registered.draws is not None:
            return (self.registered.draws, seed, size)
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
        return Theory() if self.registered is None else theory_of(self.model, self.parameters)

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


@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """A run with its cells and its provenance.

    Attributes:
        others: cells that are no census.
        unfinished: of a run that isn't done, landscapes committed and planned of each cell; empty if it is.
    """

    name: str
    cells: tuple[Cell, ...]
    provenance: Mapping[str, Any]
    others: tuple[OtherCell, ...] = ()
    unfinished: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def __repr__(self) -> str:
        specs = [(cell.model, cell.n) for cell in self.cells]
        specs += [(cell.spec["model"], cell.spec["n"]) for cell in self.others]
        models, sizes = dict.fromkeys(model for model, _ in specs), sorted({n for _, n in specs})
        others = f", {len(self.others)} of other bodies in .others" if self.others else ""
        held = sum(cell.held for cell in self.cells)
        held += sum(cell.held for cell in self.others)
        points = sum(cell.stored.sizes["row"] for cell in self.cells)
        lines = (
            f"study {self.name}: {len(self.cells)} censuses in .cells, each with a .dataset{others}",
            f"{', '.join(models)}; n = {', '.join(map(str, sizes))}",
            f"{held} landscapes, {points} critical points",
            f"{self.provenance.get('dataset', '')}, seed {self.provenance.get('seed', '')}",
        )
        return "\n".join(lines)


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
    return study_of(run, checked_path(store, check))


def study_of(run: Run, path: str) -> Study:
    """The cells of a run in a dataset of it at a path or URL, lazily."""
    names = set(group_names(path))
    held = [layout for layout in run.manifest.cells if layout.id in names]
    read = [cell_of(layout, open_group(path, layout.id, layout.tables)) for layout in held]
    cells = tuple(cell for cell in read if isinstance(cell, Cell))
    others = tuple(cell for cell in read if isinstance(cell, OtherCell))
    missing = [layout.id for layout in run.manifest.cells if layout.id not in names]
    return Study(run.manifest.name, cells, provenance_of(run, path, missing), others)


def cell_of(layout: CellLayout, group: xr.Dataset) -> Cell | OtherCell:
    """A cell as the report reads it: its group, with columns that the dataset leaves out because nothing is
    known in them.
    """
    data = with_unknown(group, layout.tables, layout.sizes)
    if BODY in layout.attrs:
        return OtherCell(layout.id, str(layout.attrs[BODY]), layout.spec, data)
    ambient = int(layout.sizes.get("component", 0))
    return Cell(layout.id, data, layout.padded, _finder(layout.spec), ambient)


def _finder(spec: Mapping[str, Any]) -> str:
    options = spec.get("finder_options")
    return (
        f"{spec.get('finder', '')} {json.dumps(options if isinstance(options, dict) else {}, sort_keys=True)}"
    )
