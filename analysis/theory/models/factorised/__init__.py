"""Theory of matrix factorisation, on critical manifolds."""
