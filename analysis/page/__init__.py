"""How pages, numbers, tables and figures look."""
