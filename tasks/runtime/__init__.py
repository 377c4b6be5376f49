"""What a task is given from outside: random keys, inputs, other workers, compiled code, the device."""
