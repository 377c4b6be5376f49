"""Laws of the Gaussian orthogonal ensemble at finite size, and samples of it."""
