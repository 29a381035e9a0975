"""Split raw sentences into words by the rules of their language, so that bitext, dictionaries and treebanks agree."""

import os
import unicodedata
from collections.abc import Callable

from realign.errors import InputError

Segmenter = Callable[[str], list[str]]

_WITHOUT_SPACES = {
    "zh": "zh", "cmn": "zh", "zho": "zh", "ja": "ja", "jpn": "ja", "th": "th", "tha": "th", "my": "my", "mya": "my",
}  # fmt: skip
_REFUSED = {
    "km": "Khmer", "khm": "Khmer", "lo": "Lao", "lao": "Lao", "bo": "Tibetan",
    "bod": "Tibetan", "dz": "Dzongkha", "dzo": "Dzongkha", "shn": "Shan", "mnw": "Mon", "yue": "Cantonese",
    "wuu": "Wu Chinese", "lzh": "Classical Chinese",
}  # fmt: skip
# jieba's dictionary has simplified characters only; it cuts traditional ones at random
_TRADITIONAL = {"hant", "tw", "hk", "mo"}

# languages whose apostrophe ends the first word, as in `l' homme`
_ELIDING = {"fr", "it", "ca", "ga", "oc", "wa", "eo", "mt", "sq", "rw", "lb"}
# languages whose apostrophe separates a word from its ending, each a token; elsewhere it is part of the word
_SUFFIXING = {"de", "tr", "az"}

# characters inside words that Moses would split off; replaced by private-use characters to hide them from it
_HIDEABLE = "'\":·׳״٫٬՛՜՞"
_HIDE = {ord(char): 0xE000 + i for i, char in enumerate(_HIDEABLE)}
_SHOW = {hidden: char for char, hidden in _HIDE.items()}
_PART_OF_WORD = [
    r"(?<=\p{N})[:٫٬](?=\p{N})",  # 3:15, and Arabic decimals and thousands
    r"(?<=[\p{L}\p{M}])·(?=\p{L})",  # Catalan col·legi
    r"(?<=\p{Hebrew})(?:[׳״]|\"(?=\p{Hebrew}\p{M}*(?!\p{L})))",  # Hebrew abbreviations
    r"(?<=\p{Armenian})[՛՜՞](?=\p{Armenian})",  # Armenian marks of intonation on a vowel
]
_PART_OF_WORD_IN = {
    "en": r"\b[oO]'(?=\p{L})|(?i:\bma'am\b)",
    "fr": r"(?i:\b(?:aujourd'hui|quelqu'une?|presqu'île|prud'hom\w*)\b)",
    "it": r"(?i:\bpo')(?!\p{L})",
    "fi": r"(?<=[\p{L}\p{N}])[:'](?=\p{Ll})",
    "sv": r"(?<=[\p{L}\p{N}])[:'](?=\p{Ll})",
}
_FRENCH_INVERSION = (
    r"(?<=\p{L})(?<!\b(?i:rendez|chez)|-t)-"
    r"(?=(?:t-)?(?i:je|tu|ils?|elles?|on|nous|vous|ce|moi|toi|les?|la|lui|leur|y|en)(?![\p{L}\p{M}\p{N}'-]))"
)
_APOSTROPHE_IN_WORD = r"(?<=[\p{L}\p{M}])'(?=\p{L})"


def segmenter(language: str) -> Segmenter:
    """A function that splits a raw sentence of `language`, a code such as `fr` or `zh-CN`, into its words.

    Words are NFC, without whitespace, control or invisible characters, except joiners inside a word, as in Persian.
    Typographic apostrophes inside words become plain ones, and every `|` becomes a separate word. The words of Burmese
    are its syllables.

    Raises `InputError` for a language that is written without spaces and has no segmenter here.
    """
    code, *variants = language.lower().replace("_", "-").split("-")
    name = _REFUSED.get(code)
    if _WITHOUT_SPACES.get(code) == "zh" and _TRADITIONAL & set(variants):
        name = "traditional Chinese"
    if name is not None:
        raise InputError(
            f"{language}: there is no segmenter for {name}, which is written without spaces; "
            "tokenise its text yourself and use source: files"
        )
    clean = _cleaner()
    if code not in _WITHOUT_SPACES:
        words = _spaced(code)
        return lambda text: words(clean(text))
    cut = {"zh": _chinese, "ja": _japanese, "th": _thai, "my": _burmese}[_WITHOUT_SPACES[code]]()
    return lambda text: cut(clean(text))


def _cleaner() -> Callable[[str], str]:
    """Normalise to NFC, without control, private-use and invisible characters, and with spaces around `|`."""
    import regex

    space = regex.compile(r"[\p{Cc}\s\u200B\u3164\uFFA0]+")
    drop = regex.compile(
        r"(?![\u200C\u200D])[\p{Default_Ignorable_Code_Point}\p{Co}\uFFF9-\uFFFB]"
        r"|(?<![\p{L}\p{M}])[\u200C\u200D]+|[\u200C\u200D]+(?![\p{L}\p{M}])"
    )
    stray_mark = regex.compile(r"(?<![^\s.,'`|-])[\p{M}\u200C\u200D]+")
    apostrophe = regex.compile(r"(?<=[\p{L}\p{M}\p{N}])[’＇](?=[\p{L}\p{N}])")

    def clean(text: str) -> str:
        text = drop.sub("", space.sub(" ", text))
        text = unicodedata.normalize("NFC", stray_mark.sub("", text))
        return apostrophe.sub("'", text).replace("|", " | ")

    return clean


