"""Trained networks: small multilayer perceptrons in plain JAX, and what is measured where training ends."""
