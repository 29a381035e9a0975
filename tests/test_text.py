"""The text formats: what is read, what is written, and how bad input is reported."""

import unicodedata
from pathlib import Path

import pytest

from realign.errors import InputError
from realign.tasks import ner, pos
from realign.text.bitext import SentencePair, format_pair, read_bitext, read_moses
from realign.text.conll import read_bio, read_conllu, read_entities, read_pos, surface_tokens
from realign.text.dictionary import read_dictionary
from realign.text.files import atomic_writer
from realign.text.labels import ENTITIES
from realign.text.pharaoh import read_linked_bitext, usable_links

SPANISH = """\
# sent_id = 1
# text = Vuelve del mercado.
1	Vuelve	_	VERB	_	_	_	_	_	_
2-3	del	_	_	_	_	_	_	_	_
2	de	_	ADP	_	_	_	_	_	_
3	el	_	DET	_	_	_	_	_	_
4	mercado	_	NOUN	_	_	_	_	_	SpaceAfter=No
5	.	_	PUNCT	_	_	_	_	_	_

"""


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_bitext_is_read_as_nfc_words(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "el café cerró")
    path = write(tmp_path / "bitext", f"the café closed ||| {decomposed}\n")
    (pair,) = read_bitext(path)
    assert pair == SentencePair(["the", "café", "closed"], ["el", "café", "cerró"])
    assert format_pair(pair) == "the café closed ||| el café cerró"


@pytest.mark.parametrize("line", ["no separator", "a ||| ", " ||| b", "a ||| b ||| c"])
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "bitext", f"the sea ||| el mar\n{line}\n")
    with pytest.raises(InputError, match=r"bitext:2: expected 'source \|\|\| target'"):
        list(read_bitext(path))


def test_moses_sides_of_different_length_are_reported_with_both_lengths(tmp_path: Path) -> None:
    left = write(tmp_path / "en", "one\ntwo\nthree\n")
    right = write(tmp_path / "es", "uno\ndos\n")
    with pytest.raises(InputError, match=r"es: 2 lines, but .*en has 3"):
        list(read_moses(left, right))


def test_moses_pairs_with_an_empty_side_are_skipped(tmp_path: Path) -> None:
    left, right = write(tmp_path / "en", "one\n\nthree\n"), write(tmp_path / "es", "uno\ndos\ntres\n")
    assert [pair.target for pair in read_moses(left, right)] == [["uno"], ["tres"]]


@pytest.mark.parametrize("side", ["en", "es"])
def test_a_moses_side_with_the_separator_of_a_bitext_is_refused(tmp_path: Path, side: str) -> None:
    for name in ("en", "es"):
        write(tmp_path / name, "one\na ||| b\n" if name == side else "one\ntwo\n")
    with pytest.raises(InputError, match=rf"{side}:2: found '\|\|\|'"):
        list(read_moses(tmp_path / "en", tmp_path / "es"))


def test_a_byte_order_mark_is_not_part_of_the_first_word(tmp_path: Path) -> None:
    dictionary = write(tmp_path / "en-de.txt", "\ufeffhouse Haus\nsea Meer\n")
    assert read_dictionary(dictionary) == {"house": {"haus"}, "sea": {"meer"}}


def test_a_file_that_is_not_utf8_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bitext"
    path.write_bytes(b"the sea ||| el mar\n" + "caf\xe9 ||| caf\xe9\n".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8 near line"):
        list(read_bitext(path))


def test_links_out_of_range_are_named(tmp_path: Path) -> None:
    bitext = write(tmp_path / "bitext", "the sea ||| el mar\nthe sun ||| el sol\n")
    pairs = write(tmp_path / "pairs", "0-0 1-1\n0-0 1-2\n")
    with pytest.raises(InputError, match="pairs:2: link 1-2 is out of range for a pair of 2 and 2 words"):
        list(read_linked_bitext(bitext, pairs))


@pytest.mark.parametrize("field", ["0:0", "0-", "-1-0", "a-b", "0-0-0"])
def test_what_is_no_link_is_named(tmp_path: Path, field: str) -> None:
    bitext, pairs = write(tmp_path / "bitext", "the sea ||| el mar\n"), write(tmp_path / "pairs", f"0-0 {field}\n")
    with pytest.raises(InputError, match="pairs:1: expected links like"):
        list(read_linked_bitext(bitext, pairs))


def test_links_for_fewer_lines_than_the_bitext_are_reported(tmp_path: Path) -> None:
    bitext, pairs = write(tmp_path / "bitext", "a ||| b\nc ||| d\n"), write(tmp_path / "pairs", "0-0\n")
    with pytest.raises(InputError, match="pairs: ends after 1 lines"):
        list(read_linked_bitext(bitext, pairs))


def test_usable_links_are_one_to_one_between_different_strings() -> None:
    pair = SentencePair(["the", "old", "Paris", "sleeps"], ["el", "viejo", "París", "duerme", "Paris"])
    links = [(0, 0), (1, 1), (1, 3), (2, 4), (3, 2)]
    # 1 has two links; Paris is the same on both sides; the rest are one-to-one
    assert usable_links(pair, links) == [(0, 0), (3, 2)]


def test_a_dictionary_keeps_all_translations_case_folded(tmp_path: Path) -> None:
    path = write(tmp_path / "en-de.txt", "key\tSchlüssel\nkey\tTaste\nStreet Straße\n")
    assert read_dictionary(path) == {"key": {"schlüssel", "taste"}, "street": {"strasse"}}


def test_an_empty_dictionary_and_a_line_of_one_column_are_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="empty dictionary"):
        read_dictionary(write(tmp_path / "empty", "\n"))
    with pytest.raises(InputError, match="one:2: expected a word and its translation, found 'alone'"):
        read_dictionary(write(tmp_path / "one", "a b\nalone\n"))


