"""Annotated sentences: CoNLL-U for part-of-speech tags, two-column CoNLL with BIO for entities."""

import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import NamedTuple

import conllu
from conllu.exceptions import ParseException

from realign.errors import InputError
from realign.text.files import read_lines, split_words
from realign.text.labels import UPOS

COMMENT = "#"
"""How a comment begins in CoNLL-U."""
DOCUMENT = "-DOCSTART-"
"""How a document begins in two-column CoNLL."""


class TaggedSentence(NamedTuple):
    """Words and one label for each."""

    tokens: list[str]
    labels: list[str]


def _blocks(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Blank-line separated blocks, each with the number of its first line."""
    block: list[str] = []
    start = 1
    for number, line in enumerate(read_lines(path), 1):
        if split_words(line):
            if not block:
                start = number
            block.append(line)
        elif block:
            yield start, block
            block = []
    if block:
        yield start, block


def count_sentences(path: Path, without_words: str) -> int:
    """Number of sentences in a file, without reading columns; lines that begin with `without_words` have no words."""
    return sum(any(not line.startswith(without_words) for line in block) for _, block in _blocks(path))


def read_conllu(path: Path) -> Iterator[conllu.TokenList]:
    """Stream the sentences of a CoNLL-U file, checked for ten columns and universal tags.

    Multiword-token lines and empty nodes are kept, with their tuple ids; syntactic words have integer ids.
    """
    for start, block in _blocks(path):
        ids: set[str] = set()
        for number, line in enumerate(block, start):
            if line.startswith(COMMENT):
                if re.match(r"#\s*sent_id\s*=", line) and ids:
                    raise InputError(f"{path}:{number}: a sent_id inside a sentence; is a blank line missing?")
                continue
            columns = line.split("\t")
            if len(columns) != 10:
                raise InputError(
                    f"{path}:{number}: expected the 10 tab-separated columns of CoNLL-U, found {len(columns)}"
                )
            if columns[0] in ids:
                raise InputError(f"{path}:{number}: a second word {columns[0]}; is a blank line missing?")
            ids.add(columns[0])
            if not columns[1].strip():
                raise InputError(f"{path}:{number}: a word without a form")
            if columns[0].isdigit() and columns[3] not in UPOS:
                raise InputError(f"{path}:{number}: {columns[3]!r} is not a universal part-of-speech tag")
        if not any(number.isdigit() for number in ids):
            raise InputError(f"{path}:{start}: a sentence without words")
        try:
            yield conllu.parse("\n".join(block) + "\n\n")[0]
        except (ParseException, IndexError) as error:
            raise InputError(f"{path}:{start}: not a CoNLL-U sentence ({error})") from None


def pos_sentence(sentence: conllu.TokenList) -> TaggedSentence:
    """The syntactic words of a sentence and their universal tags."""
    words = [token for token in sentence if isinstance(token["id"], int)]
    return TaggedSentence([word["form"] for word in words], [word["upos"] for word in words])


def surface_tokens(sentence: conllu.TokenList) -> list[str]:
    """The written tokens of a sentence: multiword tokens whole, not the syntactic words inside them."""
    tokens: list[str] = []
    covered = 0
    for token in sentence:
        if isinstance(token["id"], tuple) and token["id"][1] == "-":
            tokens.append(token["form"])
            covered = token["id"][2]
        elif isinstance(token["id"], int) and token["id"] > covered:
            tokens.append(token["form"])
    return tokens


def read_pos(path: Path) -> Iterator[TaggedSentence]:
    """Stream words and universal tags from a CoNLL-U file."""
    return map(pos_sentence, read_conllu(path))


def read_entities(path: Path, labels: tuple[str, ...]) -> Iterator[TaggedSentence]:
    """Stream syntactic words and their BIO labels from a CoNLL-U file: `Entity=B-PER` in MISC, absent for `O`.

    Raises `InputError` as `read_bio` does, with the sentence's id instead of a line.
    """
    for sentence in read_conllu(path):
        words = [token for token in sentence if isinstance(token["id"], int)]
        tagged = TaggedSentence(
            [word["form"] for word in words], [(word["misc"] or {}).get("Entity", "O") for word in words]
        )
        where = f"{path}: sentence {sentence.metadata.get('sent_id', tagged.tokens)}"
        for previous, label in zip(["O", *tagged.labels], tagged.labels, strict=False):
            _check_bio(label, previous, labels, where)
        yield tagged


def _check_bio(label: str, previous: str, labels: tuple[str, ...], where: str) -> None:
    if label not in labels:
        raise InputError(f"{where}: label {label!r} is outside the tag set {' '.join(labels)}")
    if label.startswith("I-") and previous[2:] != label[2:]:
        raise InputError(f"{where}: {label} follows {previous}; an entity begins with B-{label[2:]}")


def read_columns(
    path: Path, labels: tuple[str, ...], outside: Container[str] = (), *, numbered: bool = False
) -> Iterator[TaggedSentence]:
    """Stream a published corpus of two columns, a word and its label; its mistakes are kept.

    With `numbered`, the word's number in CoNLL-U stands before them, and there are comments; only syntactic words are
    read. Labels in `outside` are read as `O`, lines without a word are left out, and an I- label need not continue an
    entity, because the evaluation begins one there. Raises `InputError` for any other label.
    """
    for start, block in _blocks(path):
        sentence = TaggedSentence([], [])
        for number, line in enumerate(block, start):
            if numbered and line.startswith(COMMENT):
                continue
            columns = line.split("\t") if "\t" in line else split_words(line)
            if numbered:
                if not columns[0].isdigit():
                    continue
                columns = columns[1:3]
            if len(columns) == 1 and columns[0] in labels:
                continue
            if len(columns) < 2:
                raise InputError(f"{path}:{number}: expected a word and its label, found {line[:60]!r}")
            word, label = columns[0].strip(), columns[-1].strip()
            if not word:
                continue
            if label not in labels and label not in outside:
                raise InputError(f"{path}:{number}: label {label!r} is outside the tag set {' '.join(labels)}")
            sentence.tokens.append(word)
            sentence.labels.append("O" if label in outside else label)
        if sentence.tokens:
            yield sentence


def read_bio(path: Path, labels: tuple[str, ...]) -> Iterator[TaggedSentence]:
    """Stream two-column CoNLL (word first, BIO label last, tab or space between).

    Raises `InputError` for a label outside `labels`, or an I- label that does not continue an entity of its type.
    """
    for start, block in _blocks(path):
        sentence = TaggedSentence([], [])
        previous = "O"
        for number, line in enumerate(block, start):
            columns = line.split("\t") if "\t" in line else split_words(line)
            if columns[0] == DOCUMENT:
                continue
            if len(columns) < 2:
                raise InputError(f"{path}:{number}: expected a word and its label, found {line[:60]!r}")
            word, label = columns[0], columns[-1].strip()
            if not word.strip():
                raise InputError(f"{path}:{number}: a label without a word")
            _check_bio(label, previous, labels, f"{path}:{number}")
            sentence.tokens.append(word)
            sentence.labels.append(label)
            previous = label
        if sentence.tokens:
            yield sentence
