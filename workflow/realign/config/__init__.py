"""The config of an experiment: its sections, how it is read, and its reference."""
