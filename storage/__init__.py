"""Remembers: tables of any columns, on disk or in a bucket. Knows no energy."""
