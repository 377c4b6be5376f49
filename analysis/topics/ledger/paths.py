"""What homotopy paths add to the ledger's section of the report."""

from collections.abc import Sequence
from math import isfinite

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.topics.layout import Section
from morsecensus.analysis.topics.rows import ENERGY, HEAD, LANDSCAPES, head

_SHOWN = 6
"""Indices in the table of recall; all of them are in the CSV file."""
_TEXT = (
    "A homotopy follows one path to each complex critical point, whose number algebra gives. The books "
    "of a landscape are closed when as many distinct solutions were found, with their conjugates. "
    "Certified: proven in ball arithmetic to exist, to be real, to differ from all others and to have "
    "its index."
)


def _from_paths(row: Row) -> str:
    """With its error over landscapes; of a single landscape, its own 95% limits."""
    if isfinite(row["number_se"]):
        return r.estimate(row["number"], row["number_se"])
    limits = f"{row['number_lower']:,.0f} to {row['number_upper']:,.0f}"
    return f"{row['number']:,.0f} ({limits})"


def _followed(row: Row) -> str:
    return f"{row['paths']:,}" + (" sampled" if row["sampled"] else "")


PATHS = Table(
    "paths",
    "What homotopy followed, found and proved: one row for each cell with paths, sums over landscapes.",
    (
        *HEAD,
        LANDSCAPES,
        Column("sampled", "whether paths are a random sample of all (1) or all of them (0)"),
        Column("paths", "paths followed", "paths", "paths", shown=_followed, left=True),
        Column("distinct", "distinct solutions that they ended at", "solutions", "distinct", r.whole),
        Column("retries", "paths followed again", "paths", "followed again", r.whole),
        Column("unresolved", "paths that ended at no solution", "paths", "unresolved", r.whole),
        Column("jumps", "sampled paths whose two runs ended apart", "paths", "jumps", r.whole),
        Column("points", "real critical points, both signs counted", "points", "points", r.whole),
        Column("certified", "points proven in ball arithmetic", "points", "certified", r.whole),
    ),
    "Sums over landscapes. Jumps: sampled paths whose two runs, the second with errors a hundred times "
    "smaller, ended at different solutions; in an enumeration a jump shows as a missing solution and is "
    "followed again. Points count both signs.",
)
RECALL = Table(
    "recall",
    "Numbers of points from sampled paths, and the census's recall by them: one row for all points of a "
    "cell, and one for each index.",
    (
        *HEAD,
        Column("index", 'Morse index, or "all"', title="index"),
        Column("number", "mean number of points by paths", "points", "from paths", shown=_from_paths),
        Column("number_se", "its standard error over landscapes", "points"),
        Column("number_lower", "lower 95% limit of the number", "points"),
        Column("number_upper", "upper 95% limit of the number", "points"),
        Column("census", "mean number that the census found", "points", "census", r.digits(6)),
        Column("exact", "mean number in theory", "points", "exact", r.digits(6)),
        Column("endpoints", "sampled real endpoints", "points", "endpoints", r.whole),
        Column("found", "those that multistart had found before", "points", "had", r.whole),
        *measured("recall", "recall_se", "their share"),
        Column(
            "recall_lower",
            "lower 95% limit of the recall (Clopper and Pearson)",
            title="recall at least",
            form=lambda value: r.percent(value) if value > 0 else "vacuous",
        ),
    ),
    "From paths: mean numbers of points, unbiased whatever the census missed. Had: sampled real "
    "endpoints that multistart had found before. Recall at least: lower 95% limit for the points of "
    "these landscapes (Clopper and Pearson; unresolved paths count as misses). All indices: recall.csv; "
    "numbers by energy: sampled_energies.csv.",
)
SAMPLED_ENERGIES = Table(
    "sampled_energies",
    "Numbers of points by energy from sampled paths: one row for each cell and bin.",
    (
        *HEAD,
        Column("low", "lower end of the bin", ENERGY),
        Column("high", "upper end of the bin", ENERGY),
        Column("endpoints", "sampled real endpoints in the bin", "points"),
        Column("number", "mean number of points by paths", "points"),
        Column("lower", "lower 95% limit of the number", "points"),
        Column("upper", "upper 95% limit of the number", "points"),
        Column("census", "mean number that the census found", "points"),
        Column("exact", "mean number in theory", "points"),
    ),
)


def path_parts(family: FamilyResult) -> list[Part | Section]:
    """Closed books and proofs of enumerated cells; numbers and recall of sampled ones."""
    rows = path_rows(family.cells)
    if not rows:
        return []
    recall = [row for row in recall_rows(family.cells) if row["index"] == "all" or row["index"] < _SHOWN]
    tables = [PATHS.part(rows), *([RECALL.part(recall)] if recall else [])]
    return [Section("Paths and proofs", tables, introduction=_TEXT)]


def path_rows(results: Sequence[CellResult]) -> list[Row]:
    """What was followed, found and proven: one row per cell with homotopy paths."""
    names = ("landscapes", "paths", "distinct", "retries", "unresolved", "points", "certified")
    return [
        head(result.cell)
        | {name: getattr(result.paths, name) for name in names}
        | {
            "sampled": int(result.paths.sampled),
            "jumps": result.paths.jumps if result.paths.sampled else None,
        }
        for result in results
        if result.paths is not None
    ]


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
            row = head(result.cell) | {"index": "all" if whole else recall.index}
            row |= {"number": float(found.number[place]), "number_se": float(found.number_se[place])}
            row |= {"number_lower": float(found.number_limits[0, place])}
            row |= {"number_upper": float(found.number_limits[1, place])}
            row |= {"census": float(counts["total"] if whole else counts["mean"][recall.index])}
            row |= {"exact": exact, "endpoints": recall.endpoints, "found": recall.found}
            rows.append(
                row | {"recall": recall.share, "recall_se": recall.error, "recall_lower": recall.lower}
            )
    return rows


def sampled_energy_rows(results: Sequence[CellResult]) -> list[Row]:
    """Numbers by energy from sampled paths, beside the census and the exact means."""
    rows = []
    for result in results:
        found, exact = result.sampled, result.binned_all
        for b in range(0 if found is None else len(found.number)):
            assert found is not None
            row = head(result.cell) | {"low": float(found.edges[b]), "high": float(found.edges[b + 1])}
            row |= {"endpoints": int(found.endpoints[b]), "number": float(found.number[b])}
            row |= {"lower": float(found.lower[b]), "upper": float(found.upper[b])}
            row |= {"census": float(found.census[b])}
            rows.append(row | {"exact": None if exact is None else float(exact[b])})
    return rows