def _spaced(language: str) -> Segmenter:
    """Moses' rules, with their mistakes corrected."""
    import regex
    from sacremoses import MosesTokenizer
    from sacremoses.corpus import NonbreakingPrefixes

    moses = MosesTokenizer(language)
    if language in NonbreakingPrefixes().available_langs:
        moses.NONBREAKING_PREFIXES = frozenset(moses.NONBREAKING_PREFIXES)
    else:  # sacremoses uses the English abbreviations; only initials apply to all languages
        moses.NONBREAKING_PREFIXES = frozenset(map(chr, range(ord("A"), ord("Z") + 1)))
        moses.NUMERIC_ONLY_PREFIXES = []
    if language in _ELIDING:  # sacremoses knows only French and Italian
        moses.lang = "fr"
    # Moses' own tables lack marks (Russian stress, Yoruba tones), joiners (Persian, Sinhala) and recent scripts;
    # its tests for letters build a set of all letters at each call
    moses.PAD_NOT_ISALNUM = (
        regex.compile(r"([^\p{L}\p{M}\p{N}\p{Co}\u200C\u200D\s.'`,-][\p{M}\u200C\u200D]*)"),
        r" \1 ",
    )
    moses.isanyalpha = lambda text: any(map(str.isalpha, text))
    moses.islower = str.islower

    patterns = list(_PART_OF_WORD)
    if language in _PART_OF_WORD_IN:
        patterns.append(_PART_OF_WORD_IN[language])
    if language != "en" and language not in _ELIDING | _SUFFIXING:
        patterns.append(_APOSTROPHE_IN_WORD)
    part_of_word = regex.compile("|".join(patterns))
    negation = regex.compile(r"([nN]) ('[tT])(?!\S)")
    inversion = regex.compile(_FRENCH_INVERSION)

    def words(text: str) -> list[str]:
        if language == "fr":  # `dois-je` is two words, `dois -je`
            text = inversion.sub(" -", text)
        text = part_of_word.sub(lambda match: match[0].translate(_HIDE), text)
        # with ¶ on both sides, the rules for quotes between characters also apply at the ends of the text
        text = moses.tokenize(f"¶ {text} ¶", escape=False, return_str=True).strip()[1:-1].translate(_SHOW)
        if language == "en":  # Moses writes `don 't`, treebanks `do n't`
            text = negation.sub(r" \1\2", text)
        return text.split()

    return words


def _unspaced(script: str, cut: Callable[[str], list[str]]) -> Segmenter:
    """Moses' rules for numbers, punctuation and foreign words, and `cut` for text with characters of `script`."""
    import regex

    spaced = _spaced("en")
    own = regex.compile(script)
    visible = regex.compile(r"[^\p{M}\u200C\u200D]")
    foreign = regex.compile(r"([\p{Latin}\p{Nd}][\p{Latin}\p{M}\p{Nd}.,:'-]*[\p{Latin}\p{Nd}])")

    def words(text: str) -> list[str]:
        found: list[str] = []
        for run in spaced(text):
            for part in foreign.split(run) if own.search(run) else [run]:
                found.extend(cut(part) if own.search(part) else [part])
        # joined and split again, because dictionaries have entries with spaces, and splitting leaves empty parts
        return [word for word in " ".join(found).split() if visible.search(word)]

    return words


def _chinese() -> Segmenter:
    import rjieba

    # without jieba's guesses at unknown words (我换), which lose 3 of 100 word pairs between lab/bitext and dictionary
    return _unspaced(r"\p{Han}", lambda text: rjieba.cut(text, hmm=False))


def _japanese() -> Segmenter:
    import sudachipy

    # The core dictionary, because the small one splits even 飛行機 (aeroplane) in two. Mode B keeps dictionary words
    # whole (図書館, library), whereas A makes short units (図書 館) and C fuses names (国家公務員).
    tokenizer = sudachipy.Dictionary(dict="core").tokenizer(mode=sudachipy.SplitMode.B)
    longest = 10_000  # characters; Sudachi refuses more than 49,149 bytes

    def cut(text: str) -> list[str]:
        parts = (text[start : start + longest] for start in range(0, len(text), longest))
        return [morpheme.surface() for part in parts for morpheme in tokenizer.tokenize(part)]

    return _unspaced(r"[\p{Han}\p{Hiragana}\p{Katakana}]", cut)


def _thai() -> Segmenter:
    os.environ.setdefault("PYTHAINLP_READ_ONLY", "1")  # otherwise it makes a download folder in the user's home
    from pythainlp.tokenize import word_tokenize

    return _unspaced(r"\p{Thai}", lambda text: word_tokenize(text, engine="newmm", keep_whitespace=False))


def _burmese() -> Segmenter:
    import regex

    # A syllable begins at a consonant or an independent vowel, unless it closes the syllable before (it has an asat)
    # or is part of a stack (beside a virama); NFC puts a dot below before the asat.
    begins = regex.compile(r"(?<!\u1039)(?=[\u1000-\u102A\u103F](?!\u1037?\u103A|\u1039))")
    return _unspaced(r"\p{Myanmar}", lambda text: begins.sub(" ", text).split())
