"""The report's section on where training of ReLU students ends."""

from collections.abc import Mapping, Sequence
from typing import Any

from scipy.stats import fisher_exact

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.findings import Finding, Question
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import CELL
from morsecensus.analysis.topics.shares.figure import draw_shares
from morsecensus.analysis.topics.shares.published import RUNS, published_runs, published_spurious
from morsecensus.analysis.topics.shares.read import BODY, EndFamily, SharesCell, find_shares

_TEXT = (
    "Tier 3, descents. m ReLU students of k orthonormal teachers on Gaussian inputs (arXiv:1712.08968), "
    "trained by gradient descent from weights N(0, 1/k) until the gradient vanishes: the minima that "
    "training finds, none of them called complete. A run that ends above loss 0 is in a spurious minimum; "
    f"published are {RUNS} runs for each k of m = k (arXiv:2006.01005). Minima are named by the sizes of the "
    "groups of teachers that may be exchanged there, k alone being the teachers themselves. Doubling a "
    "student, w to (a w, (1 - a) w), leaves the loss: with a negative direction after it a minimum is a "
    "saddle of the network with one student more."
)
_CAPTION = (
    "Left: share of runs that end above loss 0, with 95 % intervals. Right: runs by the minimum that they "
    "ended in, m = k. Hollow squares, beside their k: published."
)


def _with_interval(row: Row) -> str:
    return r.DASH if row["share"] is None else f"{row['share']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


def _known(value: int | None) -> str:
    return r.DASH if value is None else f"{value:,}"


_SIZES = (
    CELL,
    Column("k", "number of teachers", title="k"),
    Column("units", "number m of students", title="m"),
)
SHARES = Table(
    "shares",
    "Where training of ReLU students ends: one row for each cell.",
    (
        *_SIZES,
        Column("runs", "descents", title="runs", form="{:,}".format),
        Column("open", "those of them that didn't settle", title="open"),
        Column("spurious", "those that settled above loss 0", title="above 0"),
        Column("share", "of these among settled ones", title="share (95 %)", shown=_with_interval),
        Column("low", "lower end of its 95 % interval (Clopper, Pearson)"),
        Column("high", "upper end"),
        Column("published", f"those of {RUNS} published runs", title=f"of {RUNS} published", form=_known),
        Column("p", "that both are of one law (Fisher's exact test)", title="p", form=r.probability),
    ),
    "p: that measured and published runs have one share, by Fisher's exact test. It is no test against "
    "theory, and not among those that are corrected together.",
)
FAMILIES = Table(
    "shares_families",
    "Minima that training of ReLU students found: one row for each cell and minimum up to relabelling.",
    (
        *_SIZES,
        Column("blocks", "groups of teachers that may be exchanged", title="blocks"),
        Column("loss", "loss there; 0 if below 1e-10", title="loss", form=r.digits(6)),
        Column("runs", "that ended there", title="runs", form="{:,}".format),
        Column(
            "published",
            f"those of {RUNS} published runs that ended in minima of these blocks",
            title=f"of {RUNS} published",
            form=_known,
        ),
        Column("least_eigenvalue", "of the Hessian", title="least eigenvalue", form=r.digits(3)),
        Column("index", "negative eigenvalues", title="index"),
        Column("nullity", "eigenvalues that are zero", title="nullity"),
        Column(
            "doubled",
            "index and nullity after doubling a student, each pair that some student gives",
            title="doubled: index, nullity",
        ),
    ),
    "Published runs are known by blocks: minima of equal blocks share their number. With students to spare "
    "minima at loss 0 are a continuum, of which the row has one point. Doubled: index and nullity of the "
    "point that has one student twice.",
)


class Shares(Topic[tuple[SharesCell, ...]]):
    """One section for all cells."""

    anchor, declared = "shares", (SHARES, FAMILIES)
    bodies = (BODY,)

    def find(self, study: StudyResult) -> Sequence[tuple[SharesCell, ...]]:
        found = tuple(find_shares(study.study))
        return [found] if found else []

    def tables(self, found: tuple[SharesCell, ...]) -> Mapping[Table, Sequence[Row]]:
        families = [_family_row(one, family) for one in found for family in one.families]
        return {SHARES: [_row(one) for one in found], FAMILIES: families}

    def figures(self, found: tuple[SharesCell, ...]) -> Mapping[str, Figure]:
        return {"": draw_shares(found)}

    def findings(self, found: Sequence[tuple[SharesCell, ...]]) -> list[Finding]:
        return [_learnt(one) for cells in found for one in _most_teachers(cells)]

    def section(self, found: tuple[SharesCell, ...]) -> Section:
        title = "Where training of ReLU students ends"
        rows = self.tables(found)
        body = [
            paragraph(_TEXT),
            Picture("", title, _CAPTION),
            SHARES.part(rows[SHARES]),
            FAMILIES.part(rows[FAMILIES]),
        ]
        return Section(title, body)


def _most_teachers(cells: tuple[SharesCell, ...]) -> list[SharesCell]:
    """The cell of most teachers of which a run settled, the first of several."""
    known = [one for one in cells if one.settled]
    return [max(known, key=lambda one: one.k)] if known else []


def _learnt(one: SharesCell) -> Finding:
    share, low, high = one.share
    text = (
        f"{one.spurious:,} of {one.settled:,} runs of {one.units} students of {one.k} teachers settle above "
        f"loss 0: "
        f"{r.percent(share)} ({r.percent(low)} to {r.percent(high)} with 95% confidence)"
    )
    published = published_spurious(one.k, one.units)
    if published is not None:
        p = r.probability(_same_law(one.spurious, one.settled, published))
        text += f"; published are {published:,} of {RUNS:,}, of one law by Fisher's test with p = {p}"
    left = one.runs - one.settled
    return Finding(
        Question.SPURIOUS, f"{text}. {f'{left:,} others did not settle' if left else 'All settled'}."
    )


def _row(one: SharesCell) -> Row:
    share, low, high = one.share if one.settled else (None, None, None)
    published = published_spurious(one.k, one.units)
    return {
        "cell": one.cell,
        "k": one.k,
        "units": one.units,
        "runs": one.runs,
        "open": one.runs - one.settled,
        "spurious": one.spurious,
        "share": share,
        "low": low,
        "high": high,
        "published": published,
        "p": None if published is None else _same_law(one.spurious, one.settled, published),
    }


def _same_law(spurious: int, settled: int, published: int) -> float | None:
    """That measured and published runs have one share; None where nothing settled, which says nothing."""
    if not settled:
        return None
    table = [[spurious, settled - spurious], [published, RUNS - published]]
    found: Any = fisher_exact(table)
    return float(found.pvalue)


def _family_row(one: SharesCell, family: EndFamily) -> Row:
    return {
        "cell": one.cell,
        "k": one.k,
        "units": one.units,
        "blocks": family.blocks,
        "loss": family.loss if family.loss > one.zero else 0.0,
        "runs": family.runs,
        "published": published_runs(one.k, one.units, family.blocks),
        "least_eigenvalue": family.least_eigenvalue,
        "index": family.index,
        "nullity": family.nullity,
        "doubled": "; ".join(f"{index}, {nullity}" for index, nullity in family.doubled),
    }
