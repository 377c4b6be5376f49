"""Faults on purpose: what a run may meet, injected at random moments and byte offsets. `make chaos`.

Every module here whose functions carry ``@fault`` adds rows to the table, so adding a file adds its faults.
"""
