"""Which models have a theory, and where it is: the counterpart of `tasks.landscapes.MODELS`.

Adding one means a file here and an entry below. A theory gives rows for ``morsecensus predict``, and mean
numbers at one N that reports and plans stand beside measurements.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from morsecensus.analysis.dataset.batches import Floats
    from morsecensus.analysis.theory.means import Means

Energies = tuple[float, float, int] | None
"""(A, B, M): M bins from A to B."""


class Symmetry(NamedTuple):
    """Sign changes that relate critical points: points in a class, and whether half of them are at -E."""

    orbit: int
    odd: bool


@dataclass(frozen=True)
class Theory:
    """Where the theory of a model is, as ``module:function``; imported when it is asked for. What a model
    lacks is None.

    Attributes:
        rows: ``(dimensions, energies, **parameters)`` -> JSON-ready rows with the keys of
            `analysis.theory.models.pspin.predict.predict`; the first one also has ``limits``.
        log_total: ``(n, **parameters)`` -> log of the mean number of critical points, or None; quick.
        means: ``(n, edges, **parameters)`` -> `analysis.theory.means.Means` in these energy bins, or None.
        limits: ``(points, **parameters)`` -> limits N to infinity with the keys of
        `analysis.theory.models.pspin.predict.limits`. symmetry: ``(n, **parameters)`` -> (orbit, odd).
        index_fraction: ``(energies, **parameters)`` -> index over dimension for N to infinity, or None.
    """

    rows: str
    log_total: str | None = None
    means: str | None = None
    limits: str | None = None
    symmetry: str | None = None
    index_fraction: str | None = None


THEORIES = {
    "pspin": Theory(
        "morsecensus.analysis.theory.models.pspin.predict:rows_pspin",
        "morsecensus.analysis.theory.models.pspin.predict:log_total_pspin",
        "morsecensus.analysis.theory.models.pspin.means:means_pspin",
        "morsecensus.analysis.theory.models.pspin.predict:limits_pspin",
        "morsecensus.analysis.theory.models.pspin.predict:symmetry_pspin",
        "morsecensus.analysis.theory.models.pspin.predict:index_fraction_pspin",
    ),
    "partite": Theory(
        "morsecensus.analysis.theory.models.partite.theory:rows_partite",
        "morsecensus.analysis.theory.models.partite.theory:log_total_partite",
        "morsecensus.analysis.theory.models.partite.means:means_partite",
        "morsecensus.analysis.theory.models.partite.theory:limits_of_partite",
        "morsecensus.analysis.theory.models.partite.theory:symmetry_partite",
        "morsecensus.analysis.theory.models.partite.theory:index_fraction_partite",
    ),
    "spiked": Theory(
        "morsecensus.analysis.theory.models.spiked.theory:rows_spiked",
        "morsecensus.analysis.theory.models.spiked.theory:log_total_spiked",
    ),
    "matrix-tensor": Theory(
        "morsecensus.analysis.theory.models.spiked.theory:rows_matrix_tensor",
        "morsecensus.analysis.theory.models.spiked.theory:log_total_matrix_tensor",
    ),
    "factorised": Theory(
        "morsecensus.analysis.theory.models.factorised.theory:rows_factorised",
        "morsecensus.analysis.theory.models.factorised.theory:log_total_factorised",
    ),
}


def predicted_rows(
    model: str, n: Sequence[int], energies: Energies, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The rows of ``predict`` for a model of THEORIES. ValueError for what it can't compute."""
    return _load(THEORIES[model].rows)(n, energies, **parameters)


def expected_log_total(model: str, n: int, parameters: Mapping[str, Any]) -> float | None:
    """log of the mean number of critical points of a landscape; None where there is no theory."""
    return _ask(model, "log_total", n, **parameters)


def expected_means(model: str, n: int, edges: "Floats", parameters: Mapping[str, Any]) -> "Means | None":
    """Mean numbers in these energy bins; None where there is no theory."""
    return _ask(model, "means", n, edges, **parameters)


def limits_of(model: str, points: int, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """Limits N to infinity, complexities at so many energies; None where there is no theory."""
    return _ask(model, "limits", points, **parameters)


def symmetry_of(model: str, n: int, parameters: Mapping[str, Any]) -> Symmetry:
    """The sign changes that relate critical points; none that is known, without theory."""
    orbit, odd = _ask(model, "symmetry", n, **parameters) or (1, False)
    return Symmetry(int(orbit), bool(odd))


def limiting_index(model: str, energies: "Floats", parameters: Mapping[str, Any]) -> "Floats | None":
    """Index over dimension at each energy for N to infinity; None where unknown."""
    return _ask(model, "index_fraction", energies, **parameters)


def _ask(model: str, what: str, *args: Any, **parameters: Any) -> Any:
    path = getattr(THEORIES.get(model), what, None)
    return None if path is None else _load(path)(*args, **parameters)


def _load(path: str) -> Callable[..., Any]:
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)
