"""Many starts, descent and Newton, until the ledger closes."""
