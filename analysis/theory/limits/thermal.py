"""What `analysis.theory.limits.temperatures` says of one temperature, as values that are ready for JSON."""

from dataclasses import asdict

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.limits.temperatures import (
    aging,
    equilibrium_energy,
    tap_states,
)
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.temperatures import dynamic_transition, static_transition


def thermal(covariance: Covariance, temperature: float) -> dict[str, Json]:
    """What is known at one temperature, N to infinity; None where nothing is.

    Args:
        covariance: without a term of degree 1.
        temperature: T > 0.

    Returns:
        ``T``; ``T_d``, ``T_s`` and the overlaps ``q_d``, ``q_s`` that appear there (0: continuously);
        ``equilibrium_energy`` (from T_s on); ``aging`` = {``overlap``, ``ratio``, ``energy``} (pure models
        below T_d); ``tap`` = {``maximum``, ``energy``, ``complexity``, ``overlap``, ``state_energy``,
        ``expected`` = xi(1)/(2T^2), which ``maximum`` is} (pure models, p >= 3, between T_s and T_d).

    Raises:
        ValueError: a term of degree 1, or T <= 0.
    """
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature: got {temperature:g}, allowed: numbers > 0")
    dynamic, static = dynamic_transition(covariance), static_transition(covariance)
    high, low = dynamic.temperature, static.temperature
    pure = covariance.is_pure
    ages = pure and temperature < high
    states: Json = None
    if pure and covariance.degree > 2 and low < temperature < high:
        expected = covariance.x0 / (2 * temperature**2)
        states = {**asdict(tap_states(covariance, temperature)), "expected": expected}
    return {
        "T": float(temperature),
        "T_d": high,
        "T_s": low,
        "q_d": dynamic.overlap,
        "q_s": static.overlap,
        "equilibrium_energy": equilibrium_energy(covariance, temperature) if temperature >= low else None,
        "aging": {**asdict(aging(covariance, temperature))} if ages else None,
        "tap": states,
    }
