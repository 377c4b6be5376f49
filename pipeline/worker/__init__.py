"""What happens inside a worker: bodies by name, environment, program, visibility."""
