"""The report's section on index against loss, with what the points are."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.criticality.figure import draw_indices
from morsecensus.analysis.topics.criticality.measure import (
    AGREES,
    KINK,
    OTHERS,
    closed_rows,
    correlation_rows,
    verdict_row,
)
from morsecensus.analysis.topics.criticality.read import CRITICAL, Searched, find_searched
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import CELL

Found = tuple[Searched, ...]
SURE = 3.0
"""Standard errors from which a correlation is called one."""
_TEXT = (
    "Tier 4; linear autoencoders tier 1. From weights along training Levenberg-Marquardt seeks a zero of the "
    "gradient with exact Hessians, and each end is judged: critical, if the gradient is rounding after one "
    "more Newton step; gradient-flat, if the Hessian makes nothing of the gradient that is left "
    "(arXiv:2003.10397); or neither. That index falls with the loss is known of points called critical "
    "(arXiv:1406.2572). Here the same is measured of points that are none."
)
_CAPTION = (
    "Index over the number of weights against the loss, apart by verdict; last column: where the searches "
    "began, along training. In the corner: points, and the rank correlation with its error over runs, "
    "below it that without zeros. Rings: all critical sets in closed form."
)
_HEAD = (
    CELL,
    Column("network", "its name in the study", title="network", left=True),
    Column("layers", "widths, from the inputs to the classes", title="layers", left=True),
    Column("rule", "how it is trained"),
)
VERDICTS = Table(
    "network_points",
    "Ends of searches for critical points: one row for each network.",
    (
        *_HEAD,
        Column("activation", "of hidden units", title="activation", left=True),
        Column("weights", "weights of the network", title="weights", form="{:,}".format),
        Column("runs", "training runs", title="runs", form="{:,}".format),
        Column("points", "searches", title="searches", form="{:,}".format),
        *(
            column
            for name, title in (
                ("critical", "critical"),
                ("gradient_flat", "gradient-flat"),
                ("neither", "neither"),
            )
            for column in (
                *measured(name, f"{name}_se", f"share of {title} ends", "", title),
                Column(f"{name}_gradient", "median length of their gradients"),
            )
        ),
        Column(
            "fading", "ends whose gradient is within the tolerance and that aren't critical", title="fading"
        ),
        Column(
            "kinks",
            f"other ends with a unit within {KINK:g} of the kink of ReLU",
            title="at kinks",
            form=r.whole,
        ),
    ),
    "Errors are over runs, at the same examples. Fading: the gradient is within the tolerance and no zero is "
    "near: it fades on a way to infinity.",
)
CORRELATIONS = Table(
    "network_points_correlation",
    "Rank correlation of index and loss: one row for each network and class of points.",
    (
        *_HEAD,
        Column("class", "of points", title="points", left=True),
        Column("points", "how many", title="number", form="{:,}".format),
        Column("runs", "from how many runs", title="runs", form="{:,}".format),
        *measured("rho", "rho_se", "Spearman's", "", "rank correlation"),
        Column("z", "over its error", title="z", form=r.score),
        *measured(
            "curved",
            "curved_se",
            "the same of the index over the number of eigenvalues that aren't zero",
            "",
            "without zeros",
        ),
    ),
    "Errors by leaving out one run after the other. Without zeros: of the index over the number of other "
    "eigenvalues; a critical point with many zeros has fewer that can be negative.",
)
CLOSED = Table(
    "network_points_closed",
    "Linear autoencoders against the closed form: one row for each network and what is called critical.",
    (
        *_HEAD,
        Column("called", "what is called critical", title="called so", left=True),
        Column("points", "how many", title="points", form="{:,}".format),
        Column("sets", "critical sets that are nearest to one in loss", title="sets", form="{:,}".format),
        Column("known", "critical sets that there are", title="of", form="{:,}".format),
        Column("off", f"points farther than {AGREES:g} of the largest", title="off", form="{:,}".format),
        Column(
            "farthest", "largest distance, over the largest critical loss", title="farthest", form=r.digits(2)
        ),
        Column("wrong", "points at a critical loss of another index or nullity", title="index wrong"),
    ),
    "Critical losses are halves of sums of eigenvalues of the data's covariance. The looser rows are the "
    "control: they must be off.",
)


class IndexAgainstLoss(Topic[Found]):
    """One section for all networks that were searched."""

    anchor, declared = "networks-index-loss", (VERDICTS, CORRELATIONS, CLOSED)

    def find(self, study: StudyResult) -> list[Found]:
        found = tuple(find_searched(study.study))
        return [found] if found else []

    def tables(self, found: Found) -> Mapping[Table, Sequence[Row]]:
        return {
            VERDICTS: [verdict_row(one) for one in found],
            CORRELATIONS: [row for one in found for row in correlation_rows(one)],
            CLOSED: [row for one in found for row in closed_rows(one)],
        }

    def figures(self, found: Found) -> Mapping[str, Figure]:
        return {"": draw_indices(found)}

    def section(self, found: Found) -> Section:
        title, rows = "Trained networks: index against loss", self.tables(found)
        said = [*_agreement(rows[CLOSED]), *_finding(rows[CORRELATIONS])]
        parts = [table.part(rows[table]) for table in self.declared if rows[table]]
        return Section(title, [paragraph(_TEXT), *said, Picture("", title, _CAPTION), *parts])


def _agreement(rows: Sequence[Row]) -> list[Part]:
    """Whether what is called critical is on the closed form; nothing without one."""
    parts = []
    for row in rows:
        if row["called"] == CRITICAL and row["points"]:
            bad = row["off"] + row["wrong"]
            text = f"{row['network']}: {row['points']:,} points are called critical, {row['off']:,} at "
            text += f"no critical loss of the closed form, {row['wrong']:,} with another index or nullity."
            parts.append(note(text, "bad" if bad else "good"))
    return parts


def _finding(rows: Sequence[Row]) -> list[Part]:
    """What ends that aren't critical show, beside those that are; nothing where there are too few."""
    critical = {row["cell"]: row for row in rows if row["class"] == CRITICAL}
    parts = []
    for row in rows:
        if row["class"] != OTHERS or row["curved"] is None:
            continue
        text = f"{row['network']}: at {row['points']:,} ends that are not critical index, without zeros, and "
        text += f"loss have the rank correlation {r.estimate(row['curved'], row['curved_se'])}"
        shown = row["curved"] > SURE * row["curved_se"]
        text += ": they show it too" if shown else ": not shown by these runs"
        known = critical.get(row["cell"])
        if known is not None and known["curved"] is not None:
            beside = r.estimate(known["curved"], known["curved_se"])
            text += f"; {known['points']:,} that are critical have {beside}"
        parts.append(paragraph(f"{text}."))
    return parts
