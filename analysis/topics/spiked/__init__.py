"""Points by their overlap with a signal."""
