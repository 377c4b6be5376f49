"""Measured against predicted: any studies, every cell, every test.

    python -m benchmarks.landscapes FIGURES STORE... > docs/landscapes.md

Each STORE holds a run of a study of the page. Everything printed is computed here from the datasets; the
figures of the report's sections are written to FIGURES.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.validation import table
from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.agreement.verdicts import judge
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.results import CellResult, FamilyResult, StudyResult, cell_tests, measure_study
from morsecensus.analysis.topics.base import chapter_of
from morsecensus.analysis.topics.floors.section import GroundState
from morsecensus.analysis.topics.minima.measure import expected_share, find, measured_share, share_rows
from morsecensus.analysis.topics.minima.section import Minima
from morsecensus.analysis.topics.rows import head, label
from morsecensus.analysis.topics.verdicts.measure import verdict_rows

HEAD = """# Landscapes, measured against predicted

Written by `python -m benchmarks.landscapes FIGURES STORE...` from runs of the studies named below
(`examples/`). Means are over all planned landscapes, with one standard error; *theory* is the exact mean at
the same N, with its own error where it is sampled. *Smallest p* is that of all tests of a cell (counts by
index, energies, Hessian spectra, coupling variance; see [validation.md](validation.md)), before correction.
"""


def one_row(result: CellResult) -> list[str]:
    """A cell: points, minima, and their theory."""
    counts, means = result.counts, result.expected
    known = [judged.result.p_value for judged in result.judged if judged.result.p_value is not None]
    row = [label(head(result.cell)), str(result.n), f"{result.cell.landscapes:,}"]
    row += [f"{100 * float(counts['complete']):.0f}%"]
    theory: list[tuple[float, float] | None] = [None, None]
    if means is not None:
        theory[0] = means.total, means.total_se
        if means.by_index is not None and means.by_index_se is not None:
            theory[1] = float(means.by_index[0]), float(means.by_index_se[0])
    measured = [
        (float(counts["total"]), float(counts["total_se"])),
        (float(counts["mean"][0]), float(counts["se"][0])),
    ]
    for (mean, error), exact in zip(measured, theory, strict=True):
        row += [r.estimate(mean, error), "-" if exact is None else _theory(*exact), _z(mean, error, exact)]
    return [*row, f"{min(known):.2g}" if known else "-"]


def _theory(value: float, error: float) -> str:
    return r.estimate(value, error) if error else f"{value:.5g}"


def _z(mean: float, error: float, exact: tuple[float, float] | None) -> str:
    if exact is None:
        return "-"
    spread = float(np.hypot(error, exact[1]))
    return f"{(mean - exact[0]) / spread:+.1f}" if spread > 1e-12 else "-"


def study_lines(name: str, families: Sequence[FamilyResult]) -> Iterator[str]:
    """A study: its table, and what its tests say together."""
    yield f"\n## {name}\n"
    titles = ["model", "N", "landscapes", "closed", "points", "theory", "z"]
    titles += ["minima", "theory", "z", "smallest p"]
    results = [result for family in families for result in family.cells]
    yield from table(titles, [one_row(result) for result in results])
    tested = [row for row in verdict_rows(judge(cell_tests(results))) if row["p_value"] is not None]
    if tested:
        bad = sum(row["verdict"] != "agrees" for row in tested)
        least = min(row["p_value_holm"] for row in tested)
        yield (
            f"\n{len(tested)} tests, {bad} rejected at a joint level of {LEVEL:g}; smallest p after Holm's "
            f"correction {least:.2g}."
        )


def share_lines(families: Sequence[FamilyResult]) -> Iterator[str]:
    """The fraction of minima, and the chi^2 of the laws that are quoted for it."""
    found = find(families)
    if found is None:
        return
    rows = [row for row in share_rows(found) if row["z"] is not None]
    for name, key in (("theory", "z"), ("2^-d", "z_independent_signs")):
        total = sum(row[key] ** 2 for row in rows)
        yield f"\nFraction of minima against {name}: chi^2 = {total:.4g} for {len(rows)} cells."
    for family in found.families:
        cells = [cell for cell in family.cells if cell.cell.points]
        measured = [measured_share(c.cell.dataset["points_by_index"].values.astype(float)) for c in cells]
        text = ", ".join(
            f"{share:.4f} +- {error:.4f} ({expected[0]:.4f}) at d = {cell.cell.levels - 1}"
            for (share, error), cell in zip(measured, cells, strict=True)
            if (expected := expected_share(cell)) is not None
        )
        yield f"\n{label(head(cells[0].cell))}: {text}."


def main(figures: str, *stores: str) -> None:
    print(HEAD, end="")
    for store in stores:
        study = open_study(store)
        families = measure_study(study)
        print("\n".join(study_lines(study.name, families)))
        print("\n".join(share_lines(families)))
        with TemporaryDirectory() as folder:
            for topic in (Minima(), GroundState()):
                entries, _ = chapter_of(topic, StudyResult(study, tuple(families))).write(Path(folder))
                for anchor, title in entries:
                    name = f"{study.name}-{anchor}.png"
                    copyfile(Path(folder) / f"{anchor}.png", Path(figures) / name)
                    print(f"\n![{title}](figures/{name})")


if __name__ == "__main__":
    main(*sys.argv[1:])
