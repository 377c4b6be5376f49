"""The same for forms on a product of spheres."""
