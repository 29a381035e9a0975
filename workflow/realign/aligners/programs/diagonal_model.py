"""FastAlign's model (Dyer, Chahuneau and Smith 2013), estimated by compiled loops.

Each word of the predicted side comes from a word of the condition side, or from none with probability `p_null`:

    p(f at j) = p_null t(f | none) + (1 - p_null) Σ_i δ(i | j) t(f | e_i),   δ(i | j) ∝ exp(-λ |i / I - j / J|)

Expectation maximisation estimates t, with a variational Bayesian prior if asked for, and from its second pass on λ, the
tension, so that the expected distance from the diagonal is that of the links. As in the original program, places of
predicted words are counted from 0 in the distance of the links, and from 1 elsewhere.
"""

import math
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from realign.text.bitext import read_bitext

MAX_WORDS = 1024
"""The longest sentence that the model takes; a line with a longer side gets no links."""
UNIFORM = 1e-9
"""t before the first pass; only that it is the same for all words matters."""
ALPHA = 0.01
"""Concentration of the Dirichlet prior."""
TENSION, LEAST_TENSION, MOST_TENSION = 4.0, 0.1, 14.0
TENSION_STEPS, TENSION_RATE = 8, 20.0
_SPREAD = -7046029254386353131
"""Multiplied by a key, it changes all bits (Fibonacci hashing)."""


class Side(NamedTuple):
    """One side of a bitext: the numbers of all words [n], the end of each line after a 0 [lines + 1], and the types."""

    words: NDArray[np.int32]
    ends: NDArray[np.int64]
    types: int


class Pairs(NamedTuple):
    """The pairs of words that share a line: `source` and `target` [pairs], and `cells`, the pair of each cell.

    The cells of a line are those of its first target word with each source word, then those of the next.
    """

    source: NDArray[np.int32]
    target: NDArray[np.int32]
    cells: NDArray[np.int32]


