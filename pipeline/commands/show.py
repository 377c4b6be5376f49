"""``morsecensus show``: what a store holds, from its record and its markers."""

from typing import Any

from morsecensus.pipeline.run.check import status
from morsecensus.pipeline.worker.bodies import word_of
from morsecensus.storage.layout import CellLayout
from morsecensus.storage.store import open_run


def contents(store: str) -> dict[str, Any]:
    """Return what is in a store, JSON-ready: study, software, environments, cells, dataset.

    Raises StoreError if there is no run.
    """
    manifest = open_run(store).manifest
    found = status(store)
    counted = {row["cell"]: row for row in found["cells"]}
    return {
        "store": store,
        "name": manifest.name,
        "seed": manifest.study.get("seed"),
        "begun": manifest.begun,
        "software": dict(manifest.software),
        "environments": len(manifest.generations),
        "finished": found["finished"],
        "dataset": found["dataset"],
        "cells": [_cell(cell, counted[cell.id]) for cell in manifest.cells],
    }


def _cell(cell: CellLayout, counted: dict[str, Any]) -> dict[str, Any]:
    spec = cell.spec
    kept = {name: spec[name] for name in ("topology", "positions", "spectra") if name in spec}
    return {
        "cell": cell.id,
        "model": spec["model"],
        **spec["parameters"],
        "n": spec["n"],
        "body": word_of(cell.body),
        **({"finder": spec["finder"]} if "finder" in spec else {}),
        **kept,
        "landscapes": cell.landscapes,
        "done": counted["landscapes"] * counted["committed"] // max(1, counted["blocks"]),
        "points": counted["points"],
        "columns": sum(len(table.streamed) for table in cell.tables),
    }


def lines(found: dict[str, Any]) -> list[str]:
    """Return what is to be said below the cells."""
    software = ", ".join(f"{name} {version}" for name, version in found["software"].items())
    begun = f"begun {found['begun']}".strip()
    several = f", in {found['environments']} environments" if found["environments"] > 1 else ""
    dataset = found["dataset"] and f"{found['store'].rstrip('/')}/{found['dataset']}"
    return [
        f"seed {found['seed']}; {begun} with {software}{several}",
        f"dataset: {dataset or 'none yet'}{'' if found['finished'] else ' (not finished)'}",
        f"columns: morsecensus columns {found['store']}",
    ]
