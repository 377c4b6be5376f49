"""A cell in, numbers with errors out, for what several topics share."""
