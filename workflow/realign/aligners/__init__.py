"""Aligners: what extracts word pairs from bitext, as Pharaoh links."""
