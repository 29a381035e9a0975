"""Batches of sentences of similar length, in a seeded random order."""

from collections.abc import Iterator, Sequence

from numpy.random import Generator


def bucketed_batches(lengths: Sequence[int], batch_size: int, rng: Generator, pool: int = 16) -> list[list[int]]:
    """One epoch of shuffled batches of indices, in which sentences of similar length share a batch.

    Shuffled indices are cut into pools of `pool` batches and sorted by length inside each; then batches are shuffled.
    """
    shuffled = rng.permutation(len(lengths)).tolist()
    batches: list[list[int]] = []
    for start in range(0, len(shuffled), batch_size * pool):
        nearby = sorted(shuffled[start : start + batch_size * pool], key=lambda index: lengths[index])
        batches += [nearby[first : first + batch_size] for first in range(0, len(nearby), batch_size)]
    return [batches[number] for number in rng.permutation(len(batches))]


def endless_batches(lengths: Sequence[int], batch_size: int, rng: Generator) -> Iterator[list[int]]:
    """Epoch after epoch of `bucketed_batches`."""
    while True:
        yield from bucketed_batches(lengths, batch_size, rng)
