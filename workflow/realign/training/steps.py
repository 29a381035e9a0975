"""The number of optimiser steps of a training, without importing torch, because the workflow is parsed with it."""


def finetuning_steps(sentences: int, batch_size: int, epochs: int) -> int:
    """Optimiser steps of `epochs` passes; the last batch of a pass may be short."""
    return epochs * -(-sentences // batch_size)
