"""An algorithm a file, each a step over a field; none knows how the field is drawn."""
