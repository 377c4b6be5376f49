"""Overlaps of pairs of points, and the variance of the counts."""
