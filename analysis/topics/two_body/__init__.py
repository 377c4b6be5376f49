"""xi = c q^2, where all is known: eigenvectors of a GOE matrix."""
