"""Sources: turn a config entry into the artifacts that the stages read; no stage knows which source made its input."""
