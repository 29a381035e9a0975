"""Sentence pairs: a label for two sentences."""
