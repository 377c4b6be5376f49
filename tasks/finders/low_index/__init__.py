"""The bottom: points of low index, looked for from above and from below, with a ledger by index."""
