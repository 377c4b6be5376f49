"""What finders miss: one finder against another on the same landscapes."""
