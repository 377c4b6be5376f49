"""The report of a run: one self-contained page, figures as SVG and PNG, tables as CSV."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from morsecensus.analysis.agreement.residuals import TestResult, uniformity_test
from morsecensus.analysis.dataset.cells import Cell, Family, Study, finder_labels, open_study
from morsecensus.analysis.drawing import draw_family, draw_p_values
from morsecensus.analysis.estimates.counts import COMPLETE
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import (
    HtmlTable,
    Part,
    contents,
    heading,
    note,
    paragraph,
    picture,
    render,
)
from morsecensus.analysis.results import FamilyResult, family_edges, family_title, measure_cell
from morsecensus.analysis.sections import family_parts, rejected_table, verdict_table
from morsecensus.analysis.study_sections import SECTIONS
from morsecensus.analysis.tables import LEVEL, Row, all_rows, cell_rows, label, verdict_rows, write_csv
from morsecensus.analysis.topics.audit.figure import draw_audit
from morsecensus.analysis.topics.audit.measure import audit_cells
from morsecensus.analysis.topics.audit.section import audit_anchor, audit_parts, contents_entries
from morsecensus.analysis.topics.audit.tables import audit_rows
from morsecensus.analysis.topics.degenerate import section as degenerate_section
from morsecensus.analysis.topics.degenerate.measure import degenerate_rows
from morsecensus.analysis.topics.degenerate.measure import find as find_degenerate
from morsecensus.analysis.topics.topology.measure import draw_topology, measure_topology, topology_rows
from morsecensus.analysis.topics.topology.section import topology_parts
from morsecensus.storage.fresh_folder import fresh_folder

PAGE = "report.html"


def write_report(store: str, out: str | Path, check: str = "sizes") -> Path:
    """Write the report of a run and return the path of its page.

    Args:
        store: path or URL of the run; its current dataset is read.
        out: folder, made if needed: ``report.html``, ``figures/`` (SVG and PNG), ``tables/`` (CSV). Files of
            an earlier report are gone when this one is whole, and stay if it fails; other files stay.
        check: of the dataset before anything is written, "sizes" or "crc".

    Raises:
        StoreError: there is no run, no dataset yet, or one with a missing or damaged object, or a file of the
            user's is in the way.
        OSError: the folder can't be written.
    """
    study = open_study(store, check)
    with fresh_folder(Path(out)) as folder:
        _write_into(folder, study)
    return Path(out) / PAGE


def _write_into(folder: Path, study: Study) -> None:
    for part in ("figures", "tables"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    families, audits = measure_study(study), audit_cells(study.cells)
    degenerate = find_degenerate(study.cells)
    table = cell_rows(
        [result for family in families for result in family.cells],
        [cell for cell in study.cells if not cell.landscapes],
    )
    topology = [measure_topology([result.cell for result in family.cells]) for family in families]
    topology_tables = topology_rows([found for found in topology if found is not None])
    sections = [(section, section.find(families)) for section in SECTIONS]
    more_tables = [table for section, found in sections for table in section.tables(found)]
    own_tables = [("cells", table), ("without_number", degenerate_rows(degenerate))]
    for name, rows in (
        *own_tables,
        *all_rows(families),
        *audit_rows(audits),
        *topology_tables,
        *more_tables,
    ):
        write_csv(folder / "tables" / f"{name}.csv", rows)
    verdicts = verdict_rows([result for family in families for result in family.cells])
    parts = [
        *_opening(
            study,
            families,
            table,
            degenerate_section.entries(degenerate),
            [
                *contents_entries(audits, [family_title(audit.family) for audit in audits]),
                *(entry for section, found in sections for entry in section.entries(found)),
            ],
            verdicts,
        ),
        *_study_table(study, table),
        *degenerate_section.parts(degenerate),
        *_verdicts(verdicts, study.cells, folder / "figures"),
    ]
    for number, (family, found) in enumerate(zip(families, topology, strict=True)):
        figures = draw_family(family, folder / "figures", _anchor(number))
        left_out = degenerate_section.remark(degenerate, [result.cell.name for result in family.cells])
        parts += family_parts(family, {d.topic: d.vector for d in figures}, _anchor(number), left_out)
        if found is not None:
            figures = draw_topology(found, folder / "figures", _anchor(number))
            parts += topology_parts(found, {d.topic: d.vector for d in figures})
    for number, audit in enumerate(audits):
        name = audit_anchor(number)
        drawings = draw_audit(audit, folder / "figures", name)
        parts += audit_parts(audit, family_title(audit.family), drawings, name)
    for section, found in sections:
        parts += section.parts(found, folder / "figures")
    parts += _provenance(study.provenance)
    text = render(f"Census report: {study.name}", parts)
    (folder / PAGE).write_text(text, encoding="utf-8")


def measure_study(study: Study) -> list[FamilyResult]:
    """Measure every cell that has landscapes with a number, grouped into families and sorted by N."""
    groups: dict[tuple[Family, str], list[Cell]] = {}
    apart = finder_of_family(study.cells)
    for cell in study.cells:
        if not cell.landscapes:
            continue
        groups.setdefault((cell.family, apart.get(cell.name, "")), []).append(cell)
    families = []
    for (family, finder), cells in groups.items():
        cells.sort(key=lambda cell: (cell.n, cell.name))
        edges = family_edges(cells)
        results = tuple(measure_cell(cell, edges) for cell in cells)
        families.append(FamilyResult(family, results, finder))
    return families


def finder_of_family(cells: Sequence[Cell]) -> dict[str, str]:
    """Name of a cell -> its finder, for families that hold one N with several finders: a curve over N that
    jumps between finders says nothing. A sweep that changes its finder with N stays one family."""
    labels = finder_labels(cells)
    finders: dict[tuple[Family, int], set[str]] = {}
    for cell in cells:
        finders.setdefault((cell.family, cell.n), set()).add(cell.finder)
    mixed = {family for (family, _), found in finders.items() if len(found) > 1}
    return {cell.name: labels[cell.finder] for cell in cells if cell.family in mixed}


def _anchor(number: int) -> str:
    return f"family-{number + 1}"


def _opening(
    study: Study,
    families: Sequence[FamilyResult],
    table: Sequence[Row],
    first: Sequence[tuple[str, str]],
    more: Sequence[tuple[str, str]],
    verdicts: Sequence[Row],
) -> list[Part]:
    landscapes, points = (sum(row[name] for row in table) for name in ("landscapes", "points"))
    text = (
        f"{points:,} critical points in {landscapes:,} landscapes, {len(table)} cells. Every number "
        "here stands beside the exact mean of the Kac-Rice formula at the same N where one is known, and "
        "every mean beside what incomplete landscapes may have hidden. All numbers of the page are in "
        "tables/ in full."
    )
    entries = [("cells", "The study, cell by cell"), *first, ("agreement", "Agreement with exact theory")]
    entries += [(_anchor(number), family.title) for number, family in enumerate(families)]
    entries += more
    entries.append(("provenance", "Provenance"))
    headline = _headline(verdicts, repeated_cells(study.cells))
    parts = [heading(f"Census report: {study.name}", 1), paragraph(text), headline]
    absent = study.provenance["cells_without_data"]
    if absent:
        parts.append(note(f"No data yet for {', '.join(absent)}: run the study again.", "bad"))
    return [*parts, contents(entries)]


def _headline(verdicts: Sequence[Row], repeated: set[str]) -> Part:
    tested = [row for row in verdicts if row["p_value"] is not None]
    if not tested:
        return note("No test against exact theory could be made: too few landscapes, or no theory.")
    bad = sum(row["verdict"] == "disagrees" for row in tested)
    doubt = sum(row["verdict"] == "undecided" for row in tested)
    least = min(row["p_value"] for row in tested)
    text = (
        f"{len(tested)} tests against exact theory at a joint level of {LEVEL:g} (Holm): {bad} disagree, "
        f"{doubt} undecided. Smallest p-value {r.probability(least)}, "
        f"{r.probability(min(1.0, least * len(tested)))} after Bonferroni's correction."
    )
    again = sum(row["cell"] in repeated and row["verdict"] != "agrees" for row in tested)
    if again:
        text += (
            f" {again} of those in doubt are of cells whose landscapes another cell found more completely."
        )
    return note(text, "bad" if bad else "" if doubt else "good")


def _study_table(study: Study, rows: Sequence[Row]) -> list[Part]:
    finders = finder_labels(study.cells)
    titles = (
        "cell",
        "model",
        "N",
        "landscapes",
        "points",
        "complete",
        "open",
        "failed",
        "starts",
        "finder",
    )
    texts = [
        (
            row["cell"],
            label(row),
            str(row["n"]),
            f"{row['landscapes']:,}",
            f"{row['points']:,}",
            r.percent(row["complete"]),
            r.percent(row["open"]),
            r.percent(row["failed"]),
            f"{row['starts']:,}",
            finders[row["finder"]],
        )
        for row in rows
    ]
    return [heading("The study, cell by cell", 2, "cells"), HtmlTable(titles, texts, "", (0, 1, 9)).part()]


def repeated_cells(cells: Sequence[Cell]) -> set[str]:
    """Names of cells whose landscapes another cell has too: of those, all but the most complete one.

    Their tests say what each finder is worth, but p-values of the same landscapes aren't independent.
    """
    groups: dict[tuple[Family, str, int], list[Cell]] = {}
    for cell in cells:
        seed = str(cell.dataset.attrs.get("seed", ""))
        groups.setdefault((cell.family, seed, cell.n), []).append(cell)
    best = {max(group, key=_completeness).name for group in groups.values()}
    return {cell.name for cell in cells} - best


def _completeness(cell: Cell) -> int:
    return int((cell.dataset["status"].values == COMPLETE).sum())


def independent_p_values(rows: Sequence[Row], cells: Sequence[Cell]) -> list[float]:
    """P-values of the count tests, of one cell for each set of couplings: the first one that was tested.

    Cells of a field sweep, and all spherical models of one seed and N, are made of the same normal numbers
    (see `tasks.landscapes.spin`): taken as independent they make a right theory look wrong far too often.

    Args:
        rows: of `analysis.tables.verdict_rows`, each landscape by one finder only.
        cells: of the study.
    """
    draws = {cell.name: cell.draw for cell in cells}
    first: dict[tuple[str, ...], float] = {}
    for row in rows:
        if row["test"] == "counts by index" and row["p_value"] is not None:
            first.setdefault(draws[row["cell"]], row["p_value"])
    return list(first.values())


def _verdicts(rows: Sequence[Row], cells: Sequence[Cell], figures: Path) -> list[Part]:
    repeated = repeated_cells(cells)
    parts = [heading("Agreement with exact theory", 2, "agreement")]
    if not rows:
        return [*parts, note("No cell has exact theory to be tested against.")]
    parts.append(
        paragraph(
            "Counts by index are tested jointly (Hotelling's T² over landscapes, without the direction "
            "that the Morse sum fixes), energies by mean and spread at every index and by their law in "
            "equally likely bins, Hessian spectra by features and by the law of the smallest eigenvalue "
            "against exact samples. Landscapes are the independent units throughout, since the points of "
            "one landscape are correlated. A cell is marked only where a test rejects after Holm's "
            "correction over the whole study."
        )
    )
    once = [row for row in rows if row["cell"] not in repeated]
    counts = [row["p_value"] for row in once if row["test"] == "counts by index"]
    others = [row["p_value"] for row in once if row["test"] != "counts by index"]
    drawn = draw_p_values(_known(counts), _known(others), figures)
    if drawn is not None:
        text = (
            "Sorted p-values: near the diagonal if theory holds and the errors are right. Cells that share "
            "couplings, such as those of a field sweep, leave it together."
        )
        parts.append(picture(drawn, "Sorted p-values of all tests against uniform quantiles", text))
    parts.append(paragraph(_uniform_text(uniformity_test(independent_p_values(once, cells)))))
    if repeated:
        text = (
            f"Left out of both: {', '.join(sorted(repeated))}, whose landscapes another cell found more "
            "completely (or as completely): their p-values would count the same landscapes again."
        )
        parts.append(note(text))
    return [*parts, *rejected_table(rows), *verdict_table(rows)]


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _uniform_text(found: TestResult) -> str:
    if found.p_value is None:
        return f"Uniformity of the p-values over cells is not testable: {found.note}."
    return (
        f"Uniformity of the count tests' p-values over {found.landscapes} cells, one of each set of "
        "couplings that cells share (Kolmogorov-Smirnov): "
        f"p = {r.probability(found.p_value)}."
    )


def _provenance(provenance: Mapping[str, Any]) -> list[Part]:
    rows = [
        ("study", str(provenance["study"])),
        ("dataset", str(provenance["dataset"])),
        ("seed", str(provenance["seed"])),
        *((f"software: {name}", str(version)) for name, version in provenance["software"].items()),
    ]
    for number, environment in enumerate(provenance["environments"]):
        for name, value in environment.items():
            shown = json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else str(value)
            rows.append((f"environment {number}: {name}", shown))
    parts = [heading("Provenance", 2, "provenance")]
    parts.append(
        paragraph(
            "The study is a pure function of its text, its seed and the environment: `morsecensus verify "
            "--deep` computes a sample of it again."
        )
    )
    return [*parts, HtmlTable(("what", "value"), rows, "", (0, 1)).part()]
