"""Aligners are judged by hand-made links as Och and Ney (2003) define it."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from nltk.translate.metrics import alignment_error_rate

from realign.aligners.judging import Counts, GoldLinks, aligners_table, count, judge, read_gold
from realign.errors import InputError
from study import PROJECT, Study


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_precision_recall_and_aer_follow_the_definition() -> None:
    # A = {0-0, 1-1, 2-2}, S = {0-0, 3-3}, P = S and {1-1}
    counts = count([[(0, 0), (1, 1), (2, 2)]], [GoldLinks({(0, 0), (3, 3)}, {(0, 0), (3, 3), (1, 1)})])
    assert counts == Counts(sentences=1, links=3, sure=2, links_in_sure=1, links_in_possible=2)
    assert counts.precision == pytest.approx(2 / 3)
    assert counts.recall == pytest.approx(1 / 2)
    assert counts.aer == pytest.approx(1 - (1 + 2) / (3 + 2))


def test_aer_is_that_of_nltk() -> None:
    sure = {(0, 0), (1, 2), (2, 1), (4, 4)}
    possible = sure | {(3, 3), (4, 5)}
    found = {(0, 0), (1, 2), (3, 3), (4, 5), (5, 5)}
    assert count([found], [GoldLinks(sure, possible)]).aer == pytest.approx(alignment_error_rate(sure, found, possible))


def test_a_perfect_alignment_has_no_error_and_an_empty_one_finds_nothing() -> None:
    gold = GoldLinks({(0, 0), (1, 1)}, {(0, 0), (1, 1)})
    perfect, empty = count([gold.sure], [gold]), count([[]], [gold])
    assert (perfect.precision, perfect.recall, perfect.aer) == (1, 1, 0)
    assert (empty.recall, empty.aer) == (0, 1)


def test_possible_links_are_marked_with_p(tmp_path: Path) -> None:
    (links,) = read_gold(write(tmp_path / "gold.txt", "0-0 2p1"))
    assert links == GoldLinks({(0, 0)}, {(0, 0), (2, 1)})


def test_the_table_pools_the_languages_of_an_aligner() -> None:
    table = aligners_table([("dictionary", "ar", Counts(1, 2, 4, 2, 2)), ("dictionary", "zh", Counts(1, 2, 4, 0, 0))])
    pooled = table[table["language"] == "all"].iloc[0]
    assert list(table["language"]) == ["all", "ar", "zh"]
    assert (pooled["sentences"], pooled["precision"], pooled["recall"]) == (2, 0.5, 0.25)


@pytest.mark.parametrize(
    ("links", "message"),
    [
        (["0-0", "x"], "gold.txt:2: expected sure links like '0-0'"),
        (["0-0"], "gold.txt: 1 lines of links, expected one for each of the 2 lines of"),
        (["0-0", "0-7"], "gold.txt:2: link 0-7 is out of range for a pair of 1 and 2 words"),
    ],
)
def test_wrong_hand_made_links_are_refused_with_their_line(tmp_path: Path, links: list[str], message: str) -> None:
    bitext = write(tmp_path / "bitext.txt", "a b ||| c d", "e ||| f g")
    found = write(tmp_path / "links.txt", "0-0", "0-1")
    with pytest.raises(InputError, match=message):
        judge(bitext, found, write(tmp_path / "gold.txt", *links))


def test_both_aligners_are_judged_on_the_hand_made_links_of_the_lab(tmp_path: Path) -> None:
    config = {
        "target_languages": ["es"],
        "seeds": [31],
        "models": {"e5": {"source": "lab", "layers": 3}},
        "methods": ["baseline", "before-fastalign"],
        "tasks": {"pos": {"source": "lab"}},
        "bitext": {"source": "lab"},
        "gold_links": {"source": "lab"},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    Study(PROJECT, tmp_path).run("results/aligners.csv", "--configfile", "config.yaml")
    table = pd.read_csv(tmp_path / "results/aligners.csv").set_index(["aligner", "language"])
    assert set(table.index) == {(name, lang) for name in ("dictionary", "fastalign") for lang in ("es", "all")}
    # a dictionary is precise; statistics over the training bitext as context find most links
    assert table.loc[("dictionary", "es"), "precision"] > 0.95
    assert table.loc[("fastalign", "es"), "recall"] > 0.6
    assert table.loc[("fastalign", "es"), "sentences"] == 60
