"""Where landscapes live: manifolds, and the symmetries that relate their points."""
