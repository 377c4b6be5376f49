"""A file a model: couplings from a key, value and derivatives; and the registry of models."""
