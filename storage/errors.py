"""The exceptions of this room: their text is a single line that names the thing, what was found and the
remedy.
"""


class StoreError(Exception):
    """A store that is missing, damaged, foreign or held by another driver; the text says what to do."""


class RemoteError(OSError):
    """An object store that cannot be reached or that refuses: nothing is known about the object itself."""
