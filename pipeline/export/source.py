"""What is exported: a finished run, its dataset, and what its record says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.check import status
from morsecensus.pipeline.study.about import About
from morsecensus.pipeline.study.checked import validated
from morsecensus.pipeline.worker.bodies import word_of
from morsecensus.storage.dataset import checked_path
from morsecensus.storage.layout import CellLayout
from morsecensus.storage.store import Run, open_run

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Source:
    """A run whose dataset is whole.

    Attributes:
        path: of its dataset.
        attributes: of the root of that, in words of CF and ACDD.
    """

    run: Run
    path: str
    attributes: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Of the study."""
        return self.run.manifest.name

    @property
    def cells(self) -> tuple[CellLayout, ...]:
        """Its cells, in the order of the study."""
        return self.run.manifest.cells

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """What the study says of itself; raises UsageError if that is no table [about]."""
        found = self.run.manifest.study.get("about", {})
        return validated(About, found, f"{self.run.url}: run.json: about", ".").to_record()

    @property
    def day(self) -> str:
        """On which the run began; of stores that don't say it, the first day of 1970."""
        return self.run.manifest.begun or "1970-01-01"

    @property
    def title(self) -> str:
        """Of the dataset."""
        return str(self.attributes["title"])

    @property
    def keywords(self) -> list[str]:
        """What it is about."""
        return [word for word in str(self.attributes.get("keywords", "")).split(", ") if word]

    def group(self, cell: CellLayout) -> "xr.Dataset":
        """The group of a cell, as it is stored; not loaded."""
        from morsecensus.analysis.dataset.groups import open_group

        return open_group(self.path, cell.id, cell.tables)

    @cached_property
    def lines(self) -> "list[dict[str, Any]]":
        """What there is in each cell: the table at the root, by words, with reasons of the status."""
        return [self._line(cell) for cell in self.cells]

    def _line(self, cell: CellLayout) -> dict[str, Any]:
        data = self.group(cell)
        counts = {name: _words(data[name]) for name in ("status", "reason") if name in data}
        degenerate = data["n_degenerate"].values if "n_degenerate" in data else np.zeros(0)
        return {
            "group": cell.id,
            "model": cell.spec["model"],
            "parameters": dict(cell.spec["parameters"]),
            "n": cell.spec["n"],
            "body": word_of(cell.body),
            "finder": cell.spec.get("finder"),
            "landscapes": cell.padded,
            "points": int(data.sizes.get("row", 0)),
            "degenerate": int((degenerate > 0).sum()),
            **counts,
        }


def _words(codes: "xr.DataArray") -> dict[str, int]:
    """How often each word stands in a column of codes."""
    words = dict(zip(codes.attrs["flag_values"], codes.attrs["flag_meanings"].split(), strict=True))
    values, counts = np.unique(codes.values, return_counts=True)
    return {words.get(int(value), "unknown"): int(count) for value, count in zip(values, counts, strict=True)}


def read_source(store: str) -> Source:
    """Return what a store has to export, every object of its dataset read and compared.

    Raises StoreError if there is no run or its dataset is damaged, UsageError if it isn't finished.
    """
    from morsecensus.analysis.dataset.groups import open_group

    found = status(store)
    if not found["finished"]:
        done = sum(cell["committed"] for cell in found["cells"])
        planned = sum(cell["blocks"] for cell in found["cells"])
        raise UsageError(
            f"{store}: got a run that is not finished, {done} of {planned} blocks are done, allowed: a "
            "finished one; the same `morsecensus run` goes on with it"
        )
    path = checked_path(store, "crc")
    return Source(open_run(store), path, open_group(path, "").attrs)
