"""What the stand-in hub serves: the lab's corpus and encoder as the repositories that the original study used."""

import shutil
from pathlib import Path
from types import ModuleType

import pandas as pd
from datasets import ClassLabel, Dataset, Features, Sequence, Translation, Value

from families import write_family
from realign.sources.corpora.xtreme import LANGUAGE_NAMES
from realign.tasks import ner, pos
from realign.text.conll import TaggedSentence
from realign.text.labels import ENTITIES, TOPICS, UPOS
from study import PROJECT

LAB = PROJECT / "lab"
LANGUAGES = ("en", "ar", "zh")
TRAINING, TEST = 64, 24
WIKIANN_LABELS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
FLORES_CODES = {"en": "eng_Latn", "ar": "arb_Arab", "zh": "zho_Hans"}
NOT_TRUE = {"en": "It is not true: ", "ar": "ليس صحيحا : ", "zh": "这不是真的："}

ENCODERS = {
    "google-bert/bert-base-multilingual-cased": "bert",
    "distilbert/distilbert-base-multilingual-cased": "distilbert",
    "FacebookAI/xlm-roberta-base": "xlm-roberta",
    "aneuraz/awesome-align-with-co": "bert",
}
TREEBANKS = (
    ("UD_Arabic-PADT", "r2.15", {"ar_padt-ud-test": "ar-test"}),
    ("UD_Arabic-PADT", "r2.7", {"ar_padt-ud-test": "ar-test"}),
    ("UD_Chinese-GSD", "r2.7", {"zh_gsd-ud-test": "zh-test"}),
    ("UD_English-EWT", "r2.7", {"en_ewt-ud-train": "en-train", "en_ewt-ud-test": "en-test"}),
)
"""Treebanks by release, with the lab's file of each of theirs."""


def build_hub(root: Path, encoder: Path) -> None:
    """Repositories of encoders, labelled data and bitext, and dictionaries and a treebank as plain files."""
    for name, family in ENCODERS.items():
        write_family(family, encoder, root / "models" / name)
    _labelled(root)
    _questions(root / "datasets/rajpurkar/squad/plain_text", "en", "train")
    for language in LANGUAGES:
        _questions(root / f"datasets/google/xquad/xquad.{language}", language, "validation")
    for language in LANGUAGES[1:]:
        (root / "files/dictionaries").mkdir(parents=True, exist_ok=True)
        shutil.copy(LAB / f"dictionary/en-{language}.txt", root / "files/dictionaries")
        _bitext(root / "datasets/Helsinki-NLP/opus-100", language)
    for repository in (root / "datasets").glob("*/*"):
        write_card(repository)
    _topics(root / "datasets/Davlan/sib200/data")
    for treebank, release, files in TREEBANKS:
        (root / "files/ud" / treebank / release).mkdir(parents=True)
        for name, original in files.items():
            shutil.copy(LAB / f"treebank/{original}.conllu", root / "files/ud" / treebank / release / f"{name}.conllu")


def raw(words: list[str], language: str) -> str:
    """Words as raw text."""
    return "".join(words) if language == "zh" else " ".join(words).replace(" .", ".").replace(" ,", ",")


def _sentences(task: ModuleType, labels: tuple[str, ...], language: str, split: str) -> list[TaggedSentence]:
    path = LAB / f"treebank/{language}-{split}.conllu"
    return list(task.read(path, labels))[: TRAINING if split == "train" else TEST]


def _labelled(root: Path) -> None:
    tags = Features(tokens=Sequence(Value("string")), pos_tags=Sequence(ClassLabel(names=list(reversed(UPOS)))))
    entities = Features(tokens=Sequence(Value("string")), ner_tags=Sequence(ClassLabel(names=WIKIANN_LABELS)))
    for language in LANGUAGES:
        for split in ("train", "test") if language == "en" else ("test",):
            tagged, named = _sentences(pos, UPOS, language, split), _sentences(ner, ENTITIES, language, split)
            rows = {"tokens": [s.tokens for s in tagged], "pos_tags": [s.labels for s in tagged]}
            for folder in (f"google/xtreme/udpos.{LANGUAGE_NAMES[language]}", f"izhx/xtreme-r-udpos/{language}"):
                _write(Dataset.from_dict(_encoded(rows, tags, "pos_tags"), tags), root / "datasets" / folder, split)
            rows = {"tokens": [s.tokens for s in named], "ner_tags": [s.labels for s in named]}
            folder = root / f"datasets/unimelb-nlp/wikiann/{language}"
            _write(Dataset.from_dict(_encoded(rows, entities, "ner_tags"), entities), folder, split)
            texts = [raw(s.tokens, language) for s in tagged]
            _write(_paraphrases(texts, language), root / f"datasets/google-research-datasets/paws-x/{language}", split)
            _write(_inference(texts, language), root / f"datasets/facebook/xnli/{language}", split)


