"""Where a field or a signal leaves two points."""
