"""Tasks, kinds of tasks and metrics, listed in `realign.tasks.registry`."""
