"""Critical manifolds of matrix factorisation."""
