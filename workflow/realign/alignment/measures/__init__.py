"""Measures of alignment, listed in `realign.alignment.registry`."""
