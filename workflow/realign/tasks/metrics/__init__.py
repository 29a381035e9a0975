"""Metrics as sums over examples, so that examples can be resampled."""
