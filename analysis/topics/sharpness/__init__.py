"""How sharp the cost is where training ends, and what rescaling makes of that."""
