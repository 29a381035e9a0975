"""Corpora on the hub, listed in `realign.sources.registry`."""
