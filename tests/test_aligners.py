"""The aligners, on small cases worked out by hand."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from realign.aligners import both_directions, dictionary, eflomal
from realign.aligners.inputs import AlignerInputs
from realign.aligners.judging import judge
from realign.aligners.programs import atools
from realign.aligners.programs import eflomal as own_eflomal
from realign.aligners.programs.atools import symmetrize
from realign.aligners.registry import EflomalSettings, FastAlignSettings
from realign.errors import InputError
from realign.text.bitext import SentencePair
from study import PROJECT

needs_sil_thot = pytest.mark.skipif(importlib.util.find_spec("thot") is None, reason="sil-thot has no wheel here")

# every word has one translation, and shorter sentences tell which; Dutch puts the verb last in the third
BITEXT = """\
the house ||| het huis
a house ||| een huis
the book ||| het boek
a book ||| een boek
house ||| huis
book ||| boek
the house and a book ||| het huis en een boek
"""


def settings(**changes: object) -> dict[str, object]:
    """The settings of FastAlign's row as an experiment hands them on."""
    return {**FastAlignSettings().model_dump(), **changes}


@pytest.fixture
def bitext(tmp_path: Path) -> Path:
    path = tmp_path / "bitext"
    path.write_text(BITEXT * 5, encoding="utf-8")
    return path


def fast_align(*options: str) -> subprocess.CompletedProcess[str]:
    command = [*both_directions.FAST_ALIGN, *options]
    return subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": "workflow"}, check=False)


def test_fast_align_prints_pharaoh_links_in_both_directions(bitext: Path) -> None:
    forward = fast_align("-i", str(bitext), "-d", "-o", "-v")
    reverse = fast_align("-i", str(bitext), "-d", "-o", "-v", "-r")
    expected = ["0-0 1-1", "0-0 1-1", "0-0 1-1", "0-0 1-1", "0-0", "0-0", "0-0 1-1 2-2 3-3 4-4"] * 5
    assert forward.stdout.splitlines() == expected
    assert reverse.stdout.splitlines() == expected, "source index first also with -r"


def test_fast_align_links_each_predicted_word_once(tmp_path: Path) -> None:
    path = tmp_path / "bitext"
    path.write_text("to sleep ||| dormir\nthe cat ||| el gato\nto eat ||| comer\n" * 10, encoding="utf-8")
    forward = fast_align("-i", str(path), "-d", "-o", "-v").stdout.splitlines()[0].split()
    reverse = fast_align("-i", str(path), "-d", "-o", "-v", "-r").stdout.splitlines()[0].split()
    assert len(forward) == 1, "the one Spanish word comes from one English word"
    assert {link.split("-")[1] for link in reverse} == {"0"}, "English words can share the Spanish one"


def test_long_options_mean_the_same_as_short_ones(bitext: Path) -> None:
    short = fast_align("-i", str(bitext), "-d", "-o", "-v", "-r", "-I", "3", "-q", "0.1")
    long = fast_align(
        "--input", str(bitext), "--favor_diagonal", "--optimize_tension", "--variational_bayes", "--reverse",
        "--iterations", "3", "--p_null", "0.1",
    )  # fmt: skip
    assert short.returncode == long.returncode == 0
    assert short.stdout == long.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-d", "-o"], "required: -i"),
        (["-i", "missing", "-d", "-o"], "missing: no such file"),
        (["-i", "missing"], "call it with -d -o"),
        (["-i", "missing", "-d", "-o", "-s"], "unrecognized arguments: -s"),
        (["-i", "missing", "-d", "-o", "-I", "0"], "at least one iteration"),
    ],
)
def test_fast_align_reports_a_mistake_in_one_sentence(options: list[str], said: str) -> None:
    finished = fast_align(*options)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith("fast_align: ") and said in line


