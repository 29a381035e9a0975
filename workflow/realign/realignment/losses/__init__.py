"""Losses of realignment, listed in `realign.realignment.registry`."""
