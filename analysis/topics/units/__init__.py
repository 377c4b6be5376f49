"""Hidden units on a product of spheres: from spin glasses to a network by one dial."""