@needs_sil_thot
def test_eflomal_finds_the_links_of_its_own_lines_and_the_same_ones_again(bitext: Path, tmp_path: Path) -> None:
    held_out = tmp_path / "held-out"
    held_out.write_text("a house and the book ||| een huis en het boek\n", encoding="utf-8")
    inputs, of_row = AlignerInputs(held_out, context=(bitext,), threads=2), EflomalSettings(samplers=1).model_dump()
    eflomal.align(inputs, tmp_path / "links", of_row)
    assert (tmp_path / "links").read_text() == "0-0 1-1 2-2 3-3 4-4\n"
    lab = PROJECT / "lab/gold_links/en-ru.bitext.txt"
    found = []
    for number, seed in enumerate((1, 1, 2)):
        eflomal.align(AlignerInputs(lab, threads=number + 1), tmp_path / "links", {**of_row, "seed": seed})
        found.append((tmp_path / "links").read_text())
    assert found[0] == found[1] != found[2], "the same seed gives the same links, whatever the number of threads"


@needs_sil_thot
def test_eflomal_links_most_of_what_is_linked_by_hand(tmp_path: Path) -> None:
    lab, both = PROJECT / "lab", tmp_path / "train"
    sides = [(lab / f"bitext/train.{lang}.txt").read_text(encoding="utf-8").splitlines() for lang in ("en", "es")]
    both.write_text("".join(f"{one} ||| {other}\n" for one, other in zip(*sides, strict=True)), encoding="utf-8")
    made = lab / "gold_links/en-es.bitext.txt"
    for module, of_row in ((eflomal, EflomalSettings(samplers=1)), (both_directions, FastAlignSettings())):
        module.align(AlignerInputs(made, (both,), threads=2), tmp_path / module.__name__, of_row.model_dump())
    of_eflomal, of_fastalign = (
        judge(made, tmp_path / module.__name__, lab / "gold_links/en-es.links.txt").aer
        for module in (eflomal, both_directions)
    )
    # measured: 0.21 and 0.35
    assert of_eflomal < 0.25 and of_eflomal < of_fastalign


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("intersect", [(0, 0), (2, 2)]),
        ("union", [(0, 0), (0, 1), (1, 1), (2, 2), (3, 0)]),
        # from the intersection: 0-1 and 1-1 touch 0-0 or 2-2 and cover a new word; 3-0 touches nothing
        ("grow-diag", [(0, 0), (0, 1), (1, 1), (2, 2)]),
        # final-and adds a link only when both of its words are bare: column 0 of 3-0 is not
        ("grow-diag-final-and", [(0, 0), (0, 1), (1, 1), (2, 2)]),
        # final adds it when one of them is: word 3 is
        ("grow-diag-final", [(0, 0), (0, 1), (1, 1), (2, 2), (3, 0)]),
    ],
)
def test_symmetrisation_follows_its_definition(command: str, expected: list[tuple[int, int]]) -> None:
    forward, reverse = [(0, 0), (0, 1), (2, 2)], [(0, 0), (1, 1), (2, 2), (3, 0)]
    assert sorted(symmetrize(forward, reverse, command)) == expected


@pytest.mark.parametrize("command", atools.COMMANDS)
def test_symmetrisation_finds_what_sil_thot_finds(command: str) -> None:
    matrix_of = pytest.importorskip("thot.common", reason="sil-thot has no wheel here").WordAlignmentMatrix
    draw = np.random.default_rng(3)
    for _ in range(300):
        shape, share = draw.integers(1, 10, 2), draw.choice([0.1, 0.25, 0.5])
        sides = [draw.random(shape) < share for _ in range(2)]
        matrices = [matrix_of(*shape.tolist()) for _ in sides]
        for side, matrix in zip(sides, matrices, strict=True):
            for i, j in np.argwhere(side).tolist():
                matrix.set(i, j)
        getattr(matrices[0], command.replace("-", "_"))(matrices[1])
        links = [[(i, j) for i, j in np.argwhere(side).tolist()] for side in sides]
        expected = np.argwhere(matrices[0].to_numpy()).tolist()
        assert [list(link) for link in symmetrize(links[0], links[1], command)] == expected


