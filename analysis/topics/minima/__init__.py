"""The share of minima among all points."""
