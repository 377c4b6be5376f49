"""The bottom of landscapes: what searches of low indices say, against N."""
