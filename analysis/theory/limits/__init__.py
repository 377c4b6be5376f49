"""N to infinity: complexity, thresholds, one-step replica symmetry breaking."""
