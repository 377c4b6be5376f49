"""What Python users call: the commands as functions, and results that say in four lines what they are."""
