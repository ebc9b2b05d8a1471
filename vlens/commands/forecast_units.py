"""Numbers of a forecast, each in a unit that a person would take."""

from __future__ import annotations

UNKNOWN = "?"
"""What is printed for a number that is not known."""


def count(number: int) -> str:
    """Of parameters, like `7.3 x 10^9`."""
    if number < 10**6:
        return f"{number:,}"
    power = 9 if number >= 10**9 else 6
    return f"{number / 10**power:.3g} x 10^{power}"


def size(number: float) -> str:
    """Of bytes, like `10.2 GB`."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number / 1e3:.1f} kB"


def duration(seconds: float) -> str:
    """Hours, minutes or seconds, with as many figures as say something."""
    for unit, factor in (("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= factor:
            number = seconds / factor
            return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.2g} {unit}"
    return "< 1 s"
