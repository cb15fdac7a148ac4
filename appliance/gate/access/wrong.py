"""How the pure core complains about a wrong construction: thing, value and expectation."""

from __future__ import annotations


def wrong(thing: str, found: object, expected: str) -> ValueError:
    """Return the error for a value that cannot be used; the caller raises it."""
    return ValueError(f"{thing}: {found}; expected {expected}")


def check_range(thing: str, value: float, low: float, high: float) -> None:
    """Check low <= value <= high; NaN is outside every range.

    Raises:
        ValueError: `value` is outside.

    """
    if not low <= value <= high:
        raise wrong(thing, value, f"{low} to {high}")
