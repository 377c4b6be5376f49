"""Networks that differ in one option: how far apart their runs end, and whether they spread alike.

Networks of the same widths begin at the same weights and see their examples in the same order, run by run, so
what is common to both cancels in differences of runs; of other widths runs are independent.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_law
from scipy.stats import t

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.in_common import in_common, numbers_of, places_of
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.estimates.welch import normal_score
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.networks.read import Network
from morsecensus.analysis.topics.rows import score

COMPARABLE = ("layers", "algorithm", "batch", "rate", "activation", "skip", "batchnorm", "precision")
"""Options that two compared networks may differ in, one at a time."""
SAME = ("data", "sha256", "first", "count", "labels", "teacher", "steps", "loss", "scaling", "until")
Alike = tuple[NDArray[np.int64], NDArray[np.int64]]
ENDS = ("end_cost", "end_test_cost", "end_test_errors")


def pairs_of(found: Sequence[Network]) -> list[tuple[str, Network, Network]]:
    """Networks of several runs each that differ in one option, with its name."""
    pairs = []
    for one, other in itertools.combinations([one for one in found if one.runs > 1], 2):
        same = all(one.options.get(name) == other.options.get(name) for name in SAME)
        differ = [name for name in COMPARABLE if one.options[name] != other.options[name]]
        if same and len(differ) == 1:
            pairs.append((differ[0], one, other))
    return pairs


def compared_row(option: str, one: Network, other: Network) -> Row:
    """Differences, second less first, with errors, and the ratio of the spreads of the cost."""
    rows = alike(option, one, other)
    row: Row = {
        "option": option,
        "first": one.name,
        "second": other.name,
        "first_value": str(one.options[option]) if option != "layers" else one.layers,
        "second_value": str(other.options[option]) if option != "layers" else other.layers,
        "pairs": pairs_among(rows),
    }
    for name in ENDS:
        value, error, z = difference(one.column(name), other.column(name), rows)
        row |= {name: value, f"{name}_se": error, f"{name}_z": z}
    first, second = one.column("end_cost"), other.column("end_cost")
    if rows is None:
        ratio = _ratio(first, second)
        return row | {"spread": ratio, "spread_p": _f_test(ratio, len(first), len(second))}
    first, second = first[rows[0]], second[rows[1]]
    return row | {"spread": _ratio(first, second), "spread_p": _pitman_morgan(first, second)}


def alike(option: str, one: Network, other: Network) -> Alike | None:
    """Where runs that began alike stand in two networks that differ in this option, shape (pairs,) each; None
    where there are no two."""
    if option == "layers":
        return None
    shared = in_common(numbers_of(cell.data) for cell in (one, other))
    return (places_of(one.data, shared), places_of(other.data, shared)) if len(shared) > 1 else None


def pairs_among(rows: Alike | None) -> int:
    """How many pairs there are; 0 where runs are independent."""
    return 0 if rows is None else len(rows[0])


def difference(first: Floats, second: Floats, rows: Alike | None) -> tuple[float, float, float | None]:
    """Of two networks' means, a number of each run given: the value, second less first, its error, and the
    normal z of the same tail as Student's t of pairs, or as Welch's of all runs as independent ones."""
    if rows is None:
        (a, a_se), (b, b_se) = (map(float, mean_and_error(values)) for values in (first, second))
        error = float(np.hypot(a_se, b_se))
        return b - a, error, normal_score(score(b, error, a), (a_se, b_se), (len(first), len(second)))
    before, after = first[rows[0]], second[rows[1]]
    value, error = map(float, mean_and_error(after - before))
    z = score(value, error, 0.0, float(np.abs(before).max()))
    # One mean alone has an error: Welch's degrees of freedom are then Student's.
    return value, error, normal_score(z, (error, 0.0), (len(before), 2))


def _ratio(first: Floats, second: Floats) -> float | None:
    """Of two standard deviations, second over first."""
    least, most = first.std(ddof=1), second.std(ddof=1)
    return float(most / least) if least > 0 else None


def _f_test(ratio: float | None, first: int, second: int) -> float | None:
    """Two-sided p-value: that a ratio of standard deviations, second over first, is chance."""
    if ratio is None:
        return None
    law = f_law(second - 1, first - 1)
    return float(2 * min(law.cdf(ratio**2), law.sf(ratio**2)))


def _pitman_morgan(first: Floats, second: Floats) -> float | None:
    """Two-sided p-value that two numbers of the same runs spread alike: then their sum and their difference
    are uncorrelated (E. J. G. Pitman, Biometrika 31 (1939) 9; W. A. Morgan, ibid. 13)."""
    runs, sums, changes = len(first), first + second, second - first
    if runs < 3 or not sums.std() > 0 or not changes.std() > 0:
        return None
    r = float(np.corrcoef(sums, changes)[0, 1])
    return float(2 * t.sf(abs(r) * np.sqrt((runs - 2) / max(1 - r * r, 1e-300)), runs - 2))
