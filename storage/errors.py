"""The one exception of this room: its text is a single line that names the thing, what was found and the
remedy.
"""


class StoreError(Exception):
    """A store that is missing, damaged, foreign or held by another driver; the text says what to do."""
