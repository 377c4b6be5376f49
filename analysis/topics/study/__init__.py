"""What a study holds, cell by cell."""
