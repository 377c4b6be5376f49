"""How points connect: outcomes, Morse inequalities, barcodes."""
