"""Theory of forms on products of spheres."""
