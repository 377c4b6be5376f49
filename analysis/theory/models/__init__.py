"""A folder a model: its theory, put together from formulas."""
