"""Critical points as a polynomial system: packed tensors, monomials, numbers of solutions."""
