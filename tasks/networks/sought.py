"""What a search for critical points, and an autoencoder, can't be asked for."""

from typing import Any

MOST_WEIGHTS = 1000
"""Of a network whose Hessians are made in full, at each step of a search."""
MOST_STEPS = 10**6
POINTS = {"steps": 2000, "tolerance": 1e-10, "flat": 1e-4}
"""Keys of `points` and what they are if not given: steps of a search; the largest |g| of what is called
critical; the largest |H g|/(|H| |g|) of what is called gradient-flat, arbitrary."""


def check_sought(asked: Any) -> None:
    """Raise ValueError, one line, for the first thing that is wrong."""
    if asked.labels == "inputs":
        _autoencoder(asked)
    if not asked.points:
        return
    if unknown := asked.points.keys() - POINTS.keys():
        raise ValueError(f"points: got {sorted(unknown)[0]!r}, allowed: {', '.join(POINTS)}")
    object.__setattr__(asked, "points", POINTS | dict(asked.points))
    _limits(asked.points)
    if asked.precision != "float64":
        raise ValueError(
            f"points: got precision {asked.precision}, allowed: float64; nothing of float32 is critical"
        )
    if asked.net.weights > MOST_WEIGHTS:
        raise ValueError(
            f"points: got {asked.net.weights} weights, allowed: at most {MOST_WEIGHTS}, for each step takes "
            "all of the Hessian"
        )


def _limits(points: Any) -> None:
    steps = points["steps"]
    if type(steps) is not int or not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"points.steps: got {steps}, allowed: integers from 1 to {MOST_STEPS}")
    for name in ("tolerance", "flat"):
        if not 0 < points[name] <= 1:
            raise ValueError(f"points.{name}: got {points[name]:g}, allowed: numbers above 0, at most 1")


def _autoencoder(asked: Any) -> None:
    if asked.layers[0] != asked.layers[-1]:
        raise ValueError(
            f"labels: got inputs with layers {list(asked.layers)}, allowed: as many outputs as inputs"
        )
    if asked.loss != "squared":
        raise ValueError(f"labels: got inputs with loss {asked.loss}, allowed: squared")
    if asked.data != "clusters":
        raise ValueError(f"labels: got inputs with data {asked.data}, allowed: clusters")
