"""FastAlign's model against its formulas word by word, and against the implementation of sil-thot."""

import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.special import digamma

from realign.aligners.judging import count, read_gold
from realign.aligners.programs.atools import symmetrize
from realign.aligners.programs.diagonal_model import Settings, best_origins, number_pairs, read_sides
from realign.text.bitext import read_bitext
from realign.text.pharaoh import Link
from study import PROJECT

Line = tuple[list[str], list[str]]
SIMPLE = [
    (["the", "house"], ["het", "huis"]),
    (["a", "small", "house"], ["een", "klein", "huis"]),
    (["book"], ["het", "boek"]),
    (["the", "small", "book", "is", "here"], ["hier", "is", "het", "kleine", "boek"]),
]


def plain(lines: list[Line], passes: int, p_null: float, bayes: bool) -> list[list[list[float]]]:
    """The probabilities of each word of the second side with each origin after so many passes, in plain Python."""
    t: dict[tuple[str | None, str], float] = defaultdict(lambda: 1.0)
    tension = 4.0

    def posterior(source: list[str], target: list[str], j: int) -> list[float]:
        delta = [math.exp(-tension * abs((i + 1) / len(source) - (j + 1) / len(target))) for i in range(len(source))]
        found = [p_null * t[None, target[j]]]
        found += [(1 - p_null) * d / sum(delta) * t[e, target[j]] for d, e in zip(delta, source, strict=True)]
        return found

    def model_distance() -> float:
        total = 0.0
        for source, target in lines:
            for j in range(1, len(target) + 1):
                distances = [abs(i / len(source) - j / len(target)) for i in range(1, len(source) + 1)]
                weights = [math.exp(-tension * distance) for distance in distances]
                total -= sum(w * d for w, d in zip(weights, distances, strict=True)) / sum(weights)
        return total

    words = sum(len(target) for _, target in lines)
    for step in range(passes):
        counts: dict[tuple[str | None, str], float] = defaultdict(float)
        distance = 0.0
        for source, target in lines:
            for j, word in enumerate(target):
                found = posterior(source, target, j)
                for i, (origin, p) in enumerate(zip([None, *source], found, strict=True)):
                    counts[origin, word] += p / sum(found)
                    distance -= abs(i / len(source) - j / len(target)) * p / sum(found) if i else 0.0
        for _ in range(8 if step else 0):
            tension = min(14.0, max(0.1, tension + 20.0 * (distance - model_distance()) / words))
        for origin, word in counts:
            same = [counts[pair] for pair in counts if pair[0] == origin]
            if bayes:
                t[origin, word] = math.exp(digamma(counts[origin, word] + 0.01) - digamma(sum(same) + 0.01 * len(same)))
            else:
                t[origin, word] = counts[origin, word] / sum(same)
    return [[posterior(source, target, j) for j in range(len(target))] for source, target in lines]


def write(path: Path, lines: list[Line]) -> Path:
    path.write_text("".join(f"{' '.join(source)} ||| {' '.join(target)}\n" for source, target in lines))
    return path


def estimated(bitext: Path, reverse: bool, settings: Settings) -> Iterator[list[int]]:
    source, target = read_sides(bitext)
    pairs = number_pairs(source, target, bitext.with_name("cells"))
    sides = (target, source) if reverse else (source, target)
    for origins in best_origins(*sides, pairs, reverse, settings, log=str):
        yield origins.tolist()


@pytest.mark.parametrize("bayes", [True, False])
@pytest.mark.parametrize("reverse", [False, True])
def test_origins_are_those_of_the_formulas(tmp_path: Path, reverse: bool, bayes: bool) -> None:
    rng = np.random.default_rng(3)
    lines = list(SIMPLE)
    for _ in range(12):
        sizes = rng.integers(1, 7, size=2)
        one, other = ([f"{side}{n}" for n in rng.zipf(1.6, size) % 9] for side, size in zip("ef", sizes, strict=True))
        lines.append((one, other))
    for passes, p_null in ((1, 0.08), (4, 0.3)):
        turned = [(target, source) for source, target in lines] if reverse else lines
        found = list(estimated(write(tmp_path / "bitext", lines), reverse, Settings(passes, p_null, bayes)))
        expected = plain(turned, passes, p_null, bayes)
        assert list(map(len, found)) == list(map(len, expected))
        for line, probabilities in zip(found, expected, strict=True):
            for origin, of_word in zip(line, probabilities, strict=True):
                assert of_word[origin + 1] == pytest.approx(max(of_word), rel=1e-9), "ties are broken by rounding"


def test_a_line_that_is_too_long_has_no_links_and_no_part_in_the_model(tmp_path: Path) -> None:
    settings = Settings(3, 0.08, True)
    long = (["the"] * 1025, ["boek"])
    expected = list(estimated(write(tmp_path / "bitext", SIMPLE), False, settings))
    with_it = list(estimated(write(tmp_path / "bitext", [SIMPLE[0], long, *SIMPLE[1:]]), False, settings))
    assert with_it == [expected[0], [], *expected[1:]]


def by_thot(sides: list[Path], reverse: bool) -> list[list[int]]:
    from thot.alignment import FastAlignModel

    model = FastAlignModel()
    model.variational_bayes, model.fast_align_p0 = True, 0.08
    condition, predicted = reversed(sides) if reverse else sides
    model.read_sentence_pairs(str(condition), str(predicted))
    model.start_training()
    for _ in range(5):
        model.train()
    model.end_training()
    lines = [
        [line.split() for line in path.read_text(encoding="utf-8").splitlines()] for path in (condition, predicted)
    ]
    return [[origin - 1 for origin in matrix.to_list()] for _, matrix in model.get_best_alignments(*lines)]


@pytest.mark.parametrize("language", ["es", "zh"])
def test_links_of_the_lab_are_as_good_as_those_of_thot(language: str, tmp_path: Path) -> None:
    gold = PROJECT / f"lab/gold_links/en-{language}"
    lines = [(list(pair.source), list(pair.target)) for pair in read_bitext(Path(f"{gold}.bitext.txt"))]
    judged = len(lines)
    texts = [(PROJECT / f"lab/bitext/train.{side}.txt").read_text(encoding="utf-8") for side in ("en", language)]
    lines += [(one.split(), other.split()) for one, other in zip(*(text.splitlines() for text in texts), strict=True)]
    bitext, sides = write(tmp_path / "bitext", lines), [tmp_path / "source", tmp_path / "target"]
    for number, path in enumerate(sides):
        path.write_text("".join(" ".join(line[number]) + "\n" for line in lines), encoding="utf-8")
    errors, found = [], {}
    for name in ("own", "thot"):
        both: list[list[list[Link]]] = []
        for reverse in (False, True):
            origins = (
                by_thot(sides, reverse) if name == "thot" else list(estimated(bitext, reverse, Settings(5, 0.08, True)))
            )
            found[name, reverse] = origins
            both.append(
                [[(j, i) if reverse else (i, j) for j, i in enumerate(line) if i >= 0] for line in origins[:judged]]
            )
        links = [symmetrize(*pair, "grow-diag-final-and") for pair in zip(*both, strict=True)]
        errors.append(count(links, list(read_gold(Path(f"{gold}.links.txt")))).aer)
    assert errors[0] == pytest.approx(errors[1], abs=0.02)
    for reverse in (False, True):
        words = [
            one == other
            for lines in zip(found["own", reverse], found["thot", reverse], strict=True)
            for one, other in zip(*lines, strict=True)
        ]
        assert len(words) > 3000 and np.mean(words) > 0.9, np.mean(words)
