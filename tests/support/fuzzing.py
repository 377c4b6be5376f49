"""How many examples a property is tried on."""

from hypothesis import settings

NIGHTLY = 10


def examples(number: int) -> int:
    """Return the number, ten times that in the profile of a night."""
    return number * NIGHTLY if settings.get_current_profile_name() == "nightly" else number
