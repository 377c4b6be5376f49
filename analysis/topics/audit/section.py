"""The audit in the report: its figures, its text, its tables."""

from collections.abc import Sequence
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.audit import tables
from morsecensus.analysis.topics.audit.figure import Drawings
from morsecensus.analysis.topics.audit.measure import Audit

_QUANTITIES = {"energy": "energy", "index": "index / (N − 1)", "minima": "minima"}
_FEATURES = {"energy": "energy", "index": "index / (N − 1)", "log_det": "log |det| / N"}


def audit_parts(audit: Audit, title: str, drawings: Drawings, anchor: str) -> list[Part]:
    """The section of one audit.

    Args:
        audit: what was measured.
        title: of the family.
        drawings: where its figures are.
        anchor: to link to.
    """
    return [
        heading(f"Bias audit of multistart: {title}", 2, anchor),
        paragraph(
            "Multistart against the same landscapes with every critical point enumerated (homotopy, complex "
            "solutions counted). Only enumerated landscapes count. Points are matched by landscape, index "
            "and energy. Landscapes are the independent units of all errors."
        ),
        *_extras(audit),
        *_recall(audit, drawings.hits),
        *_hits(audit),
        *_naive(audit, drawings.estimates),
        *_calibration(audit),
    ]


def _extras(audit: Audit) -> list[Part]:
    parts = []
    for size in audit.sizes:
        if size.enumerated < size.landscapes:
            text = (
                f"N = {size.n}: {size.enumerated:,} of {size.landscapes:,} landscapes of {size.truth.name} "
                "were enumerated; the others are left out."
            )
            parts.append(note(text))
        if size.audited < size.enumerated:
            text = (
                f"N = {size.n}: the first {size.audited:,} of them are audited, with {size.points:,} points: "
                "their points must fit in memory together."
            )
            parts.append(note(text))
    rows = [row for row in tables.claim_rows([audit]) if row["extra_points"]]
    parts += [
        note(
            f"{row['cell']} holds {row['extra_points']:,} points that the enumeration {row['truth']} lacks: "
            "one of the two is wrong. Run morsecensus verify --deep on the store.",
            "bad",
        )
        for row in rows
    ]
    if not rows:
        parts.append(note("Every point that multistart found is among the enumerated ones.", "good"))
    return parts


def _recall(audit: Audit, figure: Path) -> list[Part]:
    text = (
        "Recall is the share of the true points that a cell has. Closed: landscapes that multistart itself "
        "called complete; wrong: those of them that lack a point after all. A limit of a share is the 95% "
        "upper one of Clopper and Pearson, over landscapes."
    )
    caption = (
        "Top left: share of the points found, by index, with 95% intervals (bootstrap over landscapes; "
        "where nothing was missed, Clopper-Pearson over landscapes). Others: mean hits of a point in units "
        "of its landscape's mean, in the cell with the most starts, against energy, index and determinant; "
        "one standard error."
    )
    rows = {(row["cell"], row["index"]): row for row in tables.recall_rows([audit])}
    texts = [
        (
            str(row["n"]),
            row["cell"],
            row["budget"],
            r.number(row["starts"], 4),
            _interval(rows[row["cell"], "all"]),
            _interval(rows.get((row["cell"], 0))),
            _missed(rows[row["cell"], "all"]),
            f"{row['closed']:,} of {row['landscapes']:,}",
            f"{row['closed_but_wrong']:,} (at most {r.percent(row['closed_but_wrong_upper'])})"
            if row["closed"]
            else r.DASH,
            f"{row['extra_points']:,}",
        )
        for row in tables.claim_rows([audit])
        if (row["cell"], "all") in rows
    ]
    titles = (
        "N",
        "cell",
        "budget",
        "starts, mean",
        "recall",
        "recall of minima",
        "points missed",
        "closed",
        "closed but wrong",
        "points too many",
    )
    table = HtmlTable(titles, texts, "Recall with its 95% interval, and what multistart claimed.", (1, 2))
    return [
        heading("Recall", 3),
        paragraph(text),
        picture(figure, "Recall by index and relative hits", caption),
        table.part(),
    ]


def _interval(row: Row | None) -> str:
    if row is None:
        return r.DASH
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
    return f"{row['missed']:,} of {row['points']:,}"


