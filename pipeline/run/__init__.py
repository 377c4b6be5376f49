"""Plan, run, resume, check."""
