"""Corpora of the hub, listed in `realign.sources.registry`."""