def test_final_and_joins_two_bare_words() -> None:
    forward, reverse = [(0, 0), (3, 3)], [(0, 0)]
    assert sorted(symmetrize(forward, reverse, "grow-diag")) == [(0, 0)]
    assert sorted(symmetrize(forward, reverse, "grow-diag-final-and")) == [(0, 0), (3, 3)]


def test_fastalign_writes_symmetrised_links_for_its_own_lines_only(bitext: Path, tmp_path: Path) -> None:
    held_out = tmp_path / "held-out"
    held_out.write_text("a house and the book ||| een huis en het boek\n", encoding="utf-8")
    both_directions.align(AlignerInputs(held_out, context=(bitext,)), tmp_path / "links", settings())
    assert (tmp_path / "links").read_text() == "0-0 1-1 2-2 3-3 4-4\n"


def test_both_directions_at_once_say_how_far_they_are_and_find_the_same_links(
    bitext: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for threads in (1, 2):
        both_directions.align(AlignerInputs(bitext, threads=threads), tmp_path / str(threads), settings())
        said = capsys.readouterr().err
        assert "forward: iteration 1 of 5\n" in said and "reverse: iteration 5 of 5\n" in said
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_fastalign_runs_any_program_with_the_same_command_line(bitext: Path, tmp_path: Path) -> None:
    program = tmp_path / "original_fast_align"
    program.write_text(f"#!{sys.executable}\nimport sys\nfor line in open(sys.argv[2]): print('0-0')\n")
    program.chmod(0o755)
    both_directions.align(AlignerInputs(bitext), tmp_path / "links", settings(program=[str(program)]))
    assert set((tmp_path / "links").read_text().splitlines()) == {"0-0"}


def test_a_program_that_is_missing_or_fails_is_reported(bitext: Path, tmp_path: Path) -> None:
    inputs, links = AlignerInputs(bitext), tmp_path / "links"
    with pytest.raises(InputError, match="no_such_program: no such program on the PATH"):
        both_directions.align(inputs, links, settings(program=["no_such_program"]))
    with pytest.raises(InputError, match="failed with status 3; it said: out of luck"):
        both_directions.align(inputs, links, settings(program=["sh", "-c", "echo out of luck >&2; exit 3"]))
    assert not links.exists()


def link(source: str, target: str, **translations: str) -> list[tuple[int, int]]:
    entries = {word: frozenset(forms.split()) for word, forms in translations.items()}
    return dictionary.link(SentencePair(source.split(), target.split()), entries)


def test_the_dictionary_links_unambiguous_words_whatever_their_case() -> None:
    assert link("The Bridge is old", "Die Brücke ist alt", bridge="brücke", old="alt alte") == [(1, 1), (3, 3)]


def test_a_word_with_two_translations_in_the_sentence_is_not_linked() -> None:
    assert link("a key", "ein Schlüssel für die Taste", key="schlüssel taste") == []


def test_a_translation_that_occurs_twice_is_not_linked() -> None:
    assert link("the river", "Fluss um Fluss", river="fluss") == []


def test_two_words_with_the_same_translation_are_not_linked() -> None:
    assert link("large and big", "groß und groß genug", large="groß", big="groß") == []
    assert link("the large big house", "das große Haus", large="große", big="große", house="haus") == [(3, 2)]


def test_a_source_word_that_occurs_twice_is_not_linked() -> None:
    assert link("a house , a house", "ein Haus", house="haus") == []


def test_a_platform_without_sil_thot_has_fastalign_and_is_told_that_eflomal_is_missing(
    bitext: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("thot", "thot.alignment", "thot.common"):
        monkeypatch.setitem(sys.modules, module, None)
    links = tmp_path / "links"
    links.write_text("0-0\n")
    atools.main(["-i", str(links), "-j", str(links), "-c", "grow-diag-final-and"])
    assert capsys.readouterr().out == "0-0\n"
    with pytest.raises(SystemExit, match="^eflomal: the package sil-thot is not installed"):
        own_eflomal.main(["-i", str(bitext), "--seed", "1", "--samplers", "1"])
