"""Dynamics at N -> infinity: what gradient flow on random landscapes is held against."""
