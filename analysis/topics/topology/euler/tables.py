"""The tables of mean Euler curves."""

from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.topics.rows import ENERGY, HEAD, LANDSCAPES, STORED, head, score
from morsecensus.analysis.topics.topology.euler.curves import EXTREME
from morsecensus.analysis.topics.topology.euler.measure import (
    MOST_EXTREME,
    POWER,
    WRONG_VARIANCE,
    EulerCell,
    EulerResult,
)

EULER_CURVES = Table(
    "euler_curves",
    "Mean Euler characteristic of {H/N >= level}: one row for each cell and level.",
    (
        *STORED,
        Column("level", "level u", ENERGY),
        *measured("mean", "se", "mean over landscapes"),
        Column("exact", "mean in theory at this N"),
        Column("z", "(mean - exact) / se"),
        Column(
            "band", "half-width of a band that holds the whole curve in 95% of samples, without `missing`"
        ),
        Column(
            "missing",
            "points that a mean landscape may lack, each of which moves the mean by 1 at most",
            "points",
        ),
    ),
)
_MISSING = "the largest that any allowed set of missed points gives"


def _end(side: str) -> tuple[Column, ...]:
    return (
        Column(f"{side}_level", f"level of the {side} test", ENERGY),
        Column(f"{side}_expected", "caps expected beyond it in all landscapes", "caps"),
        Column(f"{side}_caps", "caps found beyond it", "caps"),
    )


def _p(name: str, title: str, at: int = 0) -> tuple[Column, ...]:
    return (
        Column(f"p_{name}", f"p-value of the {name} test", title=title, form=r.probability, at=at),
        Column(f"p_{name}_if_missing", _MISSING),
    )


EULER_TESTS = Table(
    "euler_tests",
    "Tests of the mean Euler curve: one row for each cell. Verdicts are those of a family's own tests.",
    (
        *HEAD,
        LANDSCAPES,
        Column("missing", "points that a mean landscape may lack", "points"),
        Column(
            "levels", "levels of the supremum test", title="levels", form=lambda v: str(v) if v else r.DASH
        ),
        Column("supremum", "largest |mean - exact| in standard errors", title="supremum", form=r.digits(3)),
        Column("critical", "the supremum that 95% of samples stay under"),
        *_p("supremum", "p"),
        *_p("top", "p, top"),
        *_p("bottom", "p, bottom"),
        *_p("variance", "p", at=2),
        *_end("top"),
        *_end("bottom"),
        *measured(
            "variance",
            "variance_se",
            "variance of the couplings over the stated one, from the curve alone",
            title="variance / stated",
            at=1,
        ),
        Column(
            "detectable",
            f"smallest error of the variance that the cell rejects at level {LEVEL:g} with power {POWER:g}",
            title="seen from",
            form=r.percent,
            at=2,
        ),
        Column(
            "landscapes_for_2_percent",
            f"landscapes that would see {r.percent(WRONG_VARIANCE)} so",
            "landscapes",
            f"landscapes for {r.percent(WRONG_VARIANCE)}",
            r.whole,
            at=2,
        ),
        Column(
            "verdict", "as in tests.csv, of the tests of this table alone", title="verdict", left=True, at=2
        ),
    ),
    "Supremum: largest |mean − exact| in standard errors over the levels, and its bootstrap p-value. "
    f"Top and bottom: caps beyond the level where {EXTREME:g} to {MOST_EXTREME:g} are expected in all, "
    "Poisson and binomial (twice the smaller p-value; for odd H the bottom is the mirror image). "
    "Variance: that of the couplings over the stated one, from the curve alone. Seen from: the smallest "
    f"error of the variance that the cell rejects at level {LEVEL:g} with power {POWER:g}; beside it the "
    f"landscapes that would see {r.percent(WRONG_VARIANCE)}.",
)


def curve_rows(result: EulerResult) -> list[Row]:
    """Mean curve of each cell at each level; ``band`` is without ``missing``, which adds to it."""
    rows = []
    for found in result.cells:
        curve = found.curve
        if curve is None:
            continue
        for at in range(len(curve.levels)):
            mean, error, exact = (float(x[at]) for x in (curve.mean, curve.error, curve.exact))
            row = head(found.cell) | {"level": float(curve.levels[at]), "mean": mean, "se": error}
            row |= {"exact": exact, "z": score(mean, error, exact), "band": found.critical * error}
            rows.append(row | {"missing": found.missing})
    return rows


def verdict_rows(result: EulerResult) -> list[Row]:
    """The tests of each cell, what they would have seen, and the verdict."""
    return [
        _test_row(found) | {"verdict": verdict}
        for found, verdict in zip(result.cells, result.verdicts, strict=True)
    ]


def _test_row(found: EulerCell) -> Row:
    by_name = {test.name: test for test in found.tests}
    row = head(found.cell) | {"landscapes": found.cell.landscapes, "missing": found.missing}
    row["levels"] = 0 if found.curve is None else len(found.curve.levels)
    supremum = by_name.get("Euler curve")
    row["supremum"] = None if supremum is None else supremum.statistic
    row["critical"] = found.critical
    columns = {"supremum": "curve", "top": "top", "bottom": "bottom", "variance": "variance"}
    for column, name in columns.items():
        test = by_name.get(f"Euler {name}")
        row[f"p_{column}"] = None if test is None else test.p_value
        row[f"p_{column}_if_missing"] = None if test is None else test.p_missing
    for side, above in (("top", True), ("bottom", False)):
        ends = [test for test in found.extremes if test.above == above]
        for name in ("level", "expected", "caps"):
            row[f"{side}_{name}"] = getattr(ends[0], name) if ends else None
    row["variance"] = None if found.scale is None else found.scale.ratio
    row["variance_se"] = None if found.scale is None else found.scale.se
    return row | {"detectable": found.detectable, "landscapes_for_2_percent": found.landscapes_needed}
