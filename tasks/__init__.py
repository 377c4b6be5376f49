"""Computes: one landscape or one block of landscapes. No clock, no disk, no Ray."""
