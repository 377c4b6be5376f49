"""What gradient flow says on the first screen: where it ends, and how often it finds the signal."""

from collections.abc import Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.topics.findings import Finding, Question
from morsecensus.analysis.topics.flow.measure import FlowCell, alike, summary_rows


def where_flows_end(cells: Sequence[FlowCell], success: float) -> Finding | None:
    """Of the first cell at the largest N, and with a signal the range over its parameters; of uniform starts
    where there are any. None without cells."""
    if not cells:
        return None
    cells = alike(cells)
    largest = max(cell.n for cell in cells)
    chosen = [cell for cell in cells if cell.n == largest]
    rows = summary_rows(chosen, success)
    first = rows[0]
    energy = r.estimate(first["end_energy"], first["end_energy_se"])
    own = (f"{name} = {value}" for name, value in chosen[0].parameters.items())
    text = ", ".join([chosen[0].model, *own, f"N = {largest:,}: flow ends at {energy} per spin"])
    start = chosen[0].given_overlap
    where = "" if start is None else f" at overlap {start:g}"
    text += f", {r.percent(first['minima'])} of the starts{where} in minima"
    shares = [row["success_rate"] for row in rows if "success_rate" in row]
    if shares:
        least, most = r.percent(min(shares)), r.percent(max(shares))
        text += f"; the signal is found by {least if least == most else f'{least} to {most}'} of the starts"
        text += " over the parameters" if len(shares) > 1 else ""
    return Finding(Question.ENDS, f"{text}.")
