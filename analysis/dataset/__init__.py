"""A run as it is read: cells, checked columns, batches of whole landscapes, complexes."""
