"""Aligners: extract word pairs from bitext, as Pharaoh links."""
