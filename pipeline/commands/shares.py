"""The driver's side of ``shares``: where descents of a network's landscape end."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from morsecensus.pipeline.commands.landscape import check_integer, on_worker
from morsecensus.pipeline.plugins import identity
from morsecensus.pipeline.run.run import Settings
from morsecensus.pipeline.study.parameters import check_trained, read_parameters
from morsecensus.pipeline.worker.bodies import BODIES, describe
from morsecensus.tasks.landscapes.registry import MODELS

MOST_RUNS, MOST_TEACHERS = 100_000, 200


def shares_spec(model: str, given: Mapping[str, Any], k: int, runs: int, seed: int) -> dict[str, Any]:
    """Return what a worker needs; raises UsageError."""
    check_trained(model, "--model")
    check_integer("--k", k, MODELS[model].least_n, MOST_TEACHERS)
    check_integer("--runs", runs, 1, MOST_RUNS)
    check_integer("--seed", seed, 0, 2**63 - 1)
    parameters = read_parameters(model, given)
    return {"model": model, "parameters": parameters, "n": k, "runs": runs, "seed": seed} | identity(model)


def take_shares(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Have a worker descend from all starts."""
    each = describe(BODIES["shares"].recorded, spec)
    seconds = spec["runs"] * (each.seconds_per_landscape or 0.0)
    description = replace(each, seconds_per_landscape=seconds)
    return on_worker("shares", spec, 0, description, Settings(), "descending")


def family_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row for each family of ends."""
    return [
        {
            "loss": family["loss"],
            "runs": family["runs"],
            "blocks": "+".join(map(str, family["blocks"])),
            "index": family["index"],
            "nullity": family["nullity"],
            "least eigenvalue": family["least_eigenvalue"],
            "doubled: index": _range(each["index"] for each in family["doubled"]),
            "nullity after it": _range(each["nullity"] for each in family["doubled"]),
        }
        for family in found["families"]
    ]


def _range(values: Any) -> str:
    found = sorted(set(values))
    return " ".join(map(str, found))


def share_line(found: Mapping[str, Any]) -> str:
    """Return the share of runs above loss 0, with its limits."""
    settled = found["runs"] - found["open"]
    if not settled:
        return f"none of {found['runs']} runs settled"
    limits = f"{found['share_lower']:.3g} to {found['share_upper']:.3g} at 95%"
    return (
        f"{found['spurious']} of {settled} settled runs end above 0: {found['share']:.3g} ({limits}); "
        f"{found['open']} open"
    )
