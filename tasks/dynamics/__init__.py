"""Where algorithms go: exact trajectories, at small N on couplings and at any N without them."""
