"""Moving along a landscape: gradient flow, and the gradient lines that join its points."""
