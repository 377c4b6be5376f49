"""The exceptions of this room: their text is a single line that names the thing, what was found and the
remedy.
"""


class StoreError(Exception):
    """A store that is missing, damaged, foreign or held by another driver; the text says what to do.

    What a damaged or foreign record says may stand in the text: what isn't printable is spelled out, line
    ends too.
    """

    def __init__(self, text: str):
        super().__init__(spelled_out(text))


class RemoteError(OSError):
    """An object store that cannot be reached or that refuses: nothing is known about the object itself."""


def spelled_out(text: str) -> str:
    """Return the text with escape sequences, line ends and marks that turn the direction of writing as
    Python writes them in a string.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
