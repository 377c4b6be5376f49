"""Where a dataset comes from, as its run says."""

from typing import Any

from morsecensus.storage.store import Run


def provenance_of(run: Run, path: str, missing: list[str]) -> dict[str, Any]:
    """Study, its first day, dataset, seeds, software and environments, and the cells without data."""
    manifest = run.manifest
    seeds = sorted({str(cell.spec.get("seed", "")) for cell in manifest.cells})
    return {
        "study": manifest.name,
        "begun": manifest.begun,
        "dataset": path.rpartition("/")[2],
        "seed": ", ".join(seeds),
        "software": dict(manifest.software),
        "environments": [
            {"fingerprint": generation.fingerprint, **dict(generation.environment)}
            for generation in manifest.generations
        ],
        "cells_without_data": missing,
    }
