"""The lab corpus keeps what its data card promises."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import conllu
import pytest

from realign.aligners.judging import read_gold
from realign.encoders.vocabulary import vocabulary
from realign.text.bitext import read_bitext
from realign.text.conll import read_conllu, surface_tokens
from realign.text.dictionary import read_dictionary
from realign.text.files import read_lines
from realign.text.pharaoh import check_range

LAB = Path(__file__).parents[1] / "lab"
TARGETS = ("ar", "es", "fr", "ru", "zh")
LANGUAGES = ("en", *TARGETS)
CONTENT = {"ADJ", "ADV", "NOUN", "PROPN", "VERB"}
ENTITIES = {f"{place}-{kind}" for place in "BI" for kind in ("PER", "LOC", "ORG")}


def bitext(language: str) -> list[list[str]]:
    return [
        line.split(" ") for split in ("train", "test") for line in read_lines(LAB / f"bitext/{split}.{language}.txt")
    ]


def treebank(name: str) -> list[conllu.TokenList]:
    return list(read_conllu(LAB / f"treebank/{name}.conllu"))


def syntactic_words(sentence: conllu.TokenList) -> Iterator[conllu.Token]:
    return (token for token in sentence if isinstance(token["id"], int))


def english_parts() -> dict[str, list[list[str]]]:
    """Surface tokens of every English sentence, by part."""
    return {
        "bitext": bitext("en"),
        "test": [surface_tokens(sentence) for sentence in treebank("en-test")],
        "train": [surface_tokens(sentence) for sentence in treebank("en-train")],
    }


@pytest.mark.parametrize("path", sorted(LAB.rglob("*.txt")) + sorted(LAB.rglob("*.conllu")), ids=str)
def test_files_are_utf8_nfc_with_unix_line_ends(path: Path) -> None:
    content = path.read_bytes()
    text = content.decode("utf-8")
    assert text == unicodedata.normalize("NFC", text)
    assert b"\r" not in content and content.endswith(b"\n")
    assert "\ufeff" not in text and "\u00a0" not in text


def test_the_parts_are_as_large_as_promised() -> None:
    assert len(bitext("en")) >= 450
    assert len(treebank("en-test")) >= 300
    assert len(treebank("en-train")) >= 1000
    for language in TARGETS:
        entries = list(read_lines(LAB / f"dictionary/en-{language}.txt"))
        assert len(entries) >= 1500 and len(entries) == len(set(entries)), language


@pytest.mark.parametrize("language", TARGETS)
def test_bitext_is_parallel_and_tokenised(language: str) -> None:
    for split in ("train", "test"):
        sides = [list(read_lines(LAB / f"bitext/{split}.{side}.txt")) for side in ("en", language)]
        assert len(sides[0]) == len(sides[1])
        for left, right in zip(*sides, strict=True):
            for line in (left, right):
                assert line == " ".join(line.split()) and line and "|||" not in line
            ratio = len(right.split()) / len(left.split())
            assert 0.4 < ratio < 2.0, (left, right)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_test_set_is_parallel_with_valid_annotation(language: str) -> None:
    sentences = treebank(f"{language}-test")
    assert [sentence.metadata["sent_id"] for sentence in sentences] == [
        sentence.metadata["sent_id"] for sentence in treebank("en-test")
    ]
    for sentence in sentences:
        check_annotation(sentence)


def test_the_training_set_has_valid_annotation() -> None:
    sentences = treebank("en-train")
    for sentence in sentences:
        check_annotation(sentence)
    assert len({sentence.metadata["sent_id"] for sentence in sentences}) == len(sentences)


def check_annotation(sentence: conllu.TokenList) -> None:
    words = list(syntactic_words(sentence))
    assert [word["id"] for word in words] == list(range(1, len(words) + 1))
    previous = "O"
    for word in words:
        assert not any(character.isspace() for character in word["form"])
        punctuation = not any(character.isalnum() for character in word["form"])
        assert punctuation == (word["upos"] in ("PUNCT", "SYM")), (sentence.metadata["sent_id"], word["form"])
        label = (word["misc"] or {}).get("Entity", "O")
        assert label == "O" or label in ENTITIES
        assert not label.startswith("I-") or previous[2:] == label[2:], sentence.metadata["sent_id"]
        previous = label
    # the text is the tokens with and without spaces between them
    assert "".join(surface_tokens(sentence)) == sentence.metadata["text"].replace(" ", "")


@pytest.mark.parametrize("language", ["ar", "es", "fr"])
def test_contractions_and_clitics_are_multiword_tokens(language: str) -> None:
    sentences = treebank(f"{language}-test")
    multiword = [token["form"] for s in sentences for token in s if isinstance(token["id"], tuple)]
    assert len(multiword) >= 10
    words = Counter(word["form"] for s in sentences for word in syntactic_words(s))
    unsplit = {"es": ("del", "al"), "fr": ("au", "aux"), "ar": ("بال", "وال")}[language]
    assert not any(words[form] for form in unsplit)


def test_chinese_is_segmented_into_words() -> None:
    lengths = [len(word["form"]) for s in treebank("zh-test") for word in syntactic_words(s)]
    assert 1.2 < sum(lengths) / len(lengths) < 2.2


def test_sentences_are_of_natural_length_and_vocabulary() -> None:
    forms: set[str] = set()
    for sentences in english_parts().values():
        for tokens in sentences:
            words = [token for token in tokens if any(character.isalnum() for character in token)]
            assert 4 <= len(words) <= 25, tokens
            forms.update(word.casefold() for word in words)
    assert len(forms) >= 2500


def test_no_sentence_stands_twice_or_nearly_so() -> None:
    sentences = [
        (part, tokens, {token.casefold() for token in tokens if token.isalnum()})
        for part, part_sentences in english_parts().items()
        for tokens in part_sentences
    ]
    for (part, tokens, words), (other_part, other, other_words) in combinations(sentences, 2):
        overlap = len(words & other_words) / len(words | other_words)
        assert overlap < 0.6, (part, " ".join(tokens), other_part, " ".join(other))


@pytest.mark.parametrize("language", TARGETS)
def test_no_translation_stands_twice(language: str) -> None:
    lines = [" ".join(tokens) for tokens in bitext(language)]
    lines += [" ".join(surface_tokens(sentence)) for sentence in treebank(f"{language}-test")]
    assert len(lines) == len(set(lines))


def test_sentences_are_not_made_from_patterns() -> None:
    for name in ["en-train", *(f"{language}-test" for language in LANGUAGES)]:
        patterns = Counter(tuple(word["upos"] for word in syntactic_words(s)) for s in treebank(name))
        frequent = sum(times for _, times in patterns.most_common(100))
        assert frequent <= patterns.total() / 3, (name, patterns.most_common(3))


def content_words() -> list[str]:
    """Content-word tokens of the English bitext and test set.

    Bitext has no tags: a word there is a content word unless the treebanks mostly tag it otherwise.
    """
    tagged = [word for name in ("en-train", "en-test") for s in treebank(name) for word in syntactic_words(s)]
    tags: dict[str, Counter[str]] = {}
    for word in tagged:
        tags.setdefault(word["form"].casefold(), Counter())[word["upos"]] += 1
    function = {form for form, counts in tags.items() if counts.most_common(1)[0][0] not in CONTENT}
    words = [w["form"].casefold() for s in treebank("en-test") for w in syntactic_words(s) if w["upos"] in CONTENT]
    words += [
        w for line in bitext("en") for w in map(str.casefold, line) if w not in function and any(map(str.isalpha, w))
    ]
    return words


@pytest.mark.parametrize("language", TARGETS)
def test_the_dictionary_covers_the_content_words_of_bitext_and_test_set(language: str) -> None:
    dictionary = read_dictionary(LAB / f"dictionary/en-{language}.txt")
    words = content_words()
    assert sum(word in dictionary for word in words) >= 0.7 * len(words)


@pytest.mark.parametrize("language", TARGETS)
def test_dictionary_translations_occur(language: str) -> None:
    dictionary = read_dictionary(LAB / f"dictionary/en-{language}.txt")
    present = {token.casefold() for line in bitext(language) for token in line}
    present |= {token.casefold() for s in treebank(f"{language}-test") for token in surface_tokens(s)}
    used = sum(bool(targets & present) for targets in dictionary.values())
    assert used == len(dictionary)


@pytest.mark.parametrize("language", TARGETS)
def test_hand_made_links_are_those_of_test_sentences(language: str) -> None:
    sides = [
        {" ".join(surface_tokens(s)): s.metadata["sent_id"] for s in treebank(f"{name}-test")}
        for name in ("en", language)
    ]
    pairs = list(read_bitext(LAB / f"gold_links/en-{language}.bitext.txt"))
    links = list(read_gold(LAB / f"gold_links/en-{language}.links.txt"))
    assert len(pairs) == len(links) == 60
    for pair, gold in zip(pairs, links, strict=True):
        assert sides[0][" ".join(pair.source)] == sides[1][" ".join(pair.target)]
        check_range(gold.possible, pair, LAB, 0)
        assert gold.sure == gold.possible and len(gold.sure) >= 3


def test_the_shipped_vocabulary_is_that_of_the_corpus() -> None:
    assert list(read_lines(LAB / "vocabulary.txt")) == vocabulary(LAB)


def test_the_data_card_counts_the_test_set() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in read_lines(LAB / "README.md") if "|" in line]
    card = {row[0]: row[1:] for row in rows}
    names = ["en-train", *(f"{language}-test" for language in LANGUAGES)]
    tags = [Counter(word["upos"] for s in treebank(name) for word in syntactic_words(s)) for name in names]
    assert card["test set, words"] == [f"{counts.total():,}" for counts in tags[1:]]
    for tag in set().union(*tags):
        assert card[tag] == [f"{100 * counts[tag] / counts.total():.1f}" for counts in tags], tag
    tokens = [sum(map(len, bitext(language))) for language in LANGUAGES]
    assert card["bitext, tokens"] == [f"{count:,}" for count in tokens]
    for language, cell in zip(TARGETS, card["dictionary, entries (English words)"][1:], strict=True):
        entries = [line.split("\t")[0] for line in read_lines(LAB / f"dictionary/en-{language}.txt")]
        assert cell == f"{len(entries):,} ({len(set(entries)):,})"
