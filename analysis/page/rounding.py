"""Numbers as text: the digits that the error allows, and no more."""

from collections.abc import Callable
from math import floor, isfinite, log10

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def decimals(error: float) -> int:
    """Decimals to print of a number with this error: two digits of an error that begins with 1, else one."""
    exponent = floor(log10(error))
    leading = round(error / 10**exponent, 10)
    # 0.0996 would round to 0.1, one digit: that is 0.10
    if leading < 1.95:
        return 1 - exponent
    return -exponent


def estimate(value: float, error: float) -> str:
    """``12.34 ± 0.05``; without a usable error four significant digits and no error."""
    if not isfinite(value):
        return DASH
    if not isfinite(error) or error < 0:
        return number(value, 4)
    if error == 0:
        return f"{number(value, 6)} ± 0"
    places = decimals(error)
    if places < 0:
        return f"{_signed(round(value, places), 0)} ± {round(error, places):.0f}"
    return f"{_signed(value, places)} ± {error:.{places}f}"


def against(value: float | None, error: float | None) -> str:
    """An exact value beside an estimate with this error: one digit more than the estimate has."""
    if value is None or not isfinite(value):
        return DASH
    if error is None or not isfinite(error) or error <= 0:
        return number(value, 6)
    return _signed(value, max(0, decimals(error) + 1))


def number(value: float | None, digits: int = 4) -> str:
    """A number with so many significant digits; a dash if there is none."""
    if value is None or not isfinite(value):
        return DASH
    if value == 0:
        return "0"
    places = digits - 1 - floor(log10(abs(value)))
    if places > 10 or places < -6:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    text = _signed(value, max(0, places))
    return text.rstrip("0").rstrip(".") if "." in text else text


def digits(count: int) -> Callable[[float | None], str]:
    """`number` with so many significant digits."""
    return lambda value: number(value, count)


def whole(value: int | None) -> str:
    """A number of things, thousands apart; a dash if there is none."""
    return DASH if value is None else f"{value:,}"


def score(value: float | None) -> str:
    """A z-score."""
    return signed(value, 1)


def signed(value: float | None, places: int = 2) -> str:
    """With a sign, for z-scores."""
    return DASH if value is None or not isfinite(value) else f"{value:+.{places}f}".replace("-", MINUS)


def probability(value: float | None) -> str:
    """A p-value or a fraction: two digits, and no false zero."""
    if value is None or not isfinite(value):
        return DASH
    if value < 0.0001:
        return f"{value:.0e}" if value > 0 else "0"
    return f"{value:#.2g}" if value < 0.995 else f"{value:.3g}"


def percent(fraction: float | None) -> str:
    """A fraction as percent, one digit after the point where it matters."""
    if fraction is None or not isfinite(fraction):
        return DASH
    if fraction in (0.0, 1.0):
        return f"{100 * fraction:.0f}%"
    text = f"{100 * fraction:.2g}" if fraction < 0.1 else f"{100 * fraction:.1f}"
    return f"{text}%" if text not in ("100.0", "1e+02") else ">99.9%"


def _signed(value: float, places: int) -> str:
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)
