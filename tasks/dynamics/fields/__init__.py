"""What an algorithm looks at: one interface over dense couplings and over a field drawn as it is met."""
