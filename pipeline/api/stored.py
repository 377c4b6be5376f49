"""What a run has stored, as Python users see it: cells, each with tables that become data frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from morsecensus.pipeline.worker.bodies import word_of
from morsecensus.storage.layout import CellLayout

if TYPE_CHECKING:
    import xarray as xr

    from morsecensus.analysis.dataset.cells import Cell, Study
    from morsecensus.analysis.dataset.others import OtherCell
    from morsecensus.analysis.theory.base import Theory

POINTS, LANDSCAPES, ARCS, PAIRS = "row", "landscape", "arc", "pair"


@dataclass(frozen=True, eq=False, repr=False)
class StoredCell:
    """One point of a study's grid.

    Attributes:
        name: of its group in the dataset, such as c0003.
        read: the same as the report reads it.
        layout: what ``run.json`` says of it.
        group: its group, of a dataset without its run; not loaded.
    """

    name: str
    read: "Cell | OtherCell"
    layout: CellLayout
    group: "xr.Dataset | None" = None

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.layout.spec["model"]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of the model."""
        return self.layout.spec["parameters"]

    @property
    def n(self) -> int:
        """The study's n."""
        return self.layout.spec["n"]

    @property
    def body(self) -> str:
        """What computed it: census, flow, threshold, shares, escapes, trajectories, networks."""
        return word_of(self.layout.body)

    @property
    def theory(self) -> "Theory":
        """What is known exactly of the model with these parameters; of a census."""
        from morsecensus.analysis.dataset.cells import Cell
        from morsecensus.analysis.theory.base import Theory

        return self.read.theory if isinstance(self.read, Cell) else Theory()

    @cached_property
    def stored(self) -> "xr.Dataset":
        """The group as it is in the dataset, codes and all, nothing left out; not loaded."""
        from morsecensus.analysis.dataset.groups import open_group

        if self.group is not None:
            return self.group
        return open_group(self._whole.encoding["source"], self.name, self.layout.tables)

    @property
    def dataset(self) -> "xr.Dataset":
        """What estimates are of: of a census, the landscapes that have a number of critical points, with
        columns that nothing is known in; as it is stored, not loaded.
        """
        return getattr(self.read, "dataset", self._whole)

    @property
    def _whole(self) -> "xr.Dataset":
        from morsecensus.analysis.dataset.cells import Cell

        return self.read.stored if isinstance(self.read, Cell) else self.read.data

    @property
    def points(self) -> "xr.Dataset":
        """A line a critical point: energy, index, ..., and the landscape that it belongs to."""
        return self.table(POINTS)

    @property
    def landscapes(self) -> "xr.Dataset":
        """A line a landscape: status, number of points, ...; all landscapes, with a number or without."""
        return self.table(LANDSCAPES)

    @property
    def by_index(self) -> "xr.Dataset":
        """A line a landscape and Morse index: points found, coverage, ..."""
        return self.table(LANDSCAPES, "morse_index")

    def table(self, *dimensions: str) -> "xr.Dataset":
        """Return the columns that have exactly these dimensions, loaded when they are used: words for codes,
        nan for unknown. ``to_dataframe`` of it has a line for each combination, and no more.

        Args:
            dimensions: such as "row", "landscape", "arc", "pair"; "row", "eigenvalue" are the spectra.

        Raises KeyError if no column of the cell has one of them.
        """
        from morsecensus.analysis.dataset.columns import columns_of
        from morsecensus.analysis.dataset.tidy import tidy

        unknown = set(dimensions) - set(map(str, self.stored.dims))
        if unknown:
            known = ", ".join(sorted(map(str, self.stored.dims)))
            raise KeyError(f"{self.name} has no dimension {', '.join(sorted(unknown))}, only {known}")
        owners = {table.instance: "landscape" for table in self.layout.ragged}
        return tidy(self.stored, columns_of(self.layout.tables), dimensions, owners)

    def __repr__(self) -> str:
        sizes = self.stored.sizes
        parameters = ", ".join(f"{name} = {value}" for name, value in self.parameters.items())
        points = f", {sizes[POINTS]} points" if POINTS in sizes else ""
        tables = [f".table({', '.join(map(repr, dims))})" for dims in self._dimensions()]
        return "\n".join(
            (
                f"cell {self.name}: {self.body}, {self.model}, {parameters}, n = {self.n}",
                f"{sizes[LANDSCAPES]} landscapes{points}",
                f"tables: {', '.join(tables)}",
                ".points, .landscapes, .by_index name those of a census; .dataset is xarray as stored",
            )
        )

    def _dimensions(self) -> list[tuple[str, ...]]:
        columns = (v for name, v in self.stored.variables.items() if name not in self.stored.dims)
        found = dict.fromkeys(tuple(map(str, variable.dims)) for variable in columns)
        return sorted(found, key=lambda dims: (len(dims), dims[0] != POINTS, dims))


@dataclass(frozen=True, eq=False, repr=False)
class StoredStudy:
    """A run with its cells, in the order of the study.

    Attributes:
        read: the same as the report reads it, with the provenance.
    """

    cells: tuple[StoredCell, ...]
    read: "Study"

    @property
    def name(self) -> str:
        """Of the study."""
        return self.read.name

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Software, environments, seed, dataset."""
        return self.read.provenance

    def __getitem__(self, name: str) -> StoredCell:
        return next((cell for cell in self.cells if cell.name == name), None) or self._refuse(name)

    def _refuse(self, name: str) -> StoredCell:
        raise KeyError(f"{name}: no such cell, only {', '.join(cell.name for cell in self.cells)}")

    def __repr__(self) -> str:
        *_, last = repr(self.read).splitlines()
        sizes = ", ".join(map(str, sorted({cell.n for cell in self.cells})))
        landscapes = sum(cell.layout.padded for cell in self.cells)
        lines = (
            f"study {self.name}: {len(self.cells)} cells in .cells, each with .points and .landscapes",
            f"{', '.join(dict.fromkeys(cell.model for cell in self.cells))}; n = {sizes}",
            f"{landscapes} landscapes, {sum(cell.stored.sizes.get(POINTS, 0) for cell in self.cells)} points",
            last,
        )
        return "\n".join(lines)