def test_conllu_gives_syntactic_words_and_surface_tokens(tmp_path: Path) -> None:
    path = write(tmp_path / "es.conllu", SPANISH)
    (sentence,) = read_pos(path)
    assert sentence.tokens == ["Vuelve", "de", "el", "mercado", "."]
    assert sentence.labels == ["VERB", "ADP", "DET", "NOUN", "PUNCT"]
    assert surface_tokens(next(read_conllu(path))) == ["Vuelve", "del", "mercado", "."]


def test_a_conllu_line_with_nine_columns_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "es.conllu", SPANISH.replace("1	Vuelve	_	VERB	_", "1	Vuelve	_	VERB"))
    with pytest.raises(InputError, match="es.conllu:3: expected the 10 tab-separated columns of CoNLL-U, found 9"):
        list(read_pos(path))


def test_a_tag_outside_the_universal_set_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "es.conllu", SPANISH.replace("NOUN", "NN"))
    with pytest.raises(InputError, match="es.conllu:7: 'NN' is not a universal part-of-speech tag"):
        list(read_pos(path))


def test_bio_columns_are_read_and_checked(tmp_path: Path) -> None:
    labels = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    path = write(tmp_path / "ner", "Ana B-PER\nRuiz I-PER\nvive O\n\nen\tO\nLugo\tB-LOC\n")
    assert [sentence.labels for sentence in read_bio(path, labels)] == [["B-PER", "I-PER", "O"], ["O", "B-LOC"]]
    with pytest.raises(InputError, match="ner:2: label 'B-MISC' is outside the tag set O B-PER"):
        list(read_bio(write(tmp_path / "ner", "Ana B-PER\nLiga B-MISC\n"), labels))
    with pytest.raises(InputError, match="ner:2: I-LOC follows B-PER"):
        list(read_bio(write(tmp_path / "ner", "Ana B-PER\nLugo I-LOC\n"), labels))


def test_entities_are_read_from_the_last_column_of_conllu(tmp_path: Path) -> None:
    def sentence(*labels: str) -> Path:
        misc = [f"Entity={label}" if label != "O" else "_" for label in labels]
        lines = [f"{number}\tw{number}\t_\tNOUN\t_\t_\t_\t_\t_\t{text}" for number, text in enumerate(misc, 1)]
        return write(tmp_path / "ner.conllu", "# sent_id = s1\n" + "\n".join(lines) + "\n\n")

    labels = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    (found,) = read_entities(sentence("B-PER", "I-PER", "O"), labels)
    assert found.tokens == ["w1", "w2", "w3"] and found.labels == ["B-PER", "I-PER", "O"]
    with pytest.raises(InputError, match=r"ner.conllu: sentence s1: label 'B-MISC' is outside the tag set O B-PER"):
        list(read_entities(sentence("B-MISC"), labels))
    with pytest.raises(InputError, match=r"sentence s1: I-LOC follows B-PER; an entity begins with B-LOC"):
        list(read_entities(sentence("B-PER", "I-LOC"), labels))


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", "old\n")
    with pytest.raises(RuntimeError), atomic_writer(path) as out:
        out.write("half")
        raise RuntimeError
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_sentences_are_counted_as_they_are_read(tmp_path: Path) -> None:
    bio = write(tmp_path / "en.txt", "-DOCSTART- O\n\n#tag O\n\nRome B-LOC\n. O\n")
    assert ner.count(bio) == len(list(ner.read(bio, ENTITIES))) == 2
    treebank = write(tmp_path / "es.conllu", f"# only a comment\n\n{SPANISH}")
    assert pos.count(treebank) == 1
