"""What a critical point is: Newton, classify, join, expand by symmetry; the ledger says if all are there."""
