"""The words of networks: data, labels, algorithms, activations, how runs end, what paths are compared."""

DATA = ("clusters", "mnist")
LABELS = ("hard", "teacher", "inputs")
"""inputs: an autoencoder, whose answers are to be its inputs."""
ALGORITHMS = ("sgd", "gd")
ACTIVATIONS = ("relu", "tanh", "erf", "linear")
PRECISIONS = ("float32", "float64")
"""Of the steps of a training run; what is measured of it afterwards is always of doubles."""

OUTCOMES = ("done", "diverged")
"""How a run ended: after its last step; at a cost that isn't finite."""
DONE, DIVERGED = range(2)

PATHS = ("trained", "random", "matched", "copy")
"""Straight lines between two runs: as trained; with one's units permuted at random; with its units matched to
the other's; and, the control, from a run to itself, permuted at random and matched."""
PATH_POINTS = 25
VERDICTS = ("critical", "gradient-flat", "neither")
"""What a search for critical points ended at: `tasks.networks.critical`."""
CRITICAL, GRADIENT_FLAT, NEITHER = range(3)
LOSSES = ("cross-entropy", "squared")
SCALINGS = ("standard", "ntk", "mean-field")
"""Layers as they are; or with weights of order one, hidden sums over sqrt(inputs), and answers over
sqrt(width) (A. Jacot et al., arXiv:1806.07572), which is lazy, or over the width, which is not."""
