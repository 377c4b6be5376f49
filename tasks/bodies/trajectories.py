"""The body `trajectories`: runs of one algorithm on the landscapes of a block, looked at on their way."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from morsecensus.tasks.bodies.rows import Arrays, RowTable, landscape_table, number, stacked, status
from morsecensus.tasks.dynamics.costs import run_memory, run_seconds, warnings
from morsecensus.tasks.dynamics.looks import look_times
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.words import DIVERGED, OUTCOMES
from morsecensus.tasks.measurables.base import words
from morsecensus.tasks.runtime.instances import instances
from morsecensus.tasks.runtime.scatter import Scatter

BASE_MEMORY = 300 * 2**20
"""Of a process with its modules."""


def options_of(spec: Mapping[str, Any]) -> TrajectoryOptions:
    """What a cell asks of each run; ValueError if that cannot be."""
    return TrajectoryOptions(
        n=spec["n"], model=spec["model"], parameters=spec["parameters"], **spec["trajectory"]
    )


def run_block(spec: Mapping[str, Any], block: int, scatter: Scatter | None = None) -> dict[str, Arrays]:
    """All runs on the landscapes of one block: columns with a row a landscape, as `table` declares them."""
    from morsecensus.tasks.dynamics.run import run_trajectories  # JAX, where couplings are dense

    del scatter
    options, starts = options_of(spec), range(spec["starts"])
    return {
        "landscape": stacked(
            _row(options, run_trajectories(options, spec["seed"], instance, starts))
            for instance in instances(spec, block)
        )
    }


def _row(options: TrajectoryOptions, runs: Sequence[Any]) -> Arrays:
    outcomes = np.array([run.status for run in runs])
    row = {
        "status": np.asarray(int((outcomes == DIVERGED).any())),
        "n_runs": np.asarray(len(runs)),
        "outcome": outcomes,
    }
    read = [column["name"] for column in table(options)["columns"] if column["name"] not in row]
    return row | {name: np.stack([getattr(run, name) for run in runs]) for name in read}


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner needs to know of a cell; ValueError if it cannot be."""
    options = options_of(spec)
    looks = len(look_times(options))
    return {
        "rows_bound": 0,
        "memory_bytes": BASE_MEMORY + run_memory(options, spec["starts"]),
        "expected_points": None,
        "seconds_per_landscape": spec["starts"] * run_seconds(options, spec["starts"]),
        "sizes": {"run": spec["starts"], "look": looks, "other_look": looks},
        "tables": [table(options)],
        "version": _version(options),
        "label": label(options),
        "attrs": {
            "sampler": "tensor" if options.uses_couplings else "free",
            "has_time": options.has_time,
            "warnings": options.warnings() + warnings(options, spec["starts"]),
        },
    }


def _version(options: TrajectoryOptions) -> int:
    """2 where results are other than they were: free fields had no room for the Krylov spaces of their looks,
    and SGD no end where its steps are over."""
    krylov = options.lowest and not options.uses_couplings
    return 2 if krylov or (options.algorithm == "sgd" and options.too_few_steps) else 1


def label(options: TrajectoryOptions) -> str:
    """What a plan calls the runs: the algorithm, and what it is swept by."""
    parts = [options.algorithm]
    parts += [f"P {options.summands} {options.sampling}"] if options.algorithm == "sgd" else []
    parts += [f"T {options.temperature:g}"] if options.temperature is not None else []
    parts += [f"from T' {options.start_temperature:g}"] if options.start_temperature is not None else []
    parts += [f"from m {options.overlap:g}"] if options.overlap is not None else []
    parts += [f"step {options.step}"] if options.step is not None else []
    return ", ".join(parts)


LOOKS, ENDS = ("run", "look"), ("run",)
_LOOKS = (
    number("step", "steps taken before the look, rejected ones included", LOOKS, dtype="i8"),
    number("time", "time of the dynamics; steps, where the algorithm has no time", LOOKS),
    number("energy", "energy per spin H/N", LOOKS, portable=True),
    number("radial_derivative", "w.grad H/N", LOOKS, portable=True),
    number("gradient_norm", "|Riemannian gradient of H|/sqrt(N)", LOOKS, portable=True),
    number("overlap_start", "overlap with the start, C(t, 0)", LOOKS, portable=True),
    number("dimension", "directions in which the field was held explicitly", LOOKS, dtype="i8"),
)
_SIGNAL = (number("overlap_signal", "overlap with the signal", LOOKS, portable=True),)
_ENDS = (
    number("steps", "steps of the run, rejected ones included", ENDS, dtype="i8"),
    number("gradients", "gradients that the run took, each of one summand", ENDS, dtype="i8"),
    number("products", "Hessian products that the run took", ENDS, dtype="i8"),
    number("escapes", "kicks of pgd that led down from a saddle", ENDS, dtype="i8"),
    number("end_time", "time where the run was left", ENDS),
    number("end_energy", "energy per spin where the run was left", ENDS, portable=True),
    number("end_gradient_norm", "|Riemannian gradient of H|/sqrt(N) where the run was left", ENDS),
    number("end_lowest", "lowest eigenvalue of the Riemannian Hessian there, where it was looked for", ENDS),
    number("end_lowest_error", "a bound on the error of that", ENDS),
    number("second_order", "whether the end is a verified second-order point", ENDS, dtype="i1"),
)
COLUMNS = (
    status("whether no run diverged"),
    number("n_runs", "runs", dtype="i8", failed=0, total=True),
    number("outcome", "how a run ended", ENDS, dtype="i1", attrs=words(OUTCOMES)),
    *_LOOKS,
    *_ENDS,
)
"""Every one may be unknown: of a run that ended before a look, of what its algorithm doesn't say."""
LOWEST = number("lowest", "lowest eigenvalue of the Riemannian Hessian", LOOKS)
INDEX = number("end_index", "negative eigenvalues of the Riemannian Hessian at the end", ENDS, dtype="i4")
CORRELATIONS = number(
    "correlations", "overlaps C(t, t') among the looks of a run", ("run", "look", "other_look"), portable=True
)


def table(options: TrajectoryOptions) -> RowTable:
    """The table of a cell, as a store declares it."""
    asked = ((options.lowest, LOWEST), (options.index, INDEX), (options.correlations, CORRELATIONS))
    more = [column for wanted, column in asked if wanted]
    return landscape_table(*COLUMNS, *(() if options.signal is None else _SIGNAL), *more)
