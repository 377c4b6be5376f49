"""How a start of Newton's method ends."""

OUTCOMES = ("converged", "max_iterations", "stalled", "not_finite")
CONVERGED, MAX_ITERATIONS, STALLED, NOT_FINITE = range(4)
