"""The report's section on sharpness."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.networks.read import Network
from morsecensus.analysis.topics.rows import CELL
from morsecensus.analysis.topics.sharpness.figure import draw_sharpness
from morsecensus.analysis.topics.sharpness.measure import difference_rows, find_sharp, scale_rows

Found = tuple[Network, ...]
SURE = 2.0
"""Standard errors up to which nothing is said."""
_TEXT = (
    "Tier 4. Hidden units multiplied by c and the next layer divided by c leave the function, and not the "
    "largest eigenvalue of the Hessian H (arXiv:1703.04933). That of |w| H |w|, |w| the diagonal of absolute "
    "weights, is left as well: adaptive sharpness to second order (arXiv:2102.11600). Errors are over runs; "
    "of a difference within two standard errors nothing is said."
)
_CAPTION = (
    "Left: means over their values at c = 1; solid: largest eigenvalue of H, dashed: of |w| H |w|. Middle, "
    "right: test errors against both, each run a dot, squares: means with errors."
)
_WORDS = {
    "sharpness": "largest eigenvalue of H",
    "adaptive": "largest eigenvalue of |w| H |w|",
    "end_cost": "training cost",
    "end_test_errors": "test errors",
}


def _said(row: Row) -> str:
    if row["z"] is None or abs(row["z"]) <= SURE:
        return "not shown"
    return "larger" if row["z"] > 0 else "smaller"


SCALES = Table(
    "network_sharpness",
    "Largest curvatures where training ended: one row for each network and rescaling.",
    (
        CELL,
        Column("network", "its name in the study", title="network", left=True),
        Column("layers", "widths, from the inputs to the classes", title="layers", left=True),
        Column("rule", "how it is trained", title="training", left=True),
        Column("runs", "training runs", title="runs", form="{:,}".format),
        Column("scale", "c, what the first hidden layer was multiplied by", title="c", form="{:g}".format),
        *measured("sharpness", "sharpness_se", "largest eigenvalue of H", "", "of H"),
        *measured("sharpness_ratio", "sharpness_ratio_se", "over that at c = 1", "", "over c = 1"),
        *measured("adaptive", "adaptive_se", "largest eigenvalue of |w| H |w|", "", "of |w| H |w|"),
        *measured("adaptive_ratio", "adaptive_ratio_se", "over that at c = 1", "", "over c = 1"),
        Column("sharpness_residual", "largest relative residual of the first"),
        Column("adaptive_residual", "largest relative residual of the second"),
        Column("cost_change", "largest relative change of a cost", title="cost", form=r.digits(1)),
    ),
    "Cost: the largest relative change of a cost by the rescaling, the control, rounding but for batch norm, "
    "whose epsilon isn't rescaled. By Lanczos; relative residuals are in the file.",
)
DIFFERENCES = Table(
    "network_sharpness_differences",
    "Networks that differ in one option: one row for each two and quantity, second less first.",
    (
        Column("option", "in which they differ", title="option", left=True),
        Column("first", "name of the first network", title="first", left=True),
        Column("second", "name of the second", title="second", left=True),
        Column("pairs", "runs of both that began alike and are compared one by one; 0: all, as independent"),
        Column("quantity", "what is compared", title="quantity", left=True, form=_WORDS.__getitem__),
        *measured("first_mean", "first_se", "mean of the first", "", "first"),
        *measured("second_mean", "second_se", "mean of the second", "", "second"),
        *measured("difference", "difference_se", "second less first", "", "difference"),
        Column("z", "over its error, as a normal law has it", title="z", form=r.score),
        Column("", title="second is", shown=_said, left=True),
    ),
    "Where widths are equal, differences are of runs that began at the same weights, with Student's t; else "
    "runs are independent, with Welch's. z is the normal one of the same tail; within 2 nothing is shown.",
)


class Sharpness(Topic[Found]):
    """One section for all networks whose curvatures were measured."""

    anchor, declared = "networks-sharpness", (SCALES, DIFFERENCES)

    def find(self, study: StudyResult) -> list[Found]:
        found = tuple(find_sharp(study.study))
        return [found] if found else []

    def tables(self, found: Found) -> Mapping[Table, Sequence[Row]]:
        return {
            SCALES: [row for one in found for row in scale_rows(one)],
            DIFFERENCES: list(difference_rows(found)),
        }

    def figures(self, found: Found) -> Mapping[str, Figure]:
        return {"": draw_sharpness(found)}

    def section(self, found: Found) -> Section:
        title, rows = "Trained networks: sharpness", self.tables(found)
        parts = [table.part(rows[table]) for table in self.declared if rows[table]]
        return Section(title, [paragraph(_TEXT), Picture("", title, _CAPTION), *parts])
