"""Batches of sequences that go through an encoder without training, and how far they are."""

from collections.abc import Iterator, Sequence

from realign.jobs.bars import bar


def batches_by_length(lengths: Sequence[int], batch_size: int, doing: str = "predicting") -> Iterator[list[int]]:
    """Indices of sequences of about the same length, the shortest first; a bar shows those that take over 2 seconds."""
    in_order = sorted(range(len(lengths)), key=lambda index: lengths[index])
    # a bar inside another one is cleared
    for start in bar(range(0, len(in_order), batch_size), desc=doing, unit="batch", delay=2, leave=None):
        yield in_order[start : start + batch_size]
