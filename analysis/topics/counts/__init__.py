"""Numbers of critical points by index."""