class Settings(NamedTuple):
    """How the model is estimated."""

    iterations: int
    p_null: float
    variational_bayes: bool


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A compiled function, which is kept for the next process if there is a folder for it."""
    try:
        return njit(cache=True)(function)
    except RuntimeError:
        return njit(function)


def read_sides(bitext: Path) -> tuple[Side, Side]:
    """Both sides of a bitext; lines that are too long are empty."""
    types: tuple[dict[str, int], dict[str, int]] = {}, {}
    words, ends = (array("i"), array("i")), (array("q", [0]), array("q", [0]))
    for pair in read_bitext(bitext):
        fits = max(len(pair.source), len(pair.target)) <= MAX_WORDS
        for number, side in enumerate(pair):
            if fits:
                words[number].extend([types[number].setdefault(word, len(types[number])) for word in side])
            ends[number].append(len(words[number]))
    source, target = (
        Side(np.array(words[number], np.int32), np.array(ends[number], np.int64), len(types[number]))
        for number in range(2)
    )
    return source, target


def number_pairs(source: Side, target: Side, file: Path) -> Pairs:
    """Number the pairs of words that share a line; the numbers of all cells are in a file, which may be large."""
    size = int((np.diff(source.ends) * np.diff(target.ends)).sum())
    cells = np.asarray(np.memmap(file, np.int32, "w+", shape=max(1, size)))
    keys = _number_pairs(source.words, source.ends, target.words, target.ends, np.int64(max(1, target.types)), cells)
    return Pairs((keys // max(1, target.types)).astype(np.int32), (keys % max(1, target.types)).astype(np.int32), cells)


def best_origins(
    condition: Side, predicted: Side, pairs: Pairs, reverse: bool, settings: Settings, log: Callable[[str], object]
) -> Iterator[NDArray[np.int64]]:
    """Estimate the model and give for each line the most probable origin [J] of each predicted word; -1 is none.

    Source words are the condition, or the predicted ones with `reverse`.
    """
    owners = pairs.target if reverse else pairs.source
    sides = condition.ends, predicted.words, predicted.ends, pairs.cells, reverse
    t, null = np.full(len(owners), UNIFORM), np.full(predicted.types, UNIFORM)
    shapes = np.stack([np.diff(predicted.ends), np.diff(condition.ends)], axis=1)
    shapes, lines = np.unique(shapes[shapes.min(axis=1) > 0], axis=0, return_counts=True)
    tension, origins = TENSION, np.full(len(predicted.words), -1)
    none, words = np.zeros(predicted.types, np.int32), max(1, len(predicted.words))
    for iteration in range(settings.iterations):
        counts, null_counts = np.zeros_like(t), np.zeros_like(null)
        found = _expect(*sides, t, null, tension, settings.p_null, counts, null_counts, origins, False) / words
        for _ in range(TENSION_STEPS if iteration else 0):
            moved = tension + TENSION_RATE * (found - _expected_distance(shapes, lines, tension) / words)
            tension = min(max(moved, LEAST_TENSION), MOST_TENSION)
        _maximise(t, counts, owners, condition.types, settings.variational_bayes)
        _maximise(null, null_counts, none, 1, settings.variational_bayes)
        log(f"iteration {iteration + 1} of {settings.iterations}")
    _expect(*sides, t, null, tension, settings.p_null, t[:0], null[:0], origins, True)
    yield from np.split(origins, predicted.ends[1:-1])


@_compiled
def _place(table: Any, keys: Any, key: Any) -> Any:
    """The place of a key in an open-addressing table of indices into `keys`, or where it would be."""
    place = (key * np.int64(_SPREAD) >> np.int64(20)) & (len(table) - 1)
    while table[place] >= 0 and keys[table[place]] != key:
        place = (place + 1) & (len(table) - 1)
    return place


@_compiled
def _number_pairs(source: Any, source_ends: Any, target: Any, target_ends: Any, targets: Any, cells: Any) -> Any:
    """Fill `cells`, and give the key of each pair: its source word times the number of target words, and the target."""
    table, keys = np.full(1 << 16, -1, np.int32), np.empty(1 << 15, np.int64)
    known, cell = 0, 0
    for line in range(len(source_ends) - 1):
        for j in range(target_ends[line], target_ends[line + 1]):
            for i in range(source_ends[line], source_ends[line + 1]):
                key = source[i] * targets + target[j]
                place = _place(table, keys, key)
                if table[place] < 0:
                    if known == len(keys):
                        keys = np.concatenate((keys, np.empty(known, np.int64)))
                        table = np.full(4 * known, -1, np.int32)
                        for number in range(known):
                            table[_place(table, keys, keys[number])] = number
                        place = _place(table, keys, key)
                    table[place], keys[known] = known, key
                    known += 1
                cells[cell] = table[place]
                cell += 1
    return keys[:known].copy()


@_compiled
def _expect(
    condition_ends: Any,
    predicted: Any,
    ends: Any,
    cells: Any,
    reverse: Any,
    t: Any,
    null: Any,
    tension: Any,
    p_null: Any,
    counts: Any,
    null_counts: Any,
    origins: Any,
    final: Any,
) -> Any:
    """One pass: add expected counts and give minus the summed distance of links, or fill `origins` if it is final."""
    distance, first = 0.0, 0
    posterior, pairs = np.empty(MAX_WORDS), np.empty(MAX_WORDS, np.int32)
    for line in range(len(ends) - 1):
        size, predictions = condition_ends[line + 1] - condition_ends[line], ends[line + 1] - ends[line]
        for j in range(predictions if size else 0):
            word, place, total = predicted[ends[line] + j], (j + 1) / predictions, 0.0
            for i in range(size):
                posterior[i] = math.exp(-tension * abs((i + 1) / size - place))
                total += posterior[i]
            scale, origin, none = (1.0 - p_null) / total, -1, p_null * null[word]
            total, most = none, none
            for i in range(size):
                pairs[i] = cells[first + (i * predictions + j if reverse else j * size + i)]
                posterior[i] *= scale * t[pairs[i]]
                total += posterior[i]
                if posterior[i] > most:
                    most, origin = posterior[i], i
            if final:
                origins[ends[line] + j] = origin
            else:
                null_counts[word] += none / total
                for i in range(size):
                    counts[pairs[i]] += posterior[i] / total
                    distance -= abs((i + 1) / size - j / predictions) * posterior[i] / total
        first += size * predictions
    return distance


@_compiled
def _expected_distance(shapes: Any, lines: Any, tension: Any) -> Any:
    """Minus the summed distance that the model expects for lines of these lengths, predicted and condition side."""
    expected = 0.0
    for number in range(len(shapes)):
        predictions, size = shapes[number]
        for j in range(1, predictions + 1):
            total, weighted = 0.0, 0.0
            for i in range(1, size + 1):
                distance = abs(i / size - j / predictions)
                share = math.exp(-tension * distance)
                total += share
                weighted -= distance * share
            expected += lines[number] * weighted / total
    return expected


@_compiled
def _digamma(x: Any) -> Any:
    """The logarithmic derivative of the gamma function, by its asymptotic series."""
    result = 0.0
    while x < 7.0:
        result -= 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    return result + math.log(x) - 0.5 / x - square * (1 / 12 - square * (1 / 120 - square / 252))


@_compiled
def _maximise(t: Any, counts: Any, owners: Any, types: Any, variational_bayes: Any) -> Any:
    """t from the expected counts of pairs, whose condition words are `owners`."""
    totals = np.zeros(types)
    for number in range(len(t)):
        totals[owners[number]] += counts[number] + (ALPHA if variational_bayes else 0.0)
    for number in range(len(t)):
        total = totals[owners[number]]
        if variational_bayes:
            t[number] = math.exp(_digamma(counts[number] + ALPHA) - _digamma(total))
        else:
            t[number] = counts[number] / total if total > 0.0 else 0.0
