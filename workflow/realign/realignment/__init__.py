"""Realignment: training an encoder to give translations similar representations."""
