"""Energies of critical points: histograms, bands, the lowest."""
