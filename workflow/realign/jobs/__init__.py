"""Code around a job, on which no result depends: start-up, logs, GPUs, locks, signals, cache, digest, progress."""
