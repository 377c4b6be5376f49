"""The audit in the report: its figures, its text, its tables."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.agreement.verdicts import CellTest, check
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult, family_title
from morsecensus.analysis.topics.audit import tables
from morsecensus.analysis.topics.audit.figure import draw_estimates, draw_hits
from morsecensus.analysis.topics.audit.hits import mirrored
from morsecensus.analysis.topics.audit.measure import Audit, audit_cells
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section

_QUANTITIES = {"energy": "energy", "index": "index / (N − 1)", "minima": "minima"}
_TEXT = (
    "Multistart against the same landscapes with every critical point enumerated (homotopy, complex "
    "solutions counted). Only enumerated landscapes count. Points are matched by landscape, index "
    "and energy. Landscapes are the independent units of all errors."
)

_FOLDED = (
    "H and −H have one law and are searched alike, so points above energy zero are folded: index k at E "
    "counts as N−1−k at −E."
)
_UNFOLDED = "H and −H aren't known to have one law (a signal may have one sign), so nothing is folded."


class BiasAudit(Topic[Audit]):
    """Multistart cells beside an enumerated cell of the same landscapes, a section for each family."""

    anchor, numbered = "audit", True
    whole = True
    declared = (
        tables.CLAIMS,
        tables.RECALLS,
        tables.PROFILES,
        tables.SLOPES,
        tables.NAIVE,
        tables.CALIBRATION,
    )

    def find(self, study: StudyResult) -> list[Audit]:
        return audit_cells(study.cells)

    def tables(self, found: Audit) -> Mapping[Table, Sequence[Row]]:
        return {
            tables.CLAIMS: tables.claim_rows(found),
            tables.RECALLS: tables.recall_rows(found),
            tables.PROFILES: tables.profile_rows(found),
            tables.SLOPES: tables.slope_rows(found),
            tables.NAIVE: tables.naive_rows(found),
            tables.CALIBRATION: tables.calibration_rows(found),
        }

    def figures(self, found: Audit) -> Mapping[str, Figure]:
        return {"hits": draw_hits(found), "estimates": draw_estimates(found)} if found.sizes else {}

    def tests(self, found: Audit) -> list[CellTest]:
        """No multistart cell may have a point that the enumeration lacks."""
        cells = [cell for size in found.sizes for cell in size.cells]
        name = "no point beyond the enumeration"
        return [check([cell.cell], name, cell.extra, 0, cell.landscapes, self.anchor) for cell in cells]

    def section(self, found: Audit) -> Section:
        title = f"Bias audit of multistart: {family_title(found.family)}"
        opening = [paragraph(_TEXT), *_apart(found)]
        if not found.sizes:
            return Section(title, opening)
        parts = [_recall(found), *_hits(found), _naive(found), _calibration(found)]
        return Section(title, [*opening, *_extras(found), *parts])


def _apart(audit: Audit) -> list[Part]:
    return [
        note(
            f"N = {cell.n}: {cell.name} has computed no landscape in common with those of {truth.name} that "
            "are enumerated: not audited.",
            "bad",
        )
        for truth, cell in audit.apart
    ]


def _is_folded(audit: Audit) -> bool:
    """One answer for a family: laws of all N are alike."""
    return all(mirrored(size.truth) for size in audit.sizes)


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
    rows = [row for row in tables.claim_rows(audit) if row["extra_points"]]
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


def _recall(audit: Audit) -> Section:
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
    known = {(row["cell"], row["index"]): row for row in tables.recall_rows(audit)}
    rows = [
        row | {"recall_all": known[row["cell"], "all"], "recall_minima": known.get((row["cell"], 0))}
        for row in tables.claim_rows(audit)
        if (row["cell"], "all") in known
    ]
    figure = Picture("hits", "Recall by index and relative hits", caption)
    return Section("Recall", [paragraph(text), figure, tables.CLAIMS.part(rows)])


def _hits(audit: Audit) -> list[Section]:
    rows = tables.slope_rows(audit)
    if not rows:
        return []
    law = _FOLDED if _is_folded(audit) else _UNFOLDED
    text = (
        f"How often a point is hit against its landscape's mean. {law} Slopes are of "
        "log relative hits per unit of a feature (conditional logit, errors over landscapes): alone, and "
        "beside the other features. Factor: by how much hits change from the 10% quantile of the feature to "
        "its 90% quantile."
    )
    minima = {
        row["cell"]: r.estimate(row["relative_hits"], row["se"])
        for row in tables.profile_rows(audit)
        if row["feature"] == "index" and row["centre"] == 0
    }
    shown = [row | {"minima": minima.get(row["cell"], r.DASH)} for row in rows]
    parts: list[Part] = [paragraph(text), tables.SLOPES.part(shown)]
    stopped = sorted({row["cell"] for row in rows if not row["starts_fixed"]})
    if stopped:
        text = (
            f"The hits of {', '.join(stopped)} come from numbers of starts that depend on the hits (it stops "
            "when every point was hit often enough). For hits free of that add a cell with a fixed number of "
            "starts: options = { max_rounds = 16, min_hits = 1000000 }."
        )
        parts.append(note(text))
    return [Section("What is hit how often", parts)]


def _naive(audit: Audit) -> Section:
    text = (
        "What a study without a ledger would report: the average over all starts that ended somewhere, or "
        "over the distinct points found. The truth is the average over all points of the same landscape"
    )
    folded = _is_folded(audit)
    text += (
        "; energies and indices are folded, for over both signs an odd landscape has mean energy zero "
        "whatever was missed."
        if folded
        else "."
    )
    caption = (
        "Top: naive averages minus the truth; full circles over distinct points, open diamonds over hits. "
        "Bottom left: coverage, one point per landscape. Bottom right: Chao1 (full) and the number found "
        "(open) over the true number. One standard error."
    )
    rows = {(row["cell"], row["quantity"], row["average_over"]): row for row in tables.naive_rows(audit)}
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
        f"Mean {'folded ' * folded}energy per spin, mean {'folded ' * folded}index / (N − 1), and the share "
        "of minima. Means over landscapes of differences taken landscape by landscape."
    )
    figure = Picture("estimates", "Naive averages and calibration of the estimates", caption)
    table = HtmlTable(titles, texts, caption_below, (1, 2)).part()
    return Section("Naive averages", [paragraph(text), figure, table])


def _calibration(audit: Audit) -> Section:
    text = (
        "The ledger's estimates against the truth. Coverage: the chance that one more start which converges "
        "ends at a known point; the true one by the hit frequencies of the cell with the most starts. Chao1 "
        "estimates the number of points and is a lower bound in expectation. An interval or a limit at 95% "
        "should hold in 95% of the landscapes."
    )
    table = tables.CALIBRATION.part(tables.calibration_rows(audit))
    return Section("Are the estimates right?", [paragraph(text), table])
