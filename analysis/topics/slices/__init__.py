"""Slices mislead: how often a line or a plane through a saddle looks like a minimum."""
