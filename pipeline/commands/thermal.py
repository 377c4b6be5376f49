"""What ``predict --temperature`` adds: temperatures, states and aging of a model without signal and field."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from morsecensus.pipeline.errors import UsageError

if TYPE_CHECKING:
    from morsecensus.tasks.covariance import Covariance, Signal


def thermal_numbers(
    model: str, dynamics: "tuple[Covariance, Signal] | None", temperature: float
) -> dict[str, Any]:
    """What `analysis.theory.limits.thermal` says; raises UsageError where nothing is known."""
    from morsecensus.analysis.theory.limits.thermal import thermal

    if dynamics is None or any(dynamics[1].coefficients):
        raise UsageError(f"--temperature: got {temperature:g} with model {model}, allowed: with pspin")
    try:
        return thermal(dynamics[0], temperature)
    except ValueError as error:
        raise UsageError(f"--{error}") from error


def thermal_lines(found: Mapping[str, Any]) -> list[str]:
    """The same as lines of text."""
    lines = [", ".join(f"T_{x} = {found[f'T_{x}']:.8f} (q = {found[f'q_{x}']:.6f})" for x in "ds")]
    at = f"at T = {found['T']:g}"
    if (energy := found["equilibrium_energy"]) is not None:
        lines.append(f"{at}: equilibrium at e = -xi(1)/T = {energy:.8f}")
    if (aging := found["aging"]) is not None:
        lines.append(
            f"{at}: from uniform starts aging to e = {aging['energy']:.8f}, plateau "
            f"q = {aging['overlap']:.6f}, fluctuation-dissipation ratio x = {aging['ratio']:.6f}"
        )
    if (states := found["tap"]) is not None:
        lines.append(
            f"{at}: TAP states of critical points at e = {states['energy']:.6f}, complexity "
            f"{states['complexity']:.7f}, max of complexity - f/T = {states['maximum']:.10f} "
            f"(expected {states['expected']:.10f})"
        )
    if energy is None and aging is None:
        lines.append(f"{at}: below T_s; energies of mixtures are not known in closed form there")
    return lines
