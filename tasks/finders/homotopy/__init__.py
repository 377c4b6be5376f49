"""Every complex critical point by path tracking, with proofs in ball arithmetic."""
