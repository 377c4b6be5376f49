"""What the user wrote: TOML, ranges, inputs, parameters of models."""
