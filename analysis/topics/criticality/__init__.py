"""Where searches for critical points of small networks end, and what index against loss says of them."""
