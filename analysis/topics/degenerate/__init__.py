"""Landscapes without a number: degenerate points and continuous sets."""
