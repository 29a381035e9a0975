"""Raw sentences into words: what comes out for each language, and bitext made from them."""

import random
import unicodedata
from pathlib import Path

import pytest

from realign.errors import InputError
from realign.text.bitext import SentencePair, format_pair, parse_pair, read_bitext
from realign.text.dictionary import read_dictionary
from realign.text.raw_bitext import CHUNK, tokenise_bitext
from realign.text.segmentation import segmenter

LAB = Path(__file__).parents[1] / "lab"

SENTENCES = [
    (
        "en",
        "'Don't tell Mr. Smith's aunt at five o'clock,' she said; it cost 3,000.50 U.S. dollars.",
        "' Do n't tell Mr. Smith 's aunt at five o'clock , ' she said ; it cost 3,000.50 U.S. dollars .",
    ),
    ("de", "Der 3. Mai ist z.B. „schön“, nicht wahr, Frau Dr. Müller-Lüdenscheidt?",
     "Der 3. Mai ist z.B. „ schön “ , nicht wahr , Frau Dr. Müller-Lüdenscheidt ?"),
    ("fr", "Aujourd’hui l’homme qu'il a vu s'en va… Pourrais-tu l'appeler ? A-t-il rendez-vous ?",
     "Aujourd'hui l' homme qu' il a vu s' en va … Pourrais -tu l' appeler ? A -t-il rendez-vous ?"),
    ("it", "L'uomo dell'anno è all'aperto: un po' d'aria!", "L' uomo dell' anno è all' aperto : un po' d' aria !"),
    ("ca", "L'home d'aquí va al col·legi.", "L' home d' aquí va al col·legi ."),
    ("es", "¿Qué hora es? ¡Son las 3:15, Sr. Gómez!", "¿ Qué hora es ? ¡ Son las 3:15 , Sr. Gómez !"),
    ("nl", "Zo'n foto's zie je nooit.", "Zo'n foto's zie je nooit ."),
    ("sv", "EU:s budget: 10 kronor.", "EU:s budget : 10 kronor ."),
    ("tr", "Türkiye'nin başkenti Ankara'dır.", "Türkiye ' nin başkenti Ankara ' dır ."),
    ("ru", "Стоял за\u0301мок, а на нём — замо\u0301к... О'Нил и т.д. ушли.",
     "Стоял за\u0301мок , а на нём — замо\u0301к ... О'Нил и т.д. ушли ."),
    ("uk", "П’ять об'єктів у «Києві».", "П'ять об'єктів у « Києві » ."),
    ("ar", "قال: «كَتَبَ الوَلَدُ دَرْسَهُ»، ثم ذهب؛ هل تعرف؟ ٣٫٥٪",
     "قال : « كَتَبَ الوَلَدُ دَرْسَهُ » ، ثم ذهب ؛ هل تعرف ؟ ٣٫٥ ٪"),
    ("fa", "من به تهران می\u200cروم، شما هم می\u200cآیید؟", "من به تهران می\u200cروم ، شما هم می\u200cآیید ؟"),
    ("ur", "میں کل لاہور جاؤں گا، کیا آپ آئیں گے؟ ہاں۔", "میں کل لاہور جاؤں گا ، کیا آپ آئیں گے ؟ ہاں ۔"),
    ("he", 'הַיֶּלֶד הלך לצה"ל, ואמר: "שלום".', 'הַיֶּלֶד הלך לצה"ל , ואמר : " שלום " .'),
    ("hi", "मैं कल दिल्ली जाऊँगा, क्या आप डॉ. शर्मा से मिलेंगे? ठीक है।",
     "मैं कल दिल्ली जाऊँगा , क्या आप डॉ. शर्मा से मिलेंगे ? ठीक है ।"),
    ("bn", "আমি আগামীকাল ঢাকায় যাব, আপনি কি আসবেন? না।", "আমি আগামীকাল ঢাকায় যাব , আপনি কি আসবেন ? না ।"),
    ("mr", "मी उद्या मुंबईला जाणार आहे.", "मी उद्या मुंबईला जाणार आहे ."),
    ("ta", "நான் நாளை சென்னைக்குச் செல்வேன்.", "நான் நாளை சென்னைக்குச் செல்வேன் ."),
    ("te", "నేను రేపు హైదరాబాద్\u200cకు వెళ్తాను.", "నేను రేపు హైదరాబాద్\u200cకు వెళ్తాను ."),
    ("si", "ශ්\u200dරී ලංකාව.", "ශ්\u200dරී ලංකාව ."),
    ("yo", "Ọ̀rọ̀ àgbà ni.", "Ọ̀rọ̀ àgbà ni ."),
    ("hy", "Ի՞նչ է։", "Ի՞նչ է ։"),
    ("am", "ነገ ወደ አዲስ አበባ እሄዳለሁ።", "ነገ ወደ አዲስ አበባ እሄዳለሁ ።"),
    ("ko", "나는 내일 서울에 갈 것이다.", "나는 내일 서울에 갈 것이다 ."),
    ("zh", "我们今天去北京大学喝茶，花了3.5%的GDP，你来吗？ Don't!",
     "我们 今天 去 北京大学 喝茶 ， 花 了 3.5 % 的 GDP ， 你 来 吗 ？ Do n't !"),
    ("ja", "昨日、図書館で本を読みました。「New York」は3.5時間、COVID-19です。",
     "昨日 、 図書館 で 本 を 読み まし た 。 「 New York 」 は 3.5 時間 、 COVID-19 です 。"),
    ("th", 'เด็กชอบกินข้าวผัดที่กรุงเทพฯ "ใช่"! 3.5บาท', 'เด็ก ชอบ กิน ข้าวผัด ที่ กรุงเทพฯ " ใช่ " ! 3.5 บาท'),
]  # fmt: skip

