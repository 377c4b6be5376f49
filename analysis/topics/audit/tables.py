"""The audit as rows: CSV files hold them in full, the page rounds them."""

from collections.abc import Iterator, Sequence

from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.audit.measure import Audit, Audited, AuditedSize


def _head(audit: Audit, size: AuditedSize, cell: Audited | None = None) -> Row:
    parameters = dict(audit.family[1])
    head: Row = {
        "model": audit.family[0],
        "xi": parameters.get("xi", ""),
        "field": parameters.get("field", ""),
    }
    head |= {"n": size.n, "truth": size.truth.name}
    return head if cell is None else head | {"cell": cell.cell.name, "budget": cell.budget}


def _cells(audits: Sequence[Audit]) -> Iterator[tuple[Audited, Row]]:
    for audit in audits:
        for size in audit.sizes:
            for cell in size.cells:
                yield cell, _head(audit, size, cell)


def claim_rows(audits: Sequence[Audit]) -> list[Row]:
    """One row per multistart cell: what it spent and said, and what was wrong with it."""
    return [
        head
        | {
            "landscapes": cell.landscapes,
            "starts": cell.starts,
            "closed": cell.claims.closed,
            "closed_but_wrong": cell.claims.wrong,
            "closed_but_wrong_upper": cell.claims.wrong_upper,
            "open_but_whole": cell.claims.cautious,
            "extra_points": cell.extra,
        }
        for cell, head in _cells(audits)
    ]


def recall_rows(audits: Sequence[Audit]) -> list[Row]:
    """Recall by index, and of all points."""
    return [
        head
        | {
            "index": "all" if found.index is None else found.index,
            "points": found.points,
            "missed": found.missed,
            "recall": found.recall,
            "low": found.low,
            "high": found.high,
            "interval": found.method,
            "landscapes": found.landscapes,
            "landscapes_lacking": found.lacking,
            "lacking_upper": found.lacking_upper,
        }
        for cell, head in _cells(audits)
        for found in cell.recall
    ]


def profile_rows(audits: Sequence[Audit]) -> list[Row]:
    """Relative hits in bins of each feature."""
    rows = []
    for audit in audits:
        for size in audit.sizes:
            for profile in size.hits.profiles if size.hits else ():
                columns = (profile.centre, profile.points, profile.mean, profile.se)
                rows += [
                    _head(audit, size)
                    | {"cell": size.reference, "feature": profile.feature, "centre": centre}
                    | {"points": points, "relative_hits": mean, "se": se}
                    for centre, points, mean, se in zip(*columns, strict=True)
                ]
    return rows


def slope_rows(audits: Sequence[Audit]) -> list[Row]:
    """Slopes of log relative hits."""
    return [
        _head(audit, size)
        | {
            "cell": size.reference,
            "starts": size.hits.starts,
            "starts_fixed": size.hits.fixed,
            "mean_hits": size.hits.mean_hits,
            "spread": size.hits.spread,
            "rarest_percent": size.hits.rare,
            "feature": slope.feature,
            "alone": slope.alone,
            "alone_se": slope.alone_se,
            "joint": slope.joint,
            "joint_se": slope.joint_se,
            "factor": slope.factor,
        }
        for audit in audits
        for size in audit.sizes
        if size.hits is not None
        for slope in size.hits.slopes
    ]


def naive_rows(audits: Sequence[Audit]) -> list[Row]:
    """Naive averages against the truth."""
    return [
        head
        | {
            "quantity": found.quantity,
            "average_over": found.kind,
            "truth": found.truth,
            "naive": found.naive,
            "difference": found.difference,
            "se": found.se,
            "landscapes": found.landscapes,
        }
        for cell, head in _cells(audits)
        for found in cell.naive
    ]


def calibration_rows(audits: Sequence[Audit]) -> list[Row]:
    """Good-Turing and Chao1 against the truth."""
    rows = []
    for cell, head in _cells(audits):
        found = cell.calibration
        if found is None:
            continue
        check = found.coverage
        held = (None, None) if check is None else check.held_interval
        rows.append(
            head
            | {
                "landscapes": found.landscapes,
                "found_ratio": found.found_ratio,
                "found_ratio_se": found.found_ratio_se,
                "chao1_ratio": found.chao_ratio,
                "chao1_ratio_se": found.chao_ratio_se,
                "chao1_holds": found.inside,
                "chao1_holds_low": found.inside_interval[0],
                "chao1_holds_high": found.inside_interval[1],
                "coverage_estimated": None if check is None else float(check.estimated.mean()),
                "coverage_true": None if check is None else float(check.true.mean()),
                "coverage_error": None if check is None else check.error,
                "coverage_error_se": None if check is None else check.error_se,
                "coverage_limit_holds": None if check is None else check.held,
                "coverage_limit_holds_low": held[0],
                "coverage_limit_holds_high": held[1],
            }
        )
    return rows


def audit_rows(audits: Sequence[Audit]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table of the audits; none without audits."""
    if audits:
        yield "audit_claims", claim_rows(audits)
        yield "audit_recall", recall_rows(audits)
        yield "audit_hits", profile_rows(audits)
        yield "audit_slopes", slope_rows(audits)
        yield "audit_naive", naive_rows(audits)
        yield "audit_calibration", calibration_rows(audits)
