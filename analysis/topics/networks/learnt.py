"""What trained networks say on the first screen: errors and costs that they reach, barriers between runs."""

from collections.abc import Sequence
from math import isnan

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.topics.findings import Finding, Question
from morsecensus.analysis.topics.networks.measure import barrier_rows
from morsecensus.analysis.topics.networks.read import Network

MOST = 3
"""Networks of which the sentence has numbers."""


def what_training_reaches(found: Sequence[Network]) -> Finding | None:
    """Test errors and costs of networks of several runs, the best first, those without test errors last, and
    how the line between two runs rises; None where nothing could be measured.
    """
    known = [one for one in found if one.runs]
    students = [one for one in known if one.runs > 1] or known
    if not students:
        return None
    ordered = sorted(students, key=_rank)
    texts = [_of(one) for one in ordered[:MOST]]
    more = f" {len(ordered) - MOST} more networks are in the table." if len(ordered) > MOST else ""
    lines = [text for one in ordered if (text := _barrier(one))][:1]
    return Finding(Question.TRAINED, " ".join([f"{'; '.join(texts)}.{more}", *lines]))


def _rank(one: Network) -> tuple[bool, float, float]:
    """By test errors; autoencoders, which have no classes, behind all others by their cost."""
    errors, _ = one.mean("end_test_errors")
    return isnan(errors), 0.0 if isnan(errors) else errors, one.mean("end_cost")[0]


def _of(one: Network) -> str:
    errors, excess = one.mean("end_test_errors"), r.estimate(*one.mean("excess"))
    said = "" if isnan(errors[0]) else f"{r.estimate(*errors)} test errors, "
    said += f"cost {excess} nats above the floor" if one.has_floor else f"squared error {excess}"
    runs = f"{one.runs:,} run{'s' * (one.runs > 1)}"
    return f"{one.name} ({one.layers}, {runs}): {said}"


def _barrier(one: Network) -> str:
    rows = {row["path"]: row for row in barrier_rows(one)}
    if not {"trained", "matched"} <= rows.keys():
        return ""
    unit = " nats" if one.has_floor else ""
    plain, matched = (r.estimate(rows[p]["barrier"], rows[p]["barrier_se"]) for p in ("trained", "matched"))
    return (
        f"On the straight line between two runs of {one.name} the cost rises by {plain}{unit}, by {matched} "
        "once their units are matched."
    )
