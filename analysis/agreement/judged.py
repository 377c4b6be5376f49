"""A test of a cell with the smallest departure that it would have seen."""

from dataclasses import dataclass

from morsecensus.analysis.agreement.null_law import Reference
from morsecensus.analysis.agreement.power import detectable
from morsecensus.analysis.agreement.rare import split_directions
from morsecensus.analysis.agreement.residuals import TestResult
from morsecensus.analysis.dataset.batches import Floats, Moments


@dataclass(frozen=True)
class Judged:
    """A test's outcome, and the smallest departure that it would have seen (``unit`` says of what)."""

    result: TestResult
    detectable: float | None
    unit: str


def with_power(
    result: TestResult, rows: Floats, direction: Floats, unit: str, reference: Reference | None = None
) -> Judged:
    """A result with the smallest departure along ``direction`` that the test would have seen.

    Args:
        result: of `hotelling`.
        rows: that it was made of, up to a constant, shape (landscapes, d).
        direction: change of their mean per unit, shape (d,).
        unit: of the departure, in words.
        reference: errors of a sampled theory, which the test takes into account: none sees less than they
            are, however many landscapes there are.
    """
    if result.p_value is None:
        return Judged(result, None, unit)
    frequent, _ = split_directions(rows)
    moments = Moments.of(rows @ frequent)
    covariance = moments.covariance
    if reference is not None:
        covariance = covariance + moments.count * reference.seen_through(frequent.T).covariance
    return Judged(result, detectable(direction @ frequent, covariance, moments.count), unit)
