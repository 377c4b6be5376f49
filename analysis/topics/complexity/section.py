"""Complexity in the report, annealed and quenched."""

from collections.abc import Mapping, Sequence

import numpy as np

from morsecensus.analysis.estimates.counts import computed_counts
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, estimate, exact, measured
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.topics.complexity.figure import draw_complexity
from morsecensus.analysis.topics.families import FamilyTopic
from morsecensus.analysis.topics.rows import SIZE, STORED, head, score

_NAT = "natural logarithm per spin"
COMPLEXITY = Table(
    "complexity",
    "Complexities of all points and of minima: two rows for each cell.",
    (
        SIZE,
        *STORED,
        Column("points", 'of which points: "all" or "minima"', title="points", left=True),
        *measured("annealed", "annealed_se", "(1/N) log of the mean number", _NAT, "annealed"),
        Column(
            "quenched",
            "(1/N) mean of the logarithm",
            _NAT,
            "quenched",
            shown=estimate("quenched", "quenched_se"),
            at=1,
        ),
        Column("quenched_se", "its standard error, by bootstrap over landscapes", _NAT),
        Column(
            "gap",
            "annealed minus quenched, of the same landscapes",
            _NAT,
            "difference",
            shown=estimate("gap", "gap_se"),
            at=1,
        ),
        Column("gap_se", "its standard error, by bootstrap", _NAT),
        Column("without", "landscapes without such a point, which have no logarithm", "landscapes"),
        Column(
            "exact",
            "the annealed value in theory at this N",
            _NAT,
            "exact",
            shown=exact("exact", "annealed_se"),
        ),
        Column("limit", "annealed value as N grows", _NAT, "limit", r.digits(5), at=1),
        Column("z", "(annealed - exact) / annealed_se", title="z", form=r.score),
    ),
    "Complexities, (1/N) times natural logarithms.",
)


class Complexity(FamilyTopic):
    """Logarithms of mean numbers against means of logarithms."""

    anchor, declared = "complexity", (COMPLEXITY,)
    title = "Complexity, annealed and quenched"
    text = (
        "Annealed: (1/N) log of the mean count. Quenched: (1/N) times the mean of the logarithm. By Jensen's "
        "inequality the first is never smaller; for pure p >= 3 the difference vanishes as N grows (Subag, "
        "arXiv:1504.02251), for mixtures it need not."
    )
    caption = (
        "Against several N, with the exact annealed value at each N and the limit, and the difference with "
        "bootstrap errors over landscapes; and resolved in energy, where bins hold ten points or more."
    )

    def tables(self, found: FamilyResult) -> Mapping[Table, Sequence[Row]]:
        return {COMPLEXITY: complexity_rows(found)}

    def drawn(self, family: FamilyResult) -> Figure | None:
        return draw_complexity(family)

    def more(self, family: FamilyResult) -> list[Part]:
        rows = complexity_rows(family)
        lacking = sum(row["without"] for row in rows if row["points"] == "all")
        text = (
            f"{lacking:,} landscapes without any point have no logarithm and are left out of quenched means."
        )
        return [COMPLEXITY.part(rows), *([note(text)] if lacking else []), *_failed(family)]


def _failed(family: FamilyResult) -> list[Part]:
    failed = sum(result.cell.landscapes - len(computed_counts(result.cell)) for result in family.cells)
    text = f"{failed:,} landscapes of failed blocks have no number and are left out here."
    return [note(text)] if failed else []


def complexity_rows(family: FamilyResult) -> list[Row]:
    """Annealed and quenched complexities of all points and of minima."""
    return [_row(family, result, kind) for result in family.cells for kind in ("all", "minima")]


def _row(family: FamilyResult, result: CellResult, kind: str) -> Row:
    found, whole = family.limits, kind == "all"
    data = result.complexity if whole else result.minima_complexity
    mean = result.total if whole else None if result.by_index is None else result.by_index[0]
    finite = float(np.log(mean)) / result.cell.spins if mean else None
    limit = None if found is None else found["complexity"]["total" if whole else "minima_total"]
    values = {str(name): float(data[name]) for name in data.data_vars} | {"without": int(data["without"])}
    row = head(result.cell) | {"points": kind} | values | {"exact": finite, "limit": limit}
    return row | {"z": score(values["annealed"], values["annealed_se"], finite)}
