"""Betti numbers of sublevel sets and their ratios."""
