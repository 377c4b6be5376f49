"""What trained networks say on the first screen: errors and costs that they reach, barriers between runs."""

from collections.abc import Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.topics.findings import Finding, Question
from morsecensus.analysis.topics.networks.measure import barrier_rows
from morsecensus.analysis.topics.networks.read import Network

MOST = 3
"""Networks of which the sentence has numbers."""


def what_training_reaches(found: Sequence[Network]) -> Finding | None:
    """Test errors and costs above the floor of networks of several runs, the best first, and how the line
    between two runs rises; None where nothing could be measured.
    """
    known = [one for one in found if one.runs]
    students = [one for one in known if one.runs > 1] or known
    if not students:
        return None
    ordered = sorted(students, key=lambda one: one.mean("end_test_errors")[0])
    texts = [_of(one) for one in ordered[:MOST]]
    more = f" {len(ordered) - MOST} more networks are in the table." if len(ordered) > MOST else ""
    lines = [text for one in ordered if (text := _barrier(one))][:1]
    return Finding(Question.TRAINED, " ".join([f"{'; '.join(texts)}.{more}", *lines]))


def _of(one: Network) -> str:
    errors, excess = (r.estimate(*one.mean(name)) for name in ("end_test_errors", "excess"))
    runs = f"{one.runs:,} run{'s' * (one.runs > 1)}"
    return f"{one.name} ({one.layers}, {runs}): {errors} test errors, cost {excess} nats above the floor"


def _barrier(one: Network) -> str:
    rows = {row["path"]: row for row in barrier_rows(one)}
    if not {"trained", "matched"} <= rows.keys():
        return ""
    plain, matched = (r.estimate(rows[p]["barrier"], rows[p]["barrier_se"]) for p in ("trained", "matched"))
    return (
        f"On the straight line between two runs of {one.name} the cost rises by {plain} nats, by {matched} "
        "once their units are matched."
    )
