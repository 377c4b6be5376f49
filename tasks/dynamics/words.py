"""The words of trajectories: algorithms, starts, samplers, and how runs end."""

ALGORITHMS = ("flow", "gd", "sgd", "langevin", "pgd", "newton", "saddle-free-newton")
NOISY = ("sgd", "langevin")
SECOND_ORDER = ("newton", "saddle-free-newton")
STARTS = ("uniform", "equilibrium")
SAMPLERS = ("auto", "tensor", "free")
SAMPLINGS = ("replacement", "shuffle", "cyclic")
"""Which field a step of sgd uses: any, independently; each once an epoch in a random order; in turn."""
ADAPTIVE = "adaptive"
"""The step of a flow that controls its error, and of a descent that searches along its line."""

ISOTROPIC = ("pspin", "spiked", "matrix-tensor")
"""Models on one sphere whose law needs nothing but overlaps."""
FREE = (*ISOTROPIC, "partite")
"""Models that can be sampled free."""
SUMS = (*FREE, "entries", "distinct")
"""Models of which H may be a sum of independent fields of one law."""

PERTURBATION = (
    ("lipschitz", "variation", "gap", "c", "delta"),
    ("step", "radius", "small", "gain", "patience"),
)
"""Of pgd: what its constants are computed from, and the constants that may be set instead
(`algorithms.perturbed_descent`)."""

OUTCOMES = ("converged", "time", "steps", "diverged", "dimension")
"""How a run ended: its gradient was small enough; at its last look; after its last step allowed; at a number
that isn't finite; with a free field that had no memory for another direction."""
CONVERGED, TIME, STEPS, DIVERGED, DIMENSION = range(5)
