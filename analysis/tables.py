"""The numbers of the report as rows: CSV files hold them in full, the page rounds them."""

import csv
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from morsecensus.analysis.agreement.residuals import holm
from morsecensus.analysis.dataset.cells import Cell, short_digests
from morsecensus.analysis.estimates.counts import summarise_ledger
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.tasks.measurables.words import STATUSES

Row = dict[str, Any]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a field begins that spreadsheets compute."""
LEVEL = 0.01
"""Of the study as a whole, after Holm's correction."""


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows of one shape; unknown (None, nan, inf) is an empty field.

    Text that a spreadsheet would take for a formula gets an apostrophe before it: names may be anybody's.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if rows:
            writer.writerow(rows[0])
        writer.writerows([_plain(value) for value in row.values()] for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return ""
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def _is_formula(text: str) -> bool:
    if not text.startswith(FORMULA):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return "\t" in text or "\r" in text


def head(cell: Cell) -> Row:
    """What every row of a cell begins with."""
    parameters = dict(cell.family[1])
    return {
        "cell": cell.name,
        "model": cell.family[0],
        "xi": parameters.get("xi", ""),
        "field": parameters.get("field", ""),
        "parameters": ", ".join(f"{k} = {v}" for k, v in parameters.items() if k not in ("xi", "field")),
        "n": cell.n,
    }


def label(row: Row) -> str:
    """What tells the model of a row from the others of a study: xi and field, or model and parameters."""
    field = float(row["field"] or 0)
    parts = [row["xi"] or row["model"]] if row["model"] == "pspin" else [row["model"], row["xi"]]
    parts += [f"field {field:g}" if field else "", short_digests(row["parameters"])]
    return ", ".join(part for part in parts if part)


def _score(value: float, error: float, exact: float | None) -> float | None:
    return (value - exact) / error if exact is not None and isfinite(error) and error > 0 else None


def cell_rows(results: Sequence[CellResult], bare: Sequence[Cell] = ()) -> list[Row]:
    """One row per cell: what it holds, and how complete it is.

    Args:
        results: of cells with landscapes that have a number.
        bare: cells without any.
    """
    rows = [_cell_row(result.cell, result.ledger, result.counts) for result in results]
    return rows + [_cell_row(cell, summarise_ledger(cell), None) for cell in bare]


def _cell_row(cell: Cell, ledger: xr.Dataset, counts: xr.Dataset | None) -> Row:
    landscapes = cell.held
    shares = {str(state): int(ledger["status"].sel(state=state)) / landscapes for state in STATUSES}
    return head(cell) | {
        "planned": cell.planned,
        "landscapes": landscapes,
        "computed": cell.computed,
        "without_number": cell.left_out,
        **shares,
        "points": int(ledger["points"]),
        "missing_bound": None if counts is None else float(counts["missing_total"]),
        "missing_plausible": None if counts is None else float(counts["plausible_missing"]),
        "coverage_lower": float(ledger["coverage_lower"]),
        "starts": int(ledger["starts"]),
        "rounds": float(ledger["rounds"]),
        "degenerate": int(ledger["degenerate"]),
        "finder": cell.finder,
    }


def count_rows(results: Sequence[CellResult]) -> list[Row]:
    """Mean counts, one row per cell and index, and one for all indices together."""
    rows = []
    for result in results:
        counts = result.counts
        for index in ("all", *range(result.cell.levels)):
            whole = index == "all"
            mean = float(counts["total"] if whole else counts["mean"][index])
            se = float(counts["total_se"] if whole else counts["se"][index])
            exact, exact_se = _theory(result, None if whole else int(index))
            rows.append(
                head(result.cell)
                | {
                    "index": index,
                    "mean": mean,
                    "se": se,
                    "exact": exact,
                    "exact_se": exact_se,
                    "z": _score(mean, float(np.hypot(se, exact_se or 0.0)), exact),
                    "open_fraction": 1 - float(counts["complete"]),
                    "missing_bound": float(counts["missing_total"] if whole else counts["missing"][index]),
                    "missing_plausible": float(counts["plausible_missing"]) if whole else None,
                }
            )
    return rows


def _theory(result: CellResult, index: int | None) -> tuple[float | None, float | None]:
    """Mean number in theory and its standard error (0 where exact): of an index, or of all if None."""
    means = result.expected
    if means is None:
        return None, None
    if index is None:
        return means.total, means.total_se
    if means.by_index is None or means.by_index_se is None:
        return None, None
    return float(means.by_index[index]), float(means.by_index_se[index])


def energy_rows(results: Sequence[CellResult]) -> list[Row]:
    """Mean and spread of the energy at each index."""
    rows = []
    for result in results:
        data = result.energies
        for index in range(result.cell.levels):
            mean, se = float(data["mean"][index]), float(data["mean_se"][index])
            exact = None if result.energy_mean is None else float(result.energy_mean[index])
            rows.append(
                head(result.cell)
                | {
                    "index": index,
                    "points": int(data["points"][index]),
                    "mean": mean,
                    "mean_se": se,
                    "exact_mean": exact,
                    "z": _score(mean, se, exact),
                    "sd": float(data["sd"][index]),
                    "sd_se": float(data["sd_se"][index]),
                    "exact_sd": None if result.energy_sd is None else float(result.energy_sd[index]),
                }
            )
    return rows


def histogram_rows(results: Sequence[CellResult]) -> list[Row]:
    """Mean numbers per landscape in each energy bin, measured and exact."""
    rows = []
    for result in results:
        data = result.histogram
        for b in range(data.sizes["bin"]):
            row = head(result.cell) | {name: float(data[name][b]) for name in ("low", "high")}
            row |= {name: float(data[name][b]) for name in ("all", "all_se")}
            row["all_exact"] = None if result.binned_all is None else float(result.binned_all[b])
            row |= {name: float(data[name][b]) for name in ("minima", "minima_se")}
            row["minima_exact"] = None if result.binned is None else float(result.binned[0, b])
            row |= {"mean_index": float(data["index"][b]), "mean_index_se": float(data["index_se"][b])}
            row["mean_index_exact"] = _exact_index(result, b)
            rows.append(row)
    return rows


def _exact_index(result: CellResult, b: int) -> float | None:
    if result.binned is None:
        return None
    column = result.binned[:, b]
    total = float(column.sum())
    return float(np.arange(len(column)) @ column) / total if total > 0 else None


def complexity_rows(families: Sequence[FamilyResult]) -> list[Row]:
    """Annealed and quenched complexities of all points and of minima."""
    rows = []
    for family in families:
        found = family.limits
        for result in family.cells:
            for kind in ("all", "minima"):
                data = result.complexity if kind == "all" else result.minima_complexity
                exact = (
                    result.total if kind == "all" else None if result.by_index is None else result.by_index[0]
                )
                finite = float(np.log(exact)) / result.cell.spins if exact else None
                name = "total" if kind == "all" else "minima_total"
                limit = None if found is None else found["complexity"][name]
                annealed, error = float(data["annealed"]), float(data["annealed_se"])
                values = {name: float(data[name]) for name in data.data_vars if name != "without"}
                rows.append(
                    head(result.cell)
                    | {"points": kind, **values, "without": int(data["without"])}
                    | {"exact": finite, "limit": limit, "z": _score(annealed, error, finite)}
                )
    return rows


def lowest_rows(results: Sequence[CellResult]) -> list[Row]:
    """Lowest energies against the first-moment law (an approximation: no test)."""
    rows = []
    for result in results:
        data, law = result.lowest, result.ground_state
        energy = data["energy"].values
        distance = None
        if law is not None and energy.size:
            expected = np.interp(energy, law.energy, law.cumulative)
            steps = np.arange(energy.size + 1) / energy.size
            distance = float(max(np.max(steps[1:] - expected), np.max(expected - steps[:-1])))
        rows.append(
            head(result.cell)
            | {
                "landscapes": int(data["landscapes"]),
                "mean": float(data["mean"]),
                "se": float(data["se"]),
                "sd": float(data["sd"]),
                "first_moment_mean": None if law is None else law.mean,
                "first_moment_sd": None if law is None else law.standard_deviation,
                "largest_distance": distance,
            }
        )
    return rows


def spectrum_rows(results: Sequence[CellResult]) -> list[Row]:
    """Densities of Hessian eigenvalues by index."""
    rows = []
    for result in results:
        for found in result.spectra:
            for b in range(len(found.density)):
                rows.append(
                    head(result.cell)
                    | {"index": found.index, "low": found.edges[b], "high": found.edges[b + 1]}
                    | {"density": found.density[b], "se": found.se[b]}
                    | {"exact": None if found.exact is None else found.exact[b]}
                    | {"semicircle": None if found.semicircle is None else found.semicircle[b]}
                )
    return rows


def ledger_rows(results: Sequence[CellResult]) -> list[Row]:
    """Statuses, reasons and checks, in landscapes."""
    rows = []
    for result in results:
        ledger = result.ledger
        row = head(result.cell) | {"landscapes": result.cell.held}
        row |= {str(s): int(v) for s, v in zip(ledger["state"].values, ledger["status"].values, strict=True)}
        for check in ledger["check"].values:
            for verdict in ledger["verdict"].values:
                value = ledger["checks"].sel(check=check, verdict=verdict)
                row[f"{check}_{verdict}"] = int(value)
        row |= {
            f"reason_{why}": int(v)
            for why, v in zip(ledger["why"].values, ledger["reason"].values, strict=True)
        }
        rows.append(row)
    return rows


def path_rows(results: Sequence[CellResult]) -> list[Row]:
    """What was followed, found and proven: one row per cell with homotopy paths."""
    rows = []
    for result in results:
        found = result.paths
        if found is not None:
            rows.append(
                head(result.cell)
                | {
                    "landscapes": found.landscapes,
                    "sampled": int(found.sampled),
                    "paths": found.paths,
                    "distinct": found.distinct,
                    "retries": found.retries,
                    "unresolved": found.unresolved,
                    "jumps": found.jumps if found.sampled else None,
                    "points": found.points,
                    "certified": found.certified,
                }
            )
    return rows


def recall_rows(results: Sequence[CellResult]) -> list[Row]:
    """Numbers from sampled paths beside those of the census, and its recall: all points, then each index."""
    rows = []
    for result in results:
        found, counts = result.paths, result.counts
        for place, recall in enumerate(found.recall if found else ()):
            assert found is not None
            whole = recall.index is None
            exact = result.total
            if not whole:
                exact = None if result.by_index is None else result.by_index[recall.index]
            rows.append(
                head(result.cell)
                | {
                    "index": "all" if whole else recall.index,
                    "number": float(found.number[place]),
                    "number_se": float(found.number_se[place]),
                    "number_lower": float(found.number_limits[0, place]),
                    "number_upper": float(found.number_limits[1, place]),
                    "census": float(counts["total"] if whole else counts["mean"][recall.index]),
                    "exact": exact,
                    "endpoints": recall.endpoints,
                    "found": recall.found,
                    "recall": recall.share,
                    "recall_se": recall.error,
                    "recall_lower": recall.lower,
                }
            )
    return rows


def sampled_energy_rows(results: Sequence[CellResult]) -> list[Row]:
    """Numbers by energy from sampled paths, beside the census and the exact means."""
    rows = []
    for result in results:
        found, exact = result.sampled, result.binned_all
        for b in range(0 if found is None else len(found.number)):
            assert found is not None
            rows.append(
                head(result.cell)
                | {"low": float(found.edges[b]), "high": float(found.edges[b + 1])}
                | {"endpoints": int(found.endpoints[b]), "number": float(found.number[b])}
                | {"lower": float(found.lower[b]), "upper": float(found.upper[b])}
                | {"census": float(found.census[b]), "exact": None if exact is None else float(exact[b])}
            )
    return rows


def verdict_rows(results: Sequence[CellResult]) -> list[Row]:
    """Every test of the study, Holm-corrected over all of them.

    ``verdict``: "agrees"; "disagrees" (rejected even if the points that open landscapes may miss were the
    most favourable ones); "undecided" (rejected, but missed points may explain it); "not testable".
    """
    found = [(result, judged) for result in results for judged in result.judged]
    adjusted = holm([judged.result.p_value for _, judged in found])
    lenient = holm([judged.result.p_missing for _, judged in found])
    rows = []
    for (result, judged), p, q in zip(found, adjusted, lenient, strict=True):
        test = judged.result
        rows.append(
            head(result.cell)
            | {
                "test": test.name,
                "landscapes": test.landscapes,
                "statistic": test.statistic,
                "dof": test.dof,
                "p_value": test.p_value,
                "p_value_if_missing": test.p_missing,
                "p_value_holm": p,
                "verdict": _verdict(p, q),
                "detectable": judged.detectable,
                "detectable_unit": judged.unit,
                "note": test.note,
            }
        )
    return rows


def _verdict(adjusted: float | None, lenient: float | None) -> str:
    if adjusted is None:
        return "not testable"
    if adjusted >= LEVEL:
        return "agrees"
    return "disagrees" if lenient is not None and lenient < LEVEL else "undecided"


def all_rows(families: Sequence[FamilyResult]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table of measured families."""
    results = [result for family in families for result in family.cells]
    yield "counts", count_rows(results)
    yield "energies", energy_rows(results)
    yield "energy_histogram", histogram_rows(results)
    yield "complexity", complexity_rows(families)
    yield "lowest", lowest_rows(results)
    yield "spectra", spectrum_rows(results)
    yield "ledger", ledger_rows(results)
    yield "paths", path_rows(results)
    yield "recall", recall_rows(results)
    yield "sampled_energies", sampled_energy_rows(results)
    yield "tests", verdict_rows(results)
