"""Theory of networks with quadratic units, on critical manifolds."""
