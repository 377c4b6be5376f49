"""Theory of hidden units on a product of spheres."""
