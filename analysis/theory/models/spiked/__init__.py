"""Theory of a signal in noise: spiked tensors and matrix-tensor models."""
