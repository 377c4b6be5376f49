"""Estimates against theory: residuals, tests, power, levels."""
