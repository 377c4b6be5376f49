"""Euler characteristics of sublevel sets."""
