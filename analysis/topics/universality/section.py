"""The report's section on couplings of other laws: figure, text and tables."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.page.style import legend_below, new_figure, save, style
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.universality.figure import (
    law_entries,
    plot_bulk,
    plot_difference,
    plot_moment,
)
from morsecensus.analysis.topics.universality.measure import (
    SEEN,
    Universality,
    decays,
    find_universality,
    index_rows,
)

TITLE = "Couplings of other laws"
ANCHOR = "universality"
_TEXT = (
    "Every law has the covariance of the Gaussian model at every N: the entries of its symmetric tensors "
    "have the same second moments. Higher cumulants still change mean numbers at small N, so the exact "
    " Gaussian numbers need not hold there; that they do as N grows is universality, and the "
    "difference is what is measured. It is no test of the census."
)
_CAPTION = (
    "Left: mean number of critical points, relative to the exact Gaussian one. Middle: fourth moment of G, "
    "the Hessian plus the radial derivative, over all critical points, beside that of Gaussian couplings, of "
    "a GOE matrix of the same size, and the Catalan number. Right: density of the bulk at the largest N of "
    "each law, in units in which the semicircle is [−2, 2]. One standard error each."
)


find = find_universality


def tables(results: Sequence[Universality]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table; nothing for a study without other laws."""
    if results:
        yield "universality", [row for result in results for row in result.totals]
        yield "universality_by_index", [row for result in results for row in index_rows(result)]
        yield "universality_bulk", [row for result in results for row in result.bulk]


def draw_universality(result: Universality, folder: Path, name: str) -> tuple[Path, Path]:
    """Draw and save the figure of one covariance: SVG and PNG."""
    with style():
        figure, axes = new_figure(1, 3, 3.2)
        plot_difference(axes[0], result)
        plot_moment(axes[1], result)
        plot_bulk(axes[2], result)
        legend_below(figure, law_entries(result))
        return save(figure, folder, name)


def entries(results: Sequence[Universality]) -> list[tuple[str, str]]:
    """Entries of the table of contents: (anchor, text)."""
    return [(_anchor(number), _title(result)) for number, result in enumerate(results)]


def _anchor(number: int) -> str:
    return f"{ANCHOR}-{number + 1}"


def _title(result: Universality) -> str:
    return f"{TITLE}: ξ = {result.covariance}"


def parts(results: Sequence[Universality], folder: Path) -> list[Part]:
    """The section, its figures drawn into ``folder``; empty for a study without other laws."""
    found: list[Part] = []
    for number, result in enumerate(results):
        name = _anchor(number)
        vector, _ = draw_universality(result, folder, name)
        found += [heading(_title(result), 2, name), paragraph(_TEXT)]
        found += [picture(vector, _title(result), _CAPTION), _decay(result), _totals(result)]
        found += [_bulk(result)] if result.bulk else []
    return found


def _decay(result: Universality) -> Part:
    fits = decays(result)
    if not fits:
        return note(
            f"No law is {SEEN:g} standard errors off the Gaussian model at three N, in its mean number or "
            "in a moment of the bulk: no exponent is fitted."
        )
    texts = [
        f"{fit.law}, {fit.quantity}: N^({r.MINUS}{r.estimate(fit.exponent, fit.exponent_se)}) over N = "
        f"{', '.join(map(str, fit.sizes))}"
        for fit in fits
    ]
    return note(
        f"How the relative difference falls, fitted where it is {SEEN:g} standard errors or more: "
        f"{'; '.join(texts)}. N where it was too small to be seen are left out, so the exponent is a lower "
        "bound rather than an estimate."
    )


def _totals(result: Universality) -> Part:
    titles = ("law", "N", "cell", "finder", "landscapes", "open", "left out")
    titles += ("mean number", "exact Gaussian", "difference, %", "in standard errors")
    rows = result.totals
    texts = [
        (
            row["law"],
            str(row["n"]),
            row["cell"],
            row["finder"],
            f"{row['landscapes']:,}",
            r.percent(row["open"]),
            r.percent(row["left_out"]),
            r.estimate(row["mean"], row["se"]),
            r.against(row["gaussian"], row["se"]),
            r.estimate(100 * row["relative"], 100 * row["relative_se"]),
            r.signed(row["standard_errors"], 1),
        )
        for row in rows
    ]
    caption = (
        "Mean numbers on the whole sphere over the landscapes that have a number: discrete and diluted "
        "couplings can have degenerate points, or whole circles of them. Left out: the share of these. Open: "
        "of the others, those that aren't complete. Cells of one seed and N share normal numbers, so "
        "their differences go together. By index: universality_by_index.csv."
    )
    return HtmlTable(titles, texts, caption, (0, 2, 3)).part()


def _bulk(result: Universality) -> Part:
    titles = ("law", "N", "cell", "moment", "at critical points", "Gaussian, there")
    titles += ("difference in standard errors", "GOE, N−1", "Catalan number")
    texts = [
        (
            row["law"],
            str(row["n"]),
            row["cell"],
            str(row["order"]),
            r.estimate(row["moment"], row["se"]),
            r.estimate(row["gaussian"], row["gaussian_se"]),
            r.signed(row["standard_errors"], 1),
            r.number(row["goe"], 5),
            str(row["catalan"]),
        )
        for row in result.bulk
    ]
    caption = (
        "Moments of the eigenvalues of G over all critical points, G the Hessian plus the radial derivative, "
        "in units in which the semicircle is [−2, 2]. At critical points even Gaussian couplings give "
        "no plain GOE matrix: Kac and Rice weigh it with the determinant of the Hessian. Both are shown."
    )
    return HtmlTable(titles, texts, caption, (0, 2)).part()
