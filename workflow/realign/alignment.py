"""The alignment score: how often a word's nearest neighbour, by cosine, is its translation (Gaschi et al. 2022)."""

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

Vectors = NDArray[np.float32]
Kind = Literal["weak", "strong"]
Direction = Literal["forward", "backward"]

_CHUNK = 1024  # queries compared at a time, which bounds the memory of the similarity matrix


class AlignmentRow(BaseModel):
    """One alignment score: `layer` 0 is the embeddings; forward is source to target."""

    layer: int
    direction: Direction
    kind: Kind
    score: float
    n: int


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


def alignment_score(queries: Vectors, translations: Vectors, kind: Kind) -> float:
    """Share of queries x_i whose nearest neighbour is y_i; both are [n, hidden].

    Weak: the candidates are all translations. Strong: all translations and all queries but x_i itself.
    A tie counts as a miss unless y_i comes first among the translations. Raises `ValueError` without pairs.
    """
    n = len(queries)
    if n == 0 or queries.shape != translations.shape:
        raise ValueError(f"need as many queries as translations and at least one, got {queries.shape[0]} and {n}")
    x, y = _unit(queries), _unit(translations)
    hits = 0
    for start in range(0, n, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, n))
        to_translations = x[rows] @ y.T  # [chunk, n]
        hit = to_translations.argmax(axis=1) == rows
        if kind == "strong":
            to_queries = x[rows] @ x.T
            to_queries[np.arange(len(rows)), rows] = -np.inf
            hit &= to_translations.max(axis=1) > to_queries.max(axis=1)
        hits += int(hit.sum())
    return hits / n


def score_layers(layers: Iterable[tuple[Vectors, Vectors]]) -> Iterator[AlignmentRow]:
    """All four scores of every layer, from its source and target vectors [n, hidden]."""
    for layer, (source, target) in enumerate(layers):
        directions: list[tuple[Direction, Vectors, Vectors]] = [
            ("forward", source, target),
            ("backward", target, source),
        ]
        for direction, queries, translations in directions:
            for kind in ("weak", "strong"):
                score = alignment_score(queries, translations, kind)
                yield AlignmentRow(layer=layer, direction=direction, kind=kind, score=score, n=len(queries))
