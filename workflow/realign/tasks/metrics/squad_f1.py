"""F1 of answers: Σ F1 / questions, of the words of an answer and of the true answer that is most like it.

As in SQuAD 1.1 (Rajpurkar et al. 2016), for every language, which is also how XTREME scores XQuAD (Hu et al. 2020).
Words are separated by spaces: in languages written without them, an answer is a word or a few.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence

from realign.tasks.metrics.counts import Counts

NAME = "f1"
UNPREDICTED = ""
"""The answer where there is none."""

PUNCTUATION = str.maketrans("", "", string.punctuation)


def count(predicted: Sequence[str], true: Sequence[str]) -> Counts:
    """F1 of one question's only predicted answer, and 1; `true` are its true answers."""
    return Counts(max(f1(predicted[0], answer) for answer in true), 1)


def f1(predicted: str, true: str) -> float:
    """F1 of the words of two answers; 0 without a common word."""
    found, expected = normalised(predicted).split(), normalised(true).split()
    common = (Counter(found) & Counter(expected)).total()
    return 2 * common / (len(found) + len(expected)) if common else 0.0


def normalised(answer: str) -> str:
    """An answer in lower case, without ASCII punctuation, English articles, and more than one space in a row."""
    words = re.sub(r"\b(a|an|the)\b", " ", answer.lower().translate(PUNCTUATION))
    return " ".join(words.split())
