"""Make the numbers in README.md from the tables of the default experiment, and the figures beside it.

`python docs/readme.py` writes the parts between `<!-- numbers: … -->` and `<!-- end -->` anew, and copies the figures;
with `--check` it writes nothing, and fails where README.md says something else than the tables.
"""

import argparse
import re
import shutil
import sys
import textwrap
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT / "workflow"))

import yaml  # noqa: E402

from realign.analysis.answers import claim_answers, correlation_answer, gain_answer  # noqa: E402
from realign.analysis.tables import read_table  # noqa: E402
from realign.config.reading import read_config  # noqa: E402
from realign.config.whole import Config  # noqa: E402

BLOCK = re.compile(r"(?P<open><!-- numbers: (?P<name>\w+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)
FIGURES = ("transfer.svg", "gain.svg")


def default_config() -> Config:
    """The default experiment's config."""
    return read_config(yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8")))


def correlation(results: Path) -> str:
    """Is alignment correlated with transfer?"""
    config = default_config()
    measure = config.measurement.measures[0]
    return correlation_answer(read_table(results / "correlations.csv"), "pos", measure, config.analysis.confidence)


def gain(results: Path) -> str:
    """When does realignment help?"""
    gains, claims = read_table(results / "realignment.csv"), read_table(results / "claims.csv")
    aligners = read_table(results / "aligners.csv").query("language == 'all'").set_index("aligner")["precision"]
    sentences = []
    for method, said in (("before-dictionary", "dictionary links"), ("before-fastalign", "FastAlign's links")):
        share = aligners[method.removeprefix("before-")]
        changes = gain_answer(gains, "pos", method, "en")
        sentences.append(
            f"Realignment on {said} (precision {share:.3f} on hand-made links) changes the mean accuracy "
            f"over languages by {changes}."
        )
    over = claims[claims["claim"] == "method"].iloc[0]
    labels = {name: method.label for name, method in default_config().all_methods.items()}
    method, other = labels[over["method"]], labels[over["over"]]
    sentences.append(
        f"“{method}” differs from “{other}” by {100 * over['estimate']:+.1f} points "
        f"[{100 * over['low']:+.1f}, {100 * over['high']:+.1f}]."
    )
    sentences += claim_answers(claims, "all")
    return " ".join(sentences)


BLOCKS = {"correlation": correlation, "gain": gain}


def filled(text: str, results: Path) -> str:
    """A page with every block written anew from the tables in a folder."""

    def made(match: re.Match[str]) -> str:
        paragraph = textwrap.fill(BLOCKS[match["name"]](results), 120, break_long_words=False, break_on_hyphens=False)
        return f"{match['open']}{paragraph}\n{match['close']}"

    return BLOCK.sub(made, text)


def main(arguments: list[str] | None = None) -> int:
    """Write or check; the number of pages that differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a number differs")
    parser.add_argument("--results", type=Path, default=PROJECT / "results", help="the folder with the tables")
    options = parser.parse_args(arguments)
    page = PROJECT / "README.md"
    before = page.read_text(encoding="utf-8")
    after = filled(before, options.results)
    if options.check:
        if before != after:
            print("README.md: its numbers are not those of the tables; run `python docs/readme.py`")
        return int(before != after)
    page.write_text(after, encoding="utf-8")
    for name in FIGURES:
        shutil.copyfile(options.results / "figures" / name, PROJECT / "docs" / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
