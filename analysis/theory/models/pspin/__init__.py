"""Theory of the isotropic p-spin with mixtures and fields."""
