"""What computes the blocks of studies that are no census: flow, threshold; light until a block runs."""
