"""How points connect: boundaries and persistence, with certificates."""
