"""Critical manifolds of networks with quadratic units."""
