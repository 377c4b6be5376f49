"""A finished run as one thing to publish: its dataset in a common format, with paperwork and checksums."""
