"""Annealed and quenched complexity against N."""