def _hits(audit: Audit) -> list[Part]:
    rows = tables.slope_rows([audit])
    if not rows:
        return []
    text = (
        "How often a point is hit against its landscape's mean. H and −H have one law and are searched "
        "alike, so points above energy zero are folded: index k at E counts as N−1−k at −E. Slopes are of "
        "log relative hits per unit of a feature (conditional logit, errors over landscapes): alone, and "
        "beside the other features. Factor: by how much hits change from the 10% quantile of the feature to "
        "its 90% quantile."
    )
    minima = {
        row["cell"]: r.estimate(row["relative_hits"], row["se"])
        for row in tables.profile_rows([audit])
        if row["feature"] == "index" and row["centre"] == 0
    }
    titles = (
        "N",
        "cell",
        "hits per point",
        "spread",
        "rarest 1%",
        "minima",
        "feature",
        "slope alone",
        "slope beside others",
        "factor",
    )
    texts = [
        (
            str(row["n"]),
            row["cell"],
            r.number(row["mean_hits"], 3),
            r.number(row["spread"], 2),
            r.number(row["rarest_percent"], 2),
            minima.get(row["cell"], r.DASH),
            _FEATURES[row["feature"]],
            r.estimate(row["alone"], row["alone_se"]),
            r.estimate(row["joint"], row["joint_se"]),
            r.number(row["factor"], 3),
        )
        for row in rows
    ]
    caption = (
        "Spread: standard deviation of the relative probability of a hit, counting noise removed. Rarest "
        "1%: relative hits that 1% of the points fall short of. Minima: their mean relative hits (maxima "
        "included, as folded)."
    )
    parts = [
        heading("What is hit how often", 3),
        paragraph(text),
        HtmlTable(titles, texts, caption, (1, 6)).part(),
    ]
    stopped = sorted({row["cell"] for row in rows if not row["starts_fixed"]})
    if stopped:
        text = (
            f"The hits of {', '.join(stopped)} come from numbers of starts that depend on the hits (it stops "
            "when every point was hit often enough). For hits free of that add a cell with a fixed number of "
            "starts: options = { max_rounds = 16, min_hits = 1000000 }."
        )
        parts.append(note(text))
    return parts


def _naive(audit: Audit, figure: Path) -> list[Part]:
    text = (
        "What a study without a ledger would report: the average over all starts that ended somewhere, or "
        "over the distinct points found. The truth is the average over all points of the same landscape; "
        "energies and indices are folded, for over both signs an odd landscape has mean energy zero "
        "whatever was missed."
    )
    caption = (
        "Top: naive averages minus the truth; full circles over distinct points, open diamonds over hits. "
        "Bottom left: coverage, one point per landscape. Bottom right: Chao1 (full) and the number found "
        "(open) over the true number. One standard error."
    )
    rows = {(row["cell"], row["quantity"], row["average_over"]): row for row in tables.naive_rows([audit])}
    titles = ["N", "cell", "budget"]
    for name in _QUANTITIES.values():
        titles += [f"{name}: truth", "by hits, minus truth", "distinct, minus truth"]
    texts = []
    for cell in dict.fromkeys(cell for cell, _, _ in rows):
        first = rows[cell, "energy", "hits"]
        texts.append([str(first["n"]), cell, first["budget"]])
        for quantity in _QUANTITIES:
            hits, distinct = rows[cell, quantity, "hits"], rows[cell, quantity, "distinct"]
            texts[-1].append(r.number(hits["truth"], 4))
            texts[-1] += [r.estimate(row["difference"], row["se"]) for row in (hits, distinct)]
    caption_below = (
        "Mean folded energy per spin, mean folded index / (N − 1), and the share of minima. Means over "
        "landscapes of differences taken landscape by landscape."
    )
    return [
        heading("Naive averages", 3),
        paragraph(text),
        picture(figure, "Naive averages and calibration of the estimates", caption),
        HtmlTable(titles, texts, caption_below, (1, 2)).part(),
    ]


def _calibration(audit: Audit) -> list[Part]:
    text = (
        "The ledger's estimates against the truth. Coverage: the chance that one more start which converges "
        "ends at a known point; the true one by the hit frequencies of the cell with the most starts. Chao1 "
        "estimates the number of points and is a lower bound in expectation. An interval or a limit at 95% "
        "should hold in 95% of the landscapes."
    )
    titles = (
        "N",
        "cell",
        "budget",
        "true coverage",
        "Good-Turing, minus true",
        "lower limit holds",
        "found / true",
        "Chao1 / true",
        "interval holds",
    )
    texts = [
        (
            str(row["n"]),
            row["cell"],
            row["budget"],
            r.percent(row["coverage_true"]),
            r.DASH
            if row["coverage_error"] is None
            else r.estimate(row["coverage_error"], row["coverage_error_se"]),
            _holds(row, "coverage_limit_holds"),
            r.estimate(row["found_ratio"], row["found_ratio_se"]),
            r.estimate(row["chao1_ratio"], row["chao1_ratio_se"]),
            _holds(row, "chao1_holds"),
        )
        for row in tables.calibration_rows([audit])
    ]
    caption = (
        "Means over landscapes; shares of landscapes with their 95% interval (Clopper and Pearson). No true "
        "coverage for the cell with the most starts, nor for one with more than a tenth of its starts."
    )
    table = HtmlTable(titles, texts, caption, (1, 2)).part()
    return [heading("Are the estimates right?", 3), paragraph(text), table]


def _holds(row: Row, name: str) -> str:
    if row[name] is None:
        return r.DASH
    low, high = r.percent(row[f"{name}_low"]), r.percent(row[f"{name}_high"])
    return f"{r.percent(row[name])} ({low} to {high})"


def contents_entries(audits: Sequence[Audit], titles: Sequence[str]) -> list[tuple[str, str]]:
    """Links to the sections, for the head of the page."""
    return [
        (audit_anchor(number), f"Bias audit of multistart: {title}")
        for number, (_, title) in enumerate(zip(audits, titles, strict=True))
    ]


def audit_anchor(number: int) -> str:
    """Of the section of the audit of this number."""
    return f"audit-{number + 1}"
