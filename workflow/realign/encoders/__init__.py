"""Encoders: where they come from, how they are stored, and the representations of words inside them."""
