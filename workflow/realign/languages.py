"""Facts about languages: their codes, families and scripts, and what corpora call them.

`languages.csv` was written for this project. Codes and names follow ISO 639, scripts ISO 15924 (the script in which
FLORES-200 has the language), and families the top level of Glottolog. `opus` and `nllb` are the codes of OPUS and of
NLLB and FLORES-200. `treebank` is a treebank of Universal Dependencies 2.7: for the languages of AlignFreeze (NAACL
2025) the one that its code uses, else a common choice.

`selections.csv` has the languages on which Nguyen et al. (IJCNLP-AACL 2025) realign, under the names of their code
(`run_langs_selection.sh`); pools from which it draws ten are there too, without `abla_random_` before their names.
"""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Facts(NamedTuple):
    """What is known of a language; an empty text stands for nothing. `code` is what a config calls it."""

    code: str
    iso3: str
    name: str
    family: str
    script: str
    opus: str
    nllb: str
    treebank: str


@cache
def languages() -> dict[str, Facts]:
    """The languages of the table by code, in alphabetical order."""
    with open(FOLDER / "languages.csv", encoding="utf-8", newline="") as table:
        rows = [Facts(**row) for row in csv.DictReader(table)]
    return {row.code: row for row in rows}


def usual(column: str) -> dict[str, str]:
    """A column of the table by language, without the languages that have nothing there."""
    return {code: getattr(facts, column) for code, facts in languages().items() if getattr(facts, column)}


@cache
def selections() -> dict[str, list[str]]:
    """The languages of each selection, in alphabetical order."""
    with open(FOLDER / "selections.csv", encoding="utf-8", newline="") as table:
        return {row["selection"]: row["languages"].split() for row in csv.DictReader(table)}
