"""Scattered numbers that are the same in every run."""

_MASK = (1 << 64) - 1


def mix(number: int, salt: int) -> int:
    """A well-scattered number of 64 bits (splitmix64)."""
    value = (number * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
