"""Which models have a theory, and where it is: the counterpart of `tasks.landscapes.MODELS`.

Adding one means a file here and an entry below. A theory gives rows for ``morsecensus predict``, and mean
numbers at one N that reports and plans stand beside measurements.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Energies = tuple[float, float, int] | None
"""(A, B, M): M bins from A to B."""


@dataclass(frozen=True)
class Theory:
    """Where the theory of a model is, as ``module:function``; imported when it is asked for.

    Attributes:
        rows: ``(dimensions, energies, **parameters)`` -> JSON-ready rows with the keys of
            `analysis.predict.predict`; the first one also has ``limits``.
        log_total: ``(n, **parameters)`` -> log of the mean number of critical points, or None; quick.
    """

    rows: str
    log_total: str


THEORIES = {
    "pspin": Theory("analysis.predict:rows_pspin", "analysis.predict:log_total_pspin"),
    "partite": Theory("analysis.partite_predict:rows_partite", "analysis.partite_predict:log_total_partite"),
    "factorised": Theory(
        "analysis.factorised_predict:rows_factorised", "analysis.factorised_predict:log_total_factorised"
    ),
}


def predicted_rows(
    model: str, n: Sequence[int], energies: Energies, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The rows of ``predict`` for a model of THEORIES. ValueError for what it can't compute."""
    return _load(THEORIES[model].rows)(n, energies, **parameters)


def expected_log_total(model: str, n: int, parameters: Mapping[str, Any]) -> float | None:
    """log of the mean number of critical points of a landscape; None where there is no theory."""
    return _load(THEORIES[model].log_total)(n, **parameters) if model in THEORIES else None


def _load(path: str) -> Callable[..., Any]:
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)
