"""Numbers from formulas. Knows no data."""
