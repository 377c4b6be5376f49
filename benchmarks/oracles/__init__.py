"""Other people's solvers, asked for all complex solutions of the systems that the homotopy finder follows."""
