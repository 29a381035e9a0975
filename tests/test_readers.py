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
from realign.tasks import ner, nli, paraphrases, pos, qa, topic
from realign.tasks.classification import data as classification
from realign.tasks.question_answering import data as question_answering
from realign.tasks.tagging import data as tagging
from realign.text.bitext import format_pair, read_bitext, read_moses
from realign.text.conll import read_columns
from realign.text.dictionary import read_dictionary
from realign.text.labels import ENTITIES, INFERENCE, PARAPHRASE, TOPICS, UPOS
from realign.text.pharaoh import format_links, read_links
from realign.text.raw_bitext import read_raw_pairs

FRAGMENTS = [
    "\n", "\r", "\r\n", "\n\n", "\t", " ", " ||| ", "|||", "\ufeff", "\u00a0", "\u2028", "\u0085", "\x0b", "\x1c", "\0",
    "a", "é", "e\u0301", "词", "#", "# sent_id = 1", "1", "1-2", "1.1", "_", "NOUN", "1\ta\t_\tNOUN\t_\t_\t_\t_\t_\t_",
    "2\tb\t_\tVERB\t_\t_\t_\t_\t_\tEntity=B-PER", "O", "B-PER", "I-LOC", "-DOCSTART-", "0-0", "2p1", "9-99", "neutral",
    "premise\thypothesis\tlabel", '{"premise": "a", "hypothesis": "b", "label": "neutral"}', '{"premise": "\\ud800"',
    "sentence1\tsentence2\tlabel\na\tb\t1", 'index_id\tcategory\ttext\n7\ttravel\t"a ""b"""', '""', "\ttravel\t",
    '{"data": [{"paragraphs": [{"context": "a b", "qas": [', '{"question": "?", "answers": [{"text": "a", ',
    '"answer_start": 0}]}', "]}]}]}", ", ", "1e999", "null", "[" * 200, "{", '"', "\\ud83d", "Entity=", "=", "|", "-",
    "999999999999999999999999",
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
    "paraphrases": ("tsv", lambda path: paraphrases.read(path, PARAPHRASE)),
    "topics": ("tsv", lambda path: topic.read(path, TOPICS)),
    "questions": ("json", lambda path: qa.read(path, ())),
    "columns": ("txt", lambda path: read_columns(path, ENTITIES, {"B-DATE"})),
    "numbered columns": ("iob2", lambda path: read_columns(path, ENTITIES, {"B-OTH"}, numbered=True)),
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
        ("pairs, jsonl", INFERENCE, classification),
        ("paraphrases", PARAPHRASE, classification),
        ("topics", TOPICS, classification),
        ("questions", (), question_answering),
        ("columns", ENTITIES, tagging),
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
        elif kind is question_answering:
            assert again.contexts == [example.context for example in examples]
            assert again.starts == [[answer.start for answer in example.answers] for example in examples]
        else:
            assert again.first == [example.first for example in examples]
            assert again.second == [example.second for example in examples]

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
        ("topics", 'category\ttext\ntravel\t"a\nb"\n'),
        ("topics", 'category\ttext\ntravel\t"a" b\n'),
        ("questions", "[" * 100_000),
        ("questions", "9" * 5000),
        ("columns", "a\n"),
        ("columns", "a B-MISC\n"),
        ("numbered columns", "1\ta\tB-MISC\n"),
    ],
)
def test_what_would_be_read_wrongly_is_refused(reader: str, content: str) -> None:
    assert read(reader, content.encode()) is None


def test_published_columns_keep_their_mistakes_and_lose_what_no_entity_is() -> None:
    lines = ["Ranar B-DATE", "Litinin I-DATE", "Kano B-LOC", "", "Abuja I-LOC", " O", '""""\tO', "a\u00a0b O", "# O"]
    with TemporaryDirectory() as folder:
        path = Path(folder, "test.txt")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        assert list(read_columns(path, ENTITIES, {"B-DATE", "I-DATE"})) == [
            (["Ranar", "Litinin", "Kano"], ["O", "O", "B-LOC"]),
            (["Abuja", '""""', "a\u00a0b", "#"], ["I-LOC", "O", "O", "O"]),
        ]
        # as Universal NER has it: numbers, comments, annotators, parts of words
        lines = ["# text = Iranian au US", "1\tIranian\tB-OTH\t-\tanna", "2-3\tau\t_", "2\tà\tO", "3\tle\tO",
                 "3.1\tx\tO", "4\tUS\tB-LOC\t-\tanna"]  # fmt: skip
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        assert list(read_columns(path, ENTITIES, {"B-OTH"}, numbered=True)) == [
            (["Iranian", "à", "le", "US"], ["O", "O", "O", "B-LOC"])
        ]


def test_quoted_cells_of_topics_are_unquoted() -> None:
    row = 'index_id\tcategory\ttext\n988\tgeography\t"In Rogaland they are ""hei"", treeless."\n3\ttravel\t5" wide\n'
    assert read("topics", row.encode()) == [
        ('In Rogaland they are "hei", treeless.', None, "geography"),
        ('5" wide', None, "travel"),
    ]
    assert read("paraphrases", b'id\tsentence1\tsentence2\tlabel\n1\t"a" b\tb "a"\t1\n') == [('"a" b', 'b "a"', "1")]
