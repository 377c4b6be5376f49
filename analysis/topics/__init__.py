"""A folder a question of the report: measure, figure, section."""
