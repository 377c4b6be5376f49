"""Gradient flow for N to infinity."""
