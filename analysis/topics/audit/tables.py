"""The audit's tables: what was measured of each multistart cell, as rows."""

from collections.abc import Iterator
from dataclasses import replace
from math import isnan

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.topics.audit.measure import Audit, Audited, AuditedSize
from morsecensus.analysis.topics.rows import CELL, FIELD, LANDSCAPES, MODEL, PARAMETERS, SIZE, XI, N, head

FEATURES = {"energy": "energy", "index": "index / (N − 1)", "log_det": "log |det| / N"}
_FILED = replace(LANDSCAPES, title="")
_BUDGET = Column("budget", "its starts for a landscape", title="budget", left=True)
_SIZE = (
    SIZE,
    MODEL,
    XI,
    FIELD,
    PARAMETERS,
    N,
    Column("truth", "the enumerated cell that it is held against"),
)
_HEAD = (*_SIZE, CELL, _BUDGET)


def _interval(row: Row | None) -> str:
    if row is None:
        return r.DASH
    if isnan(row["low"]):
        return f"{_share(row['recall'])} (one landscape)"
    return f"{_share(row['recall'])} ({_share(row['low'])} to {_share(row['high'])})"


def _share(value: float) -> str:
    """A share near one needs the digits of what it lacks."""
    if value == 1:
        return "100%"
    places = 1
    while places < 4 and 100 * (1 - value) < 2 * 10**-places:
        places += 1
    return f"{100 * value:.{places}f}%"


def _missed(row: Row) -> str:
    return f"{row['recall_all']['missed']:,} of {row['recall_all']['points']:,}"


def _wrong(row: Row) -> str:
    if not row["closed"]:
        return r.DASH
    return f"{row['closed_but_wrong']:,} (at most {r.percent(row['closed_but_wrong_upper'])})"


def _held(name: str, what: str, title: str, at: int) -> tuple[Column, ...]:
    """A share of landscapes with its interval."""

    def text(row: Row) -> str:
        if row[name] is None:
            return r.DASH
        low, high = r.percent(row[f"{name}_low"]), r.percent(row[f"{name}_high"])
        return f"{r.percent(row[name])} ({low} to {high})"

    return (
        Column(name, f"share of landscapes in which {what}", title=title, shown=text, at=at),
        Column(f"{name}_low", "lower 95% limit of that share (Clopper and Pearson)"),
        Column(f"{name}_high", "upper 95% limit of that share"),
    )