# sentences 1, 3 and 20 of the bitext for training, as one would write them
RAW = {
    "en": [
        "My brother painted the hallway dark green while our parents were on holiday.",
        "If the radiator still leaks tomorrow, call Mr. Okafor before nine o'clock.",
        "Could you hold the ladder steady while I change the bulb?",
    ],
    "ar": [
        "طلى أخي الممر باللون الأخضر الداكن بينما كان والدانا في إجازة.",
        "إذا ظل المشعاع يسرب الماء غدا فاتصل بالسيد أوكافور قبل الساعة التاسعة.",
        "هل يمكنك أن تثبت السلم بينما أغير المصباح؟",
    ],
    "es": [
        "Mi hermano pintó el pasillo de verde oscuro mientras nuestros padres estaban de vacaciones.",
        "Si el radiador sigue goteando mañana, llama al señor Okafor antes de las nueve.",
        "¿Podrías sujetar bien la escalera mientras cambio la bombilla?",
    ],
    "fr": [
        "Mon frère a peint le couloir en vert foncé pendant que nos parents étaient en vacances.",
        "Si le radiateur fuit encore demain, appelle M. Okafor avant neuf heures.",
        "Pourrais-tu tenir l'échelle pendant que je change l'ampoule ?",
    ],
    "ru": [
        "Мой брат покрасил коридор в тёмно-зелёный цвет, пока родители были в отпуске.",
        "Если батарея и завтра будет течь, позвони господину Окафору до девяти часов.",
        "Подержи лестницу покрепче, пока я меняю лампочку, хорошо?",
    ],
    "zh": [
        "父母度假的时候，我哥哥把走廊漆成了深绿色。",
        "如果明天暖气还漏水，九点以前给奥卡福先生打电话。",
        "我换灯泡的时候，你能扶稳梯子吗？",
    ],
}


def lab_sentences(language: str) -> list[list[str]]:
    lines = (LAB / f"bitext/train.{language}.txt").read_text(encoding="utf-8").splitlines()
    return [lines[number].split() for number in (0, 2, 19)]


def write_raw(path: Path, pairs: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")
    return path


@pytest.mark.parametrize(("language", "raw", "expected"), SENTENCES, ids=[language for language, *_ in SENTENCES])
def test_words_of_a_sentence(language: str, raw: str, expected: str) -> None:
    assert segmenter(language)(raw) == unicodedata.normalize("NFC", expected).split(" ")


@pytest.mark.parametrize("language", ["en", "ar", "es", "fr", "ru"])
def test_raw_sentences_of_the_lab_become_its_words(language: str) -> None:
    assert [segmenter(language)(raw) for raw in RAW[language]] == lab_sentences(language)


@pytest.mark.parametrize("language", ["ar", "es", "fr", "ru", "zh"])
def test_words_are_found_in_the_dictionary_beside_their_partner(language: str) -> None:
    dictionary = read_dictionary(LAB / f"dictionary/en-{language}.txt")

    def translated(source: list[str], target: list[str]) -> set[tuple[str, str]]:
        words = {word.casefold() for word in target}
        return {(one.casefold(), other) for one in source for other in words & dictionary.get(one.casefold(), set())}

    found, known = set(), set()
    for source, target in zip(RAW["en"], RAW[language], strict=True):
        found |= translated(segmenter("en")(source), segmenter(language)(target))
    for source_words, target_words in zip(lab_sentences("en"), lab_sentences(language), strict=True):
        known |= translated(source_words, target_words)
    # jieba has 九点 (nine o'clock) and 打电话 (call) as a word each, the lab as two
    joined = {("nine", "九"), ("o'clock", "点"), ("call", "打"), ("call", "电话")}
    assert len(known) >= 9
    assert known - found == (joined if language == "zh" else set())
    assert found <= known


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("မြန်မာနိုင်ငံ၊ ၁၉၄၈ ခုနှစ်။", "မြန် မာ နိုင် ငံ ၊ ၁၉၄၈ ခု နှစ် ။"),
        ("ကျွန်တော့်တက္ကသိုလ်", "ကျွန် တော့် တက္က သိုလ်"),  # a dot below before an asat, and a stack
        ("အင်္ဂလိပ် BBC-4 စာ", "အင်္ဂ လိပ် BBC-4 စာ"),
    ],
)
def test_burmese_is_cut_into_syllables(text: str, syllables: str) -> None:
    assert segmenter("my")(text) == unicodedata.normalize("NFC", syllables).split()


