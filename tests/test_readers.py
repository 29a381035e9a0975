"""Every reader, given any bytes: parsed rows or one `InputError`, and what is parsed survives writing and reading."""

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realign.aligners.judging import read_gold
from realign.errors import InputError
from realign.tasks import ner, nli, pos
from realign.tasks.sentence_pairs import data as sentence_pairs
from realign.tasks.tagging import data as tagging
from realign.text.bitext import format_pair, read_bitext, read_moses
from realign.text.dictionary import read_dictionary
from realign.text.labels import ENTITIES, INFERENCE, UPOS
from realign.text.pharaoh import format_links, read_links
from realign.text.raw_bitext import read_raw_pairs

FRAGMENTS = [
    "\n", "\r", "\r\n", "\n\n", "\t", " ", " ||| ", "|||", "\ufeff", "\u00a0", "\u2028", "\u0085", "\x0b", "\x1c", "\0",
    "a", "é", "e\u0301", "词", "#", "# sent_id = 1", "1", "1-2", "1.1", "_", "NOUN", "1\ta\t_\tNOUN\t_\t_\t_\t_\t_\t_",
    "2\tb\t_\tVERB\t_\t_\t_\t_\t_\tEntity=B-PER", "O", "B-PER", "I-LOC", "-DOCSTART-", "0-0", "2p1", "9-99", "neutral",
    "premise\thypothesis\tlabel", '{"premise": "a", "hypothesis": "b", "label": "neutral"}', '{"premise": "\\ud800"',
    "[" * 200, "{", '"', "\\ud83d", "Entity=", "=", "|", "-", "999999999999999999999999",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=14).map("".join)
CONTENT = TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=40)

Reader = Callable[[Path], Iterable[Any]]
READERS: dict[str, tuple[str, Reader]] = {
    "bitext": ("txt", read_bitext),
    "moses": ("txt", lambda path: read_moses(path, path)),
    "links": ("txt", read_links),
    "gold links": ("txt", read_gold),
    "dictionary": ("txt", lambda path: read_dictionary(path).items()),
    "raw bitext": ("tsv", read_raw_pairs),
    "pos": ("conllu", lambda path: pos.read(path, UPOS)),
    "bio": ("txt", lambda path: ner.read(path, ENTITIES)),
    "entities": ("conllu", lambda path: ner.read(path, ENTITIES)),
    "pairs, tsv": ("tsv", lambda path: nli.read(path, INFERENCE)),
    "pairs, jsonl": ("jsonl", lambda path: nli.read(path, INFERENCE)),
}


def read(reader: str, content: bytes) -> list[Any] | None:
    """What a reader makes of a file; None when it refuses it in one sentence."""
    ending, function = READERS[reader]
    with TemporaryDirectory() as folder:
        path = Path(folder, f"file.{ending}")
        path.write_bytes(content)
        try:
            return list(function(path))
        except InputError as error:
            assert "\n" not in str(error) and str(path) in str(error)
            return None


quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@pytest.mark.parametrize("reader", READERS)
def test_any_bytes_are_read_or_refused_in_one_sentence(reader: str) -> None:
    @quick
    @given(CONTENT)
    def check(content: bytes) -> None:
        read(reader, content)

    check()


@quick
@given(CONTENT)
def test_bitext_survives_writing_and_reading(content: bytes) -> None:
    for reader in ("bitext", "moses"):
        pairs = read(reader, content)
        if pairs:
            assert read("bitext", "".join(format_pair(pair) + "\n" for pair in pairs).encode()) == pairs


@quick
@given(CONTENT)
def test_links_survive_writing_and_reading(content: bytes) -> None:
    links = read("links", content)
    if links:
        assert read("links", "".join(format_links(one) + "\n" for one in links).encode()) == [
            sorted(one) for one in links
        ]


@pytest.mark.parametrize(
    ("reader", "labels", "kind"),
    [
        ("pos", UPOS, tagging),
        ("bio", ENTITIES, tagging),
        ("entities", ENTITIES, tagging),
        ("pairs, jsonl", INFERENCE, sentence_pairs),
    ],
)
def test_examples_survive_writing_and_reading(reader: str, labels: tuple[str, ...], kind: Any) -> None:
    @quick
    @given(CONTENT)
    def check(content: bytes) -> None:
        examples = read(reader, content)
        if not examples:
            return
        with TemporaryDirectory() as folder:
            path = Path(folder, "examples.parquet")
            kind.write_examples(path, examples, labels)
            again = kind.read_examples(path)
        assert len(again) == len(examples) and again.label_names == list(labels)
        if kind is tagging:
            assert again.tokens == [example.tokens for example in examples]
            assert all(example.tokens for example in examples), "no sentence without words"
        else:
            assert again.premises == [example.premise for example in examples]

    check()


@pytest.mark.parametrize(
    ("reader", "content", "words"),
    [
        ("bitext", "New\u00a0York ||| Nueva\u00a0York", ["New\u00a0York"]),
        ("bitext", "a\u2028b c\u0085d ||| e", ["a\u2028b", "c\u0085d"]),
        ("bio", "New\u00a0York B-LOC", ["New\u00a0York"]),
        ("bio", "a\u3000b\tO", ["a\u3000b"]),
    ],
)
def test_only_spaces_and_tabs_separate_words(reader: str, content: str, words: list[str]) -> None:
    (row,) = read(reader, f"{content}\n".encode()) or []
    assert row[0] == words


@pytest.mark.parametrize(
    ("reader", "content"),
    [
        ("bitext", "a ||| b\rc ||| d\r"),
        ("pos", "1\ta\t_\tNOUN\t_\t_\t_\t_\t_\t_\r2\tb\t_\tNOUN\t_\t_\t_\t_\t_\t_\r"),
        ("pos", "# only a comment\n"),
        ("pos", "1-2\tab\t_\t_\t_\t_\t_\t_\t_\t_\n"),
        ("pos", "1\t\t_\tNOUN\t_\t_\t_\t_\t_\t_\n"),
        ("pos", "1\ta\t_\tNOUN\t_\t_\t_\t_\t_\t_\n1\tb\t_\tNOUN\t_\t_\t_\t_\t_\t_\n"),
        ("pos", "# sent_id = 1\n1\ta\t_\tNOUN\t_\t_\t_\t_\t_\t_\n# sent_id = 2\n2\tb\t_\tNOUN\t_\t_\t_\t_\t_\t_\n"),
        ("bio", " \tO\n"),
        ("pairs, jsonl", '{"premise": "\\ud800", "hypothesis": "b", "label": "neutral"}\n'),
        ("pairs, jsonl", "[" * 100_000 + "\n"),
    ],
)
def test_what_would_be_read_wrongly_is_refused(reader: str, content: str) -> None:
    assert read(reader, content.encode()) is None