CLAIMS = Table(
    "audit_claims",
    "What multistart spent and said, and what was wrong with it: one row for each multistart cell.",
    (
        *_HEAD,
        _FILED,
        Column("starts", "mean number of starts of a landscape", "starts", "starts, mean", r.digits(4)),
        Column("", title="recall", shown=lambda row: _interval(row["recall_all"])),
        Column("", title="recall of minima", shown=lambda row: _interval(row["recall_minima"])),
        Column("", title="points missed", shown=_missed),
        Column(
            "closed",
            "landscapes that multistart called complete",
            "landscapes",
            "closed",
            shown=lambda row: f"{row['closed']:,} of {row['landscapes']:,}",
        ),
        Column(
            "closed_but_wrong",
            "those of them that lack a point",
            "landscapes",
            "closed but wrong",
            shown=_wrong,
        ),
        Column("closed_but_wrong_upper", "upper 95% limit of their share (Clopper and Pearson)"),
        Column("open_but_whole", "landscapes that lack nothing and weren't called complete", "landscapes"),
        Column("extra_points", "points that the enumeration lacks", "points", "points too many", r.whole),
    ),
    "Recall with its 95% interval, and what multistart claimed.",
)
RECALLS = Table(
    "audit_recall",
    "Shares of the true points that were found: one row for all points of a cell, and one for each index.",
    (
        *_HEAD,
        Column("index", 'Morse index, or "all"'),
        Column("points", "true points", "points"),
        Column("missed", "those that weren't found", "points"),
        Column("recall", "share that was found"),
        Column("low", "lower 95% limit of the share; none where one landscape holds all and lacks any"),
        Column("high", "upper 95% limit of the share"),
        Column("interval", "how the limits are made"),
        _FILED,
        Column("landscapes_lacking", "landscapes that lack such a point", "landscapes"),
        Column("lacking_upper", "upper 95% limit of their share"),
    ),
)
PROFILES = Table(
    "audit_hits",
    "Mean relative hits in bins of a feature, of the cell with the most starts: one row for each bin.",
    (
        *_SIZE,
        CELL,
        Column("feature", "energy, index or log_det, folded where H and -H have one law"),
        Column("centre", "middle of the bin"),
        Column("points", "true points in the bin", "points"),
        *measured("relative_hits", "se", "mean hits of a point over the mean of its landscape"),
    ),
)
SLOPES = Table(
    "audit_slopes",
    "Slopes of log relative hits per unit of a feature, of the cell with the most starts.",
    (
        *_SIZE,
        CELL,
        Column("starts", "mean number of starts of a landscape", "starts"),
        Column("starts_fixed", "whether all landscapes have as many starts"),
        Column("mean_hits", "mean hits of a point", "hits", "hits per point", r.digits(3)),
        Column(
            "spread",
            "standard deviation of the relative probability of a hit",
            title="spread",
            form=r.digits(2),
        ),
        Column(
            "rarest_percent",
            "relative hits that 1% of the points fall short of",
            title="rarest 1%",
            form=r.digits(2),
        ),
        Column("", title="minima", shown=lambda row: row["minima"]),
        Column(
            "feature",
            "energy, index or log_det, folded where H and -H have one law",
            title="feature",
            form=lambda name: FEATURES[name],
            left=True,
        ),
        *measured("alone", "alone_se", "slope in this feature alone", title="slope alone"),
        *measured("joint", "joint_se", "slope beside the other features", title="slope beside others"),
        Column(
            "factor",
            "change of the hits from the feature's 10% to its 90% quantile",
            title="factor",
            form=r.digits(3),
        ),
    ),
    "Spread: standard deviation of the relative probability of a hit, counting noise removed. Rarest "
    "1%: relative hits that 1% of the points fall short of. Minima: their mean relative hits (maxima "
    "included, where folded).",
)
NAIVE = Table(
    "audit_naive",
    "Averages over what was found against the truth: one row for each cell, quantity and kind of average.",
    (
        *_SIZE[:-1],
        Column("truth", "average over all points"),
        CELL,
        _BUDGET,
        Column(
            "quantity",
            "energy, index / (N - 1), both folded where H and -H have one law, or the share of minima",
        ),
        Column("average_over", '"hits" of all starts, or "distinct" points'),
        Column("naive", "average over what was found"),
        *measured("difference", "se", "mean over landscapes of naive minus truth"),
        _FILED,
    ),
)
CALIBRATION = Table(
    "audit_calibration",
    "The ledger's estimates against the truth: one row for each multistart cell.",
    (
        *_HEAD,
        _FILED,
        *measured(
            "found_ratio", "found_ratio_se", "points found over true points", title="found / true", at=1
        ),
        *measured("chao1_ratio", "chao1_ratio_se", "Chao1 over true points", title="Chao1 / true", at=1),
        *_held("chao1_holds", "Chao1's 95% interval holds the true number", "interval holds", at=1),
        Column("coverage_estimated", "mean coverage by Good and Turing"),
        Column("coverage_true", "mean true coverage", title="true coverage", form=r.percent),
        *measured(
            "coverage_error",
            "coverage_error_se",
            "mean of the estimate minus the true one",
            title="Good-Turing, minus true",
        ),
        *_held(
            "coverage_limit_holds",
            "the lower 95% limit is below the true coverage",
            "lower limit holds",
            at=0,
        ),
    ),
    "Means over landscapes; shares of landscapes with their 95% interval (Clopper and Pearson). No true "
    "coverage for the cell with the most starts, nor for one with more than a tenth of its starts.",
)


