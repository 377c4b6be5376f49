"""The body `networks`: training runs of one network, a row a seed, and what is measured where they end."""

from collections.abc import Mapping
from typing import Any

from morsecensus.tasks.bodies.rows import Arrays, RowTable, landscape_table, number, stacked, status
from morsecensus.tasks.measurables.base import words
from morsecensus.tasks.networks.costs import run_memory, run_seconds
from morsecensus.tasks.networks.late import QUARTERS
from morsecensus.tasks.networks.options import NetworkOptions, look_steps
from morsecensus.tasks.networks.words import OUTCOMES, PATH_POINTS, PATHS, VERDICTS
from morsecensus.tasks.runtime.instances import instances
from morsecensus.tasks.runtime.scatter import Scatter

BASE_MEMORY = 300 * 2**20
"""Of a process with its modules."""


def run_block(spec: Mapping[str, Any], block: int, scatter: Scatter | None = None) -> dict[str, Arrays]:
    """All runs of one block: columns with a row a seed, as `table` declares them."""
    from morsecensus.tasks.networks.record import runs_of  # JAX

    del scatter
    options = NetworkOptions(**spec["network"])
    return {"landscape": stacked(runs_of(options, spec["seed"], instances(spec, block)))}


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner needs to know of a cell; ValueError if it cannot be."""
    options = NetworkOptions(**spec["network"])
    teacher = options.of_teacher
    memory = max(run_memory(one) for one in (options, teacher) if one is not None)
    return {
        "rows_bound": 0,
        "memory_bytes": BASE_MEMORY + memory,
        "expected_points": None,
        "seconds_per_landscape": run_seconds(options),
        "sizes": {
            "look": len(look_steps(options)),
            "weight": options.net.weights,
            "layer": len(options.layers) - 1,
            "input": options.layers[0],
            "scale": len(options.sharpness.get("scales", ())),
            "start": options.hessian.get("starts", 0),
            "node": options.matvecs,
            "quarter": QUARTERS,
            "path": len(PATHS),
            "place": PATH_POINTS,
        },
        "tables": [table(options)],
        "version": _version(options),
        "label": label(options),
        "attrs": {"paths": list(PATHS), "warnings": options.warnings()},
    }


def _version(options: NetworkOptions) -> int:
    """2 where results are other than they were: students of their teacher's widths that differ from it in
    something else began where run 0 of it did."""
    teacher = options.of_teacher
    if teacher is None or str(teacher.net) != str(options.net):
        return 1
    return 1 if teacher.net == options.net else 2


def label(options: NetworkOptions) -> str:
    """What a plan calls the runs."""
    parts = [options.algorithm, f"rate {options.rate:g}"]
    parts += [f"batch {options.batch}"] if options.algorithm == "sgd" else []
    return ", ".join([*parts, f"{options.steps} steps"])


LOOK, PATH = ("look",), ("path",)
_LOOKS = (
    number("step", "steps taken before the look", LOOK, dtype="i8"),
    number(
        "cost",
        "mean cost over the training set: cross-entropy, natural logarithms, or half the squared error",
        LOOK,
        portable=True,
    ),
    number("test_cost", "the same over the test set, against its labels", LOOK, portable=True),
    number("test_errors", "test examples whose most probable class isn't theirs", LOOK, dtype="i8"),
    number("weight_norm", "length of the vector of all weights", LOOK, portable=True),
)
_ENDS = (
    number("steps", "steps of the run", dtype="i8"),
    number("floor", "mean entropy of the training labels: no network has a lower cost", portable=True),
    number("end_cost", "cost at the end", portable=True),
    number("excess", "cost at the end less the floor: mean relative entropy", portable=True),
    number("end_test_cost", "cost over the test set at the end", portable=True),
    number("end_test_errors", "test errors at the end", dtype="i8"),
    number("gradient_norm", "length of the gradient over the whole training set at the end"),
    number("layer_norm", "Frobenius norm of the matrix of each layer at the end", ("layer",), portable=True),
)
_HESSIAN = (
    number("node", "Lanczos nodes of the Hessian at the end, ascending", ("start", "node")),
    number("node_weight", "their weights, squared first components", ("start", "node")),
    number("node_residual", "distance of an eigenvalue from a node, at most", ("start", "node")),
)
_POINTS = (
    number("look_gradient_norm", "length of the gradient over the training set at the look", LOOK),
    number("look_residual", "|H g|/(|H| |g|) there, |H| the largest absolute eigenvalue", LOOK),
    number("look_index", "negative eigenvalues of the Hessian there, beyond rounding", LOOK, dtype="i4"),
    number("point_loss", "cost where the search from the look ended", LOOK),
    number("point_gradient_norm", "length of the gradient there", LOOK),
    number("point_residual", "|H g|/(|H| |g|) there", LOOK),
    number("point_step", "length of the Newton step there, over 1 + |w|", LOOK),
    number("point_index", "eigenvalues of the Hessian there below -point_zero", LOOK, dtype="i4"),
    number("point_nullity", "eigenvalues of the Hessian there within point_zero of 0", LOOK, dtype="i4"),
    number("point_zero", "bound of the error of an eigenvalue there", LOOK),
    number("point_verdict", "what the point is", LOOK, dtype="i1", attrs=words(VERDICTS)),
    number("point_kink", "least absolute sum of a hidden unit and an example there, of ReLU", LOOK),
    number("point_spectrum", "eigenvalues of the Hessian there, ascending", ("look", "weight")),
    number("point_weights", "the weights there", ("look", "weight")),
)
_AUTOENCODER = (
    number("data_variance", "eigenvalues of the covariance of the training inputs, descending", ("input",)),
)
SCALE = ("scale",)
_SHARPNESS = (
    number("rescaled_cost", "cost at the end, over the examples of sharpness, first layer rescaled", SCALE),
    number("sharpness", "largest eigenvalue of the Hessian H of that cost there", SCALE),
    number("sharpness_residual", "distance of an eigenvalue from it, at most", SCALE),
    number("adaptive", "largest eigenvalue of |w| H |w| there, |w| the diagonal of absolute weights", SCALE),
    number("adaptive_residual", "distance of an eigenvalue from it, at most", SCALE),
)
_KERNEL = (
    number("weight_change", "distance of the last weights from the first, over the length of these"),
    number("kernel_drift", "the same of the tangent kernel, in Frobenius's norm"),
)
_LATE = (
    number(
        "late_cost",
        "mean training cost over the third and the fourth quarter of the run",
        ("quarter",),
        portable=True,
    ),
)
_PAIRS = (
    number(
        "path_cost",
        "cost on the line to the next run, over the first 10,000 training examples",
        ("path", "place"),
    ),
    number("barrier", "largest cost on the line above the chord between its ends", PATH),
    number("midpoint_errors", "test errors half way", PATH, dtype="i8"),
)

_CURVE = (
    number("curve_cost", "the same on a trained Bezier curve to the next run as it is", ("place",)),
    number("curve_barrier", "largest cost on the curve above the chord between its ends"),
    number("curve_length", "length of the curve over the distance of its ends"),
    number("curve_errors", "test errors half way on the curve", dtype="i8"),
)


def table(options: NetworkOptions) -> RowTable:
    """The table of a cell, as a store declares it; any number may be unknown, of a run that diverged."""
    kind = "f4" if options.precision == "float32" else "f8"
    return landscape_table(
        status("whether the run did not diverge"),
        number("outcome", "how the run ended", dtype="i1", attrs=words(OUTCOMES)),
        *_LOOKS,
        *_ENDS,
        number(
            "weights",
            "weights at the looks, layer by layer: matrix, offsets, scales",
            ("look", "weight"),
            dtype=kind,
        ),
        *(_HESSIAN if options.hessian else ()),
        *(_SHARPNESS if options.sharpness else ()),
        *(_POINTS if options.points else ()),
        *(_AUTOENCODER if options.points and options.labels == "inputs" else ()),
        *(_LATE if options.late else ()),
        *(_KERNEL if options.kernel else ()),
        *(_PAIRS if options.pairs else ()),
        *(_CURVE if options.curve else ()),
    )
