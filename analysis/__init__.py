"""Concludes: estimates with errors, theory, judgement, figures, the report."""
