"""The training loop that realignment and fine-tuning share: batches, resuming, checkpoints."""
