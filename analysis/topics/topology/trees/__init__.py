"""Merge trees, barriers, disconnectivity graphs."""
