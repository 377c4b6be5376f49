"""What came of the topology of a family's cells, for the report."""

from collections.abc import Mapping

import numpy as np

from analysis.page import HtmlTable, Part, heading, paragraph
from analysis.results import FamilyResult
from storage.schema import CHECKS, TOPOLOGY


def topology_rows(family: FamilyResult) -> list[Mapping[str, int]]:
    """Landscapes by outcome, gradient lines, pairs and failed checks: one row per cell with topology."""
    rows = []
    for result in family.cells:
        data = result.cell.dataset
        if "topology" not in data:
            continue
        outcome = data["topology"].values
        failed = [data[name].values == CHECKS.index("fail") for name in ("homology_check", "square_check")]
        failed.append(data["dual_check"].values == CHECKS.index("fail"))
        rows.append(
            {"n": result.n}
            | {name: int(np.sum(outcome == code)) for code, name in enumerate(TOPOLOGY)}
            | {
                "unresolved_lines": int(np.maximum(data["n_unresolved_lines"].values, 0).sum()),
                "arcs": int(data.sizes["arc"]),
                "pairs": int(data.sizes["pair"]),
                "failed_checks": int(sum(part.sum() for part in failed)),
            }
        )
    return rows


def topology_parts(family: FamilyResult) -> list[Part]:
    """A table; nothing without topology."""
    rows = topology_rows(family)
    if not rows:
        return []
    text = (
        "Gradient lines join each saddle to the points below it: boundary matrices over Z/2, whose reduction "
        "pairs critical points into births and deaths. Certified: every line was resolved, the Betti numbers "
        "are those of the sphere, the boundary of a boundary is zero, and where both ends know a boundary, "
        "from H and from -H, they agree."
    )
    # The long word would be broken in its narrow column.
    titles = tuple(name.replace("_", " ").replace("contradicted", "wrong") for name in rows[0])
    texts = [tuple(f"{value:,}" for value in row.values()) for row in rows]
    caption = (
        "Landscapes by outcome, and sums over them. Wrong: every line resolved, and a check fails; failed "
        "checks count those of unresolved landscapes too. Pairs and arcs are in the dataset; no figures are "
        "drawn of them yet."
    )
    table = HtmlTable(("N", *titles[1:]), texts, caption).part()
    return [heading("Topology", 3), paragraph(text), table]
