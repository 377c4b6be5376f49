"""The Kac-Rice formula at two points: pairs, overlaps, variances."""
