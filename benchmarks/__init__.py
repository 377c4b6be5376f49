"""Speed, as ratios measured in one run: `make bench`. Machines are noisy, so both sides run interleaved."""
