"""Critical manifolds that are known in closed form, found or not: shared by the topics on such models."""