def _encoded(rows: dict, features: Features, column: str) -> dict:
    names = features[column].feature
    return rows | {column: [[names.str2int(label) for label in labels] for labels in rows[column]]}


def _inference(texts: list[str], language: str) -> Dataset:
    """Pairs that need no annotator: a sentence and itself, another one, or its denial."""
    features = Features(
        premise=Value("string"),
        hypothesis=Value("string"),
        label=ClassLabel(names=["entailment", "neutral", "contradiction"]),
    )
    rows = [
        (text, (text, other, NOT_TRUE[language] + text)[label], label)
        for number, (text, other) in enumerate(zip(texts, texts[1:] + texts[:1], strict=True))
        for label in [number % 3]
    ]
    return Dataset.from_dict(
        dict(zip(("premise", "hypothesis", "label"), zip(*rows, strict=True), strict=True)), features
    )


def _paraphrases(texts: list[str], language: str) -> Dataset:
    """A sentence and itself, or its denial; the last pairs lack a label or a sentence, as some of the original do."""
    names = ClassLabel(names=["0", "1"])
    columns = {"id": Value("int32"), "sentence1": Value("string"), "sentence2": Value("string"), "label": names}
    rows = [
        (number, text, (NOT_TRUE[language] + text, text)[number % 2], number % 2) for number, text in enumerate(texts)
    ]
    rows = [(0, texts[0], texts[0], -1), (1, texts[0], "", 1), *rows]
    return Dataset.from_dict(dict(zip(columns, zip(*rows, strict=True), strict=True)), Features(columns))


def _questions(folder: Path, language: str, split: str) -> None:
    """Which word comes first or last in the first sentences of the test set; they need no annotator."""
    answers = {"text": Sequence(Value("string")), "answer_start": Sequence(Value("int32"))}
    features = Features(
        id=Value("string"), title=Value("string"), context=Value("string"), question=Value("string"), answers=answers
    )
    rows = []
    for number, sentence in enumerate(_sentences(pos, UPOS, language, "test")):
        context, word = raw(sentence.tokens, language), sentence.tokens[0]
        answer = {"text": [word], "answer_start": [context.index(word)]}
        rows.append((str(number), "lab", context, f"{word} ?", answer))
    _write(Dataset.from_dict(dict(zip(features, zip(*rows, strict=True), strict=True)), features), folder, split)


def _topics(folder: Path) -> None:
    """TSV files as pandas writes them, with topics in turn."""
    for language, code in FLORES_CODES.items():
        for split in ("train", "dev", "test"):
            texts = [raw(one.tokens, language) for one in _sentences(pos, UPOS, language, "test")]
            rows = [(n, TOPICS[n % len(TOPICS)], f'He said "{text}"') for n, text in enumerate(texts)]
            path = folder / code / f"{split}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame(rows, columns=["index_id", "category", "text"]).to_csv(path, sep="\t", index=False)


def _bitext(repository: Path, language: str) -> None:
    pair = sorted(("en", language))
    for split in ("train", "test"):
        sides = [(LAB / f"bitext/{split}.{side}.txt").read_text(encoding="utf-8").splitlines() for side in pair]
        rows = [
            {side: raw(line.split(), side) for side, line in zip(pair, lines, strict=True)}
            for lines in zip(*sides, strict=True)
        ]
        features = Features(translation=Translation(languages=pair))
        _write(Dataset.from_dict({"translation": rows}, features), repository / "-".join(pair), split)


def _write(dataset: Dataset, folder: Path, split: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    dataset.to_parquet(folder / f"{split}-00000-of-00001.parquet")


def write_card(repository: Path) -> None:
    """The dataset card, whose header maps configurations and splits to files."""
    lines = ["---", "configs:"]
    for folder in sorted(path for path in repository.iterdir() if path.is_dir()):
        lines += [f"- config_name: {folder.name}", "  data_files:"]
        for path in sorted(folder.iterdir()):
            split = path.name.split("-")[0]
            lines += [f"  - split: {split}", f"    path: {folder.name}/{split}-*"]
    (repository / "README.md").write_text("\n".join([*lines, "---", "A stand-in.", ""]), encoding="utf-8")
