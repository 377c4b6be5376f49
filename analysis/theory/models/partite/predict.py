"""Rows of ``predict`` and limits of the r-partite model: the counterpart of `models.pspin.predict`."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.models.partite.finite_n import FinitePartite
from morsecensus.analysis.theory.models.pspin.predict import limits_of
from morsecensus.analysis.theory.sampled import count_row, energy_row
from morsecensus.tasks.covariance import Covariance

MOST_SPHERES = 8
"""As `tasks.landscapes.parameters` allows."""


@dataclass(frozen=True, slots=True)
class AsManySpins(Covariance):
    """q^r for each number of spheres; no landscape on one sphere has a degree above 6 here."""

    MOST_DEGREE: ClassVar[int] = MOST_SPHERES


# Energies take most of the time: a part of the draws is enough for the errors of a histogram.
ENERGY_SAMPLES = 1000


def predict_partite(
    sizes: Sequence[int],
    n: Sequence[int],
    energy: tuple[float, float, int] | None = None,
    samples: int = 4000,
    seed: int = 0,
) -> list[dict[str, Json]]:
    """Mean numbers of critical points on the product of spheres S^{n_i - 1}, n_i = n * sizes[i], a row per n.

    Args:
        sizes: relative sizes of the spheres, such as (1, 1, 1).
        n: each >= 2, in the order of the rows.
        energy: (A, B, M): M equal bins of energy per spin from A to B.
        samples: draws of the Hessian; the first ENERGY_SAMPLES of them for energies.
        seed: of the draws.

    Returns:
        Rows with the keys of `analysis.theory.models.pspin.predict.predict`, but ``sizes`` (text) for xi and
        field, and every number sampled: ``total_se``, ``se`` and ``minima_energy_se`` are its standard
        errors, ``by_index`` has an entry for each index 0 .. dimension, ``ground_state_mean`` and
        ``ground_state_sd`` are None (there is no law for them yet), ``by_energy`` has also ``counts_se`` and
        no exact entry. Energies are per spin, ``H / (n_1 + ... + n_r)``.

    Raises:
        ValueError: an argument is out of range; the text says what was got and what is allowed.
    """
    models = [FinitePartite(tuple(size * each for size in sizes), samples, seed) for each in n]
    rows = []
    for each, model in zip(n, models, strict=True):
        row: dict[str, Json] = {"model": "partite", "sizes": ",".join(map(str, sizes)), "n": int(each)}
        row |= count_row(model)
        if energy is not None:
            few = FinitePartite(model.sizes, min(samples, ENERGY_SAMPLES), seed)
            row["by_energy"] = energy_row(few, energy)
        rows.append(row)
    return rows


def limits_partite(sizes: Sequence[int], points: int = 61) -> dict[str, Json]:
    """Special energies and complexities for N -> infinity, where all spheres are equal.

    The bulk of the Hessian is then a semicircle, and everything follows from the pure p-spin with p = r:
    with e the energy and rates *per spin*, ``Sigma(e) = Theta_r(sqrt(r) e)``, so energies are those of the
    pure model divided by sqrt(r). Per sphere (H/N, rates per N) energies are sqrt(r) times those of the
    pure model and rates r times.

    Returns:
        The keys of `analysis.theory.models.pspin.predict.limits`, ``sizes`` for xi and field, and
        ``per_sphere`` = {``E_inf``, ``E_0``} as the literature writes them. ``E_k`` beyond E_0 and the laws
        of the lowest energies are None: not derived. E_0 is the zero of the mean's rate, so a bound on the
        ground state. All special energies are None for unequal spheres.
    """
    r = len(sizes)
    head: dict[str, Json] = {"sizes": ",".join(map(str, sizes))}
    if len(set(sizes)) > 1:
        names = ("E_inf", "E_0", "E_k", "threshold_energy", "threshold_complexity", "minima_energy")
        return head | dict.fromkeys(names) | {"trivial": r == 2, "per_sphere": None, "complexity": None}
    pure = limits_of(AsManySpins.pure(r), points)
    curve = pure["complexity"]
    assert isinstance(curve, dict)
    scale = 1 / sqrt(r)

    def scaled(value: Json, factor: float) -> Json:
        return value * factor if isinstance(value, float) else None

    grid = curve["energy"]
    assert isinstance(grid, list)
    energies = {
        key: scaled(pure[key], scale) for key in ("E_inf", "E_0", "threshold_energy", "minima_energy")
    }
    per_sphere = {key: scaled(pure[key], sqrt(r)) for key in ("E_inf", "E_0")}
    return (
        head
        | energies
        | {"E_k": None, "threshold_complexity": pure["threshold_complexity"], "trivial": pure["trivial"]}
        | {"per_sphere": per_sphere, "complexity": curve | {"energy": [scaled(e, scale) for e in grid]}}
    )
