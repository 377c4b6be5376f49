"""Where minima end as N grows."""
