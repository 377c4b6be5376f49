"""What a sharpness can't be asked for."""

from typing import Any

SHARPNESS: dict[str, Any] = {"examples": 1000, "matvecs": 40, "scales": [0.5, 1.0, 2.0]}
"""Keys of `sharpness` and what they are if not given."""
MOST_SCALES, LARGEST = 20, 1e3


def check_rescalable(asked: Any) -> None:
    """Raise ValueError, one line, for the first thing that is wrong."""
    if not asked.sharpness:
        return
    if unknown := asked.sharpness.keys() - SHARPNESS.keys():
        raise ValueError(f"sharpness: got {sorted(unknown)[0]!r}, allowed: {', '.join(SHARPNESS)}")
    known: dict[str, Any] = SHARPNESS | {"examples": min(1000, asked.count)} | dict(asked.sharpness)
    object.__setattr__(asked, "sharpness", known)
    if asked.activation not in ("relu", "linear"):
        raise ValueError(
            f"sharpness: got activation {asked.activation}, allowed: relu, linear, which rescaling leaves"
        )
    if len(asked.layers) < 3 or asked.scaling != "standard":
        raise ValueError(
            f"sharpness: got layers {list(asked.layers)}, scaling {asked.scaling}, allowed: a hidden layer, "
            "scaling standard"
        )
    if asked.skip and asked.layers[0] == asked.layers[1]:
        raise ValueError(
            f"sharpness: got skip from {asked.layers[0]} inputs to as many units, allowed: another width, "
            "for inputs can't be rescaled"
        )
    for name, most in (("examples", asked.count), ("matvecs", asked.net.weights)):
        if not 1 <= known[name] <= most:
            raise ValueError(f"sharpness.{name}: got {known[name]}, allowed: integers from 1 to {most}")
    scales: list[float] = known["scales"]
    wrong = [c for c in scales if not 1 / LARGEST <= c <= LARGEST]
    if wrong or not 1 <= len(scales) <= MOST_SCALES or 1 not in scales or len(set(scales)) < len(scales):
        raise ValueError(
            f"sharpness.scales: got {list(scales)}, allowed: 1 and up to {MOST_SCALES - 1} other numbers "
            f"from {1 / LARGEST:g} to {LARGEST:g}"
        )
