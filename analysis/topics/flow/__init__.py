"""Gradient flow: energies, overlaps, escape from a saddle."""
