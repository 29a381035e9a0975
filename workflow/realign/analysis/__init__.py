"""The analysis: tidy tables of all observations, and the answers computed from them."""
