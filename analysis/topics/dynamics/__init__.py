"""Trajectories: what a landscape does to an algorithm, at finite N and against N to infinity."""
