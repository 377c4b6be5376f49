"""What a census measures: every column of a dataset, declared once, with how it is read off a landscape."""
