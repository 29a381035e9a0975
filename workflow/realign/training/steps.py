"""How many optimiser steps a training takes; no import of torch, since the workflow asks when it is parsed."""


def finetuning_steps(sentences: int, batch_size: int, epochs: int) -> int:
    """Optimiser steps of `epochs` passes; the last batch of a pass may be short."""
    return epochs * -(-sentences // batch_size)
