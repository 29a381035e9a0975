"""Durations in words."""


def spell(seconds: float) -> str:
    """A duration as one number and its unit."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
