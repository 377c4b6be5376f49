"""What runs cost, before any is made: rough, from measurements on one thread. Free of JAX."""

import math

from morsecensus.tasks.dynamics.fields.packing import most_directions
from morsecensus.tasks.dynamics.looks import look_times
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.together import LANES, possible
from morsecensus.tasks.dynamics.words import ISOTROPIC, SECOND_ORDER
from morsecensus.tasks.systems.symmetric import packed_size

CALL = 2e-4
"""Seconds of a gradient on a small field, free or dense: what it takes to call it."""
ENTRY = 6e-10
"""Seconds for each number of a free field that a gradient reads."""
COUPLING = 7e-11 / 8
"""Seconds for each byte that drawing couplings takes, a gradient of one run."""
TOGETHER = 8e-12 / 8
"""The same of many runs at once, which share the reading and are bounded by their products."""
FLOW_LOOKS = 200
"""Gradients of an adaptive flow to time 1; they grow as the root of time (268, 622, 958 at 1, 10, 30)."""
FLOW_DIRECTIONS = 30
"""Directions of a run without noise, likewise (29, 99, 176), at a tolerance of 1e-6."""
DESCENT_STEPS = 1500
"""Of a descent until its gradient is 1e-5, at N = 100; in proportion to N."""

HALTING_TIME = 1.8
"""Time over N^0.7 in which the gradient of a noiseless run falls to a tenth, times sqrt(xi''(1)): 3.6, 5.9,
10, 19 of q^3 at N = 10, 20, 40, 100. Other models are taken for q^3."""


def run_until(options: TrajectoryOptions) -> float:
    """The time at which a run is likely to end: of its last look, or when a descent has converged."""
    until = options.until or 0.0
    if options.stop is None or options.algorithm not in ("flow", "gd"):
        return until
    curvature = options.covariance.x2 if options.model in ISOTROPIC else 6.0
    halting = (
        HALTING_TIME * options.n**0.7 * max(1.0, -math.log10(options.stop)) / math.sqrt(max(curvature, 1e-12))
    )
    return min(until, halting)


def run_gradients(options: TrajectoryOptions) -> float:
    """How many gradients a run is likely to take."""
    until = run_until(options)
    if options.algorithm in SECOND_ORDER:
        return min(options.most_steps, 60) * 10.0
    if not options.has_time:
        return float(min(options.most_steps, DESCENT_STEPS * max(options.n, 10) / 100))
    if options.time_of_step is not None:
        looks = 0 if isinstance(options.looks, int) else len(options.looks)
        more = options.summands * max(looks, 40) if options.algorithm == "sgd" else 0
        return until / options.time_of_step + more
    return FLOW_LOOKS * math.sqrt(1 + until)


def run_directions(options: TrajectoryOptions) -> float:
    """How many directions a free field is likely to hold at the end of a run."""
    if options.algorithm == "langevin" and options.time_of_step is not None:
        found = (options.until or 0.0) / options.time_of_step
    elif options.has_time:
        found = FLOW_DIRECTIONS * math.sqrt(1 + run_until(options)) * -math.log10(options.tolerance) / 6
    else:
        found = run_gradients(options) / 2
    return min(found + len(look_times(options)) * options.products_of_look, options.n)


def _numbers(options: TrajectoryOptions, directions: float) -> float:
    """Doubles of a free field, all summands."""
    size, held = int(directions) + 1, 0
    if options.model not in ISOTROPIC:  # a form: a tensor and a basis for each of its spheres
        factors = len(options.landscape.manifold.sizes)
        return 2.0 * options.summands * factors * size**factors
    for degree, coefficient in enumerate(options.covariance.coefficients):
        if degree > 1 and coefficient:
            held += packed_size(size, degree) + size * packed_size(size, degree - 1)
    return float(options.summands * held)


def warnings(options: TrajectoryOptions, starts: int) -> list[str]:
    """What the runs on one landscape are sure to lack, a line each."""
    if options.uses_couplings or options.model not in ISOTROPIC:
        return []
    directions = min(starts * len(look_times(options)) * options.products_of_look, options.n)
    degrees = tuple(k for k, _ in options.covariance.terms)
    most = most_directions(degrees, options.memory / options.summands)
    if directions <= most:
        return []
    return [
        f"lowest: its {directions} directions are more than the {most} that memory = "
        f"{options.memory / 2**30:.2g} GiB has room for: runs end early, as dimension; fewer looks, products"
    ]


def run_memory(options: TrajectoryOptions, starts: int) -> int:
    """Bytes that the runs on one landscape may take, beside modules; of a free field at most its bound."""
    if options.uses_couplings:
        return 3 * options.summands * options.landscape.coupling_bytes() + 2**20 * starts
    likely = 8 * _numbers(options, starts * run_directions(options))
    # Arrays grow by doubling, and both copies are there for a moment.
    return int(min(options.memory, 64 * 2**20 + 8 * likely))


def run_seconds(options: TrajectoryOptions, starts: int = 1) -> float:
    """Rough seconds of one run on one thread, of so many that start on one landscape."""
    looks = run_gradients(options)
    if options.uses_couplings:
        # Descents of one landscape step together, and read couplings once.
        share = min(starts, LANES) if possible(options) else 1
        byte = max(COUPLING / share, TOGETHER)
        return looks * (CALL / share + byte * options.landscape.coupling_bytes())
    mean = _numbers(options, run_directions(options)) / 3  # over a run whose directions grow
    return looks * (CALL + ENTRY * mean / options.summands)
