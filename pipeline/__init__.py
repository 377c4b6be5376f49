"""Drives: study, plan, blocks, executor, progress; and the command line."""
