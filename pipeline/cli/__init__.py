"""Typer alone: options, printing, a file a command group."""
