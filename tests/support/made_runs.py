"""Cells of trajectories that are made up."""

import xarray as xr

from morsecensus.analysis.topics.dynamics.read import Runs

NAMES = ("algorithm", "step", "summands", "sampling", "temperature", "start", "start_temperature")


def flows(data: xr.Dataset, n: int = 10, model: str = "pspin", **parameters) -> Runs:
    """Flows from uniform starts that gave these data; of q^3, if no parameters are given."""
    options = dict.fromkeys(NAMES) | {"algorithm": "flow", "sampling": "replacement", "overlap": None}
    spec = {"model": model, "parameters": parameters or {"xi": "q^3"}, "n": n, "trajectory": options}
    return Runs("c0000", spec, data, True, "tensor")