def _head(size: AuditedSize) -> Row:
    return head(size.truth) | {"truth": size.truth.name}


def _cells(audit: Audit) -> Iterator[tuple[Audited, Row]]:
    for size in audit.sizes:
        for cell in size.cells:
            yield cell, _head(size) | {"cell": cell.cell.name, "budget": cell.budget}


def claim_rows(audit: Audit) -> list[Row]:
    """One row per multistart cell: what it spent and said, and what was wrong with it."""
    return [
        head
        | {"landscapes": cell.landscapes, "starts": cell.starts}
        | {"closed": cell.claims.closed, "closed_but_wrong": cell.claims.wrong}
        | {"closed_but_wrong_upper": cell.claims.wrong_upper, "open_but_whole": cell.claims.cautious}
        | {"extra_points": cell.extra}
        for cell, head in _cells(audit)
    ]


def recall_rows(audit: Audit) -> list[Row]:
    """Recall by index, and of all points."""
    return [
        head
        | {"index": "all" if found.index is None else found.index, "interval": found.method}
        | {name: getattr(found, name) for name in ("points", "missed", "recall", "low", "high", "landscapes")}
        | {"landscapes_lacking": found.lacking, "lacking_upper": found.lacking_upper}
        for cell, head in _cells(audit)
        for found in cell.recall
    ]


def profile_rows(audit: Audit) -> list[Row]:
    """Relative hits in bins of each feature."""
    rows = []
    for size in audit.sizes:
        for profile in size.hits.profiles if size.hits else ():
            columns = (profile.centre, profile.points, profile.mean, profile.se)
            rows += [
                _head(size)
                | {"cell": size.reference, "feature": profile.feature, "centre": centre}
                | {"points": points, "relative_hits": mean, "se": se}
                for centre, points, mean, se in zip(*columns, strict=True)
            ]
    return rows


def slope_rows(audit: Audit) -> list[Row]:
    """Slopes of log relative hits."""
    names = ("feature", "alone", "alone_se", "joint", "joint_se", "factor")
    return [
        _head(size)
        | {"cell": size.reference, "starts": size.hits.starts, "starts_fixed": size.hits.fixed}
        | {"mean_hits": size.hits.mean_hits, "spread": size.hits.spread, "rarest_percent": size.hits.rare}
        | {name: getattr(slope, name) for name in names}
        for size in audit.sizes
        if size.hits is not None
        for slope in size.hits.slopes
    ]


def naive_rows(audit: Audit) -> list[Row]:
    """Naive averages against the truth."""
    names = ("quantity", "truth", "naive", "difference", "se", "landscapes")
    return [
        head | {name: getattr(found, name) for name in names} | {"average_over": found.kind}
        for cell, head in _cells(audit)
        for found in cell.naive
    ]


def calibration_rows(audit: Audit) -> list[Row]:
    """Good-Turing and Chao1 against the truth."""
    rows = []
    for cell, row in _cells(audit):
        found = cell.calibration
        if found is None:
            continue
        check = found.coverage
        row |= {"landscapes": found.landscapes, "found_ratio": found.found_ratio}
        row |= {"found_ratio_se": found.found_ratio_se, "chao1_ratio": found.chao_ratio}
        row |= {"chao1_ratio_se": found.chao_ratio_se, "chao1_holds": found.inside}
        row |= dict(zip(("chao1_holds_low", "chao1_holds_high"), found.inside_interval, strict=True))
        row["coverage_estimated"] = None if check is None else float(check.estimated.mean())
        row["coverage_true"] = None if check is None else float(check.true.mean())
        row["coverage_error"] = None if check is None else check.error
        row["coverage_error_se"] = None if check is None else check.error_se
        row["coverage_limit_holds"] = None if check is None else check.held
        held = (None, None) if check is None else check.held_interval
        rows.append(
            row | dict(zip(("coverage_limit_holds_low", "coverage_limit_holds_high"), held, strict=True))
        )
    return rows
