"""What surrounds a job and no result depends on: start-up, logs, GPUs, locks, signals, cache, digest, progress."""