@pytest.mark.parametrize("language", ["en", "fr", "ar", "fa", "zh", "ja", "th", "my"])
def test_invisible_characters_make_no_words(language: str) -> None:
    segment = segmenter(language)
    assert segment(" \u200b\x00\x01\t\u200d\u200c \ufeff\u00a0\u3000\u2028\u0301\ue000 ") == []
    assert segment("A\x1f \u200e  \u200bA\u00ad\ufeffA\r") == ["A", "AA"]
    assert segment("❤\ufe0f \U0001f468\u200d\U0001f469") == ["❤", "\U0001f468", "\U0001f469"]
    assert "|||" not in segment("A ||| B|||||C |") and "|" in segment("A|B")


@pytest.mark.parametrize("language", ["de", "ja"])
def test_words_are_nfc(language: str) -> None:
    words = {"de": ["Müller", "u\u0308\u034f"], "ja": ["ガラス", "が"]}[language]
    raw = unicodedata.normalize("NFD", " ".join(words))
    assert segmenter(language)(raw) == [{"u\u0308\u034f": "ü"}.get(word, word) for word in words]


@pytest.mark.parametrize("language", ["en", "ar", "zh", "ja", "th", "my"])
def test_any_text_survives_being_written_as_bitext(language: str, tmp_path: Path) -> None:
    draw, segment = random.Random(0), segmenter(language)
    common = "ab '’\".,-|¶\u200b\u200c\u200d\u0301\t\n\u3000図書館かタ"
    for _ in range(200):
        text = "".join(draw.choice(common) if draw.random() < 0.6 else chr(draw.randrange(0x3100)) for _ in range(40))
        pair = SentencePair(segment(text) or ["nothing"], ["x"])
        line = format_pair(pair)
        assert unicodedata.is_normalized("NFC", line) and parse_pair(line, tmp_path, 1) == pair


def test_a_long_run_without_spaces_is_segmented() -> None:
    assert "".join(segmenter("ja")("東京の図書館" * 5_000)) == "東京の図書館" * 5_000


@pytest.mark.parametrize(
    ("language", "name"), [("km", "Khmer"), ("lo", "Lao"), ("bo", "Tibetan"), ("dz", "Dzongkha"),
                           ("yue", "Cantonese"), ("zh-Hant", "traditional Chinese"), ("zh_TW", "traditional Chinese")]
)  # fmt: skip
def test_a_language_without_a_segmenter_is_refused(language: str, name: str) -> None:
    with pytest.raises(InputError, match=f"{language}: there is no segmenter for {name}, .* use source: files"):
        segmenter(language)


def test_raw_pairs_become_bitext_the_same_with_any_number_of_threads(tmp_path: Path) -> None:
    pairs = [
        (f"{source} {i}", target) for i in range(CHUNK) for source, target in zip(RAW["en"], RAW["zh"], strict=True)
    ]
    raw = write_raw(tmp_path / "raw.tsv", pairs)
    for threads in (1, 2):
        tokenise_bitext(raw, "en", "zh", tmp_path / f"{threads}.txt", threads)
    assert (tmp_path / "1.txt").read_bytes() == (tmp_path / "2.txt").read_bytes()
    bitext = list(read_bitext(tmp_path / "1.txt"))
    assert len(bitext) == len(pairs) > 2 * CHUNK
    assert bitext[-1].source == [*lab_sentences("en")[-1], str(CHUNK - 1)]


def test_pairs_with_an_empty_side_are_dropped_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [("One.", "Uno."), ("", "Dos."), ("Three.", " \u200b"), ("a ||| b", "c|||d"), ("", "")]
    tokenise_bitext(write_raw(tmp_path / "raw.tsv", pairs), "en", "es", tmp_path / "bitext")
    assert [(" ".join(pair.source), " ".join(pair.target)) for pair in read_bitext(tmp_path / "bitext")] == [
        ("One .", "Uno ."), ("a | | | b", "c | | | d")
    ]  # fmt: skip
    assert "2 sentence pairs written, 3 dropped" in capsys.readouterr().err


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("line", ["no tab", "", "a\tb\tc"])
def test_a_raw_line_that_is_no_pair_is_named(tmp_path: Path, line: str, threads: int) -> None:
    raw = tmp_path / "raw.tsv"
    raw.write_text(f"One.\tUno.\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"raw.tsv:2: expected 'source<TAB>target'"):
        tokenise_bitext(raw, "en", "es", tmp_path / "bitext", threads)
    assert list(tmp_path.iterdir()) == [raw]


def test_raw_text_without_a_usable_pair_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="raw.tsv: no sentence pair with words on both sides"):
        tokenise_bitext(write_raw(tmp_path / "raw.tsv", [("", "")]), "en", "es", tmp_path / "bitext")
