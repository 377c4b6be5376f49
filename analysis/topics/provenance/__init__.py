"""Where the numbers come from: study, seed, software, environments."""
