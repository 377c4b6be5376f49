"""How points are found: options, costs, and the choice between the finders."""
