"""The library's functions and their commands: on files, lists, names, directories and loaded models."""

import inspect
import re
import shlex
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from io import StringIO
from itertools import count
from pathlib import Path
from runpy import run_path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml
from snakemake.cli import get_argument_parser

import realign
from realign.aligners.registry import ALIGNERS
from realign.alignment.registry import MEASURES
from realign.api.settings import FINETUNING, JOINT, LINKING, MEASURING, REALIGNING, SCORING
from realign.command.main import COMMANDS, main
from realign.command.run import command as snakemake_command
from realign.config.methods import REALIGNMENTS
from realign.config.whole import Config, Finetuning, Measurement
from realign.encoders.batches import batches_by_length
from realign.encoders.checkpoint import read_manifest
from realign.errors import InputError
from realign.jobs import threads as threads_room
from realign.jobs.threads import available_cores, idle_cores
from realign.text.bitext import read_bitext
from realign.text.pharaoh import read_links
from study import PROJECT, STUDY, Study, environment

LAB = PROJECT / "lab"
ENGLISH, FRENCH, DICTIONARY = LAB / "bitext/test.en.txt", LAB / "bitext/test.fr.txt", LAB / "dictionary/en-fr.txt"
POS = STUDY / "pos"


def command(*arguments: object, given: str = "", cwd: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """`realign` in a process of its own."""
    run = [sys.executable, "-m", "realign", *map(str, arguments)]
    own = {**environment(), "PYTHONPATH": str(PROJECT / "workflow")}
    return subprocess.run(run, input=given, cwd=cwd, capture_output=True, text=True, env=own, check=False)


def test_the_words_of_a_sentence_are_linked_in_memory() -> None:
    dictionary = {"bridge": ["puente"], "old": ["viejo", "antiguo"]}
    assert realign.links(["the old bridge"], ["el viejo puente"], dictionary=dictionary) == [[(1, 1), (2, 2)]]
    assert realign.links(["old bridge ||| viejo puente"], dictionary=dictionary) == [[(0, 0), (1, 1)]]


@pytest.mark.parametrize("aligner", [row.name for row in ALIGNERS])
def test_every_aligner_links_line_by_line_and_leaves_pairs_with_an_empty_side_without_links(
    aligner: str, small_encoder: Path
) -> None:
    row = next(row for row in ALIGNERS if row.name == aligner)
    needs: dict[str, Any] = {"dictionary": DICTIONARY} if row.dictionary else {}
    needs |= {"encoder": small_encoder, "layer": 2} if row.encoder else {}
    source, target = (path.read_text(encoding="utf-8").splitlines()[:20] for path in (ENGLISH, FRENCH))
    without = realign.links(source, target, aligner, **needs)
    assert sum(map(len, without)) > 20
    gaps = realign.links(["", *source, "a"], ["b", *target, ""], aligner, **needs)
    assert gaps == [[], *without, []]


def test_raw_sentences_are_split_by_the_rules_of_their_language() -> None:
    found = realign.links(
        ["The bridge's old."], ["Le pont, ancien."], raw=("en", "fr"), dictionary={"bridge": ["pont"]}
    )
    assert found == [[(1, 1)]]


def test_an_encoder_is_measured_alike_by_directory_and_as_a_loaded_model(small_encoder: Path) -> None:
    from transformers import AutoModel, AutoTokenizer

    source, target = ENGLISH.read_text(encoding="utf-8").splitlines(), FRENCH.read_text(encoding="utf-8").splitlines()
    found = realign.links(ENGLISH, FRENCH, dictionary=DICTIONARY)
    table = realign.measure(small_encoder, source, target, links=found)
    assert list(table.columns) == ["layer", "direction", "measure", "score", "n"]
    assert set(table["layer"]) == {0, 1, 2} and set(table["measure"]) == set(Measurement().measures)
    model, tokenizer = (one.from_pretrained(small_encoder) for one in (AutoModel, AutoTokenizer))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    loaded = realign.measure(model, ENGLISH, FRENCH, dictionary=DICTIONARY, tokenizer=tokenizer)
    pd.testing.assert_frame_equal(table, loaded)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_sentences_are_measured_without_links(checkpoint: Path) -> None:
    of_sentences = [row.name for row in MEASURES if row.unit == "sentence"]
    table = realign.measure(checkpoint, ENGLISH, FRENCH, measures=of_sentences, max_sentence_pairs=20)
    assert set(table["measure"]) == set(of_sentences) and set(table["n"]) == {20}


def test_the_labs_encoder_has_a_name() -> None:
    table = realign.measure("lab:1", ["the old bridge"], ["el viejo puente"], dictionary={"bridge": ["puente"]})
    assert set(table["layer"]) == {0, 1} and set(table["n"]) == {1}
    with pytest.raises(InputError, match="the lab encoder has 12 layers; 13"):
        realign.measure("lab:13", ["a"], ["b"], dictionary={"a": ["b"]})


def test_a_call_makes_the_same_bytes_as_the_workflow(finished_study: Study, tmp_path: Path) -> None:
    """Realigned on both languages, fine-tuned from that, measured and scored."""
    folder, config = finished_study.folder, yaml.safe_load((STUDY / "config.yaml").read_text(encoding="utf-8"))
    results, recipes = folder / "results", list((folder / "results/realigned/mine").iterdir())
    recipe = next(path for path in recipes if path.name.startswith("dictionary"))
    languages = config["target_languages"]
    bitext = {lang: list(read_bitext(folder / f"bitext/train.en-{lang}.txt")) for lang in languages}
    saved = realign.realign(
        results / "models/mine",
        {lang: [pair.source for pair in bitext[lang]] for lang in languages},
        {lang: [pair.target for pair in bitext[lang]] for lang in languages},
        save=tmp_path / "realigned",
        dictionary={lang: folder / f"dictionaries/en-{lang}.txt" for lang in languages},
        seed=31,
        threads=1,
        **config["realignment"],
    )
    theirs = read_manifest(recipe / "seed31")
    assert read_manifest(saved).weights_sha256 == theirs.weights_sha256
    tagger = realign.finetune(
        saved,
        "pos",
        folder / "pos/en.train.conllu",
        save=tmp_path / "tagger",
        seed=31,
        threads=1,
        **config["finetuning"],
    )
    trained = results / "finetuned/mine/before-dictionary/pos/seed31"
    assert read_manifest(tagger).weights_sha256 == read_manifest(trained).weights_sha256
    record = yaml.safe_load((results / "scores/mine/before-dictionary/pos/seed31/de.json").read_text(encoding="utf-8"))
    found = realign.score(tagger, folder / "pos/de.test.conllu", threads=1)
    assert (found.metric, found.score, found.n) == (record["metric"], record["score"], record["n"])
    table = realign.measure(
        saved, results / "bitext/test/en-de.txt", dictionary=folder / "dictionaries/en-de.txt", threads=1
    )
    file = next(results.glob(f"alignment/mine/{recipe.name}/seed31/de.json"))
    scores = [row["score"] for row in yaml.safe_load(file.read_text(encoding="utf-8"))["alignment"]]
    assert sorted(table["score"]) == pytest.approx(sorted(scores), abs=0)


def test_an_encoder_is_realigned_while_it_is_fine_tuned(checkpoint: Path, tmp_path: Path) -> None:
    """The command makes the same bytes; tests/test_contract.py compares them with the workflow's."""
    common: dict[str, Any] = {"epochs": 1, "batch_size": 64, "seed": 3, "threads": 1}
    joint = realign.during(ENGLISH, FRENCH, dictionary=DICTIONARY, coefficient=0.5, batch_size=4, gradient_cosine=1)
    train = POS / "en.train.conllu"
    saved = realign.finetune(checkpoint, "pos", train, save=tmp_path / "joint", realignment=joint, **common)
    said = read_manifest(saved)
    assert said.realignment is not None and said.realignment["coefficient"] == 0.5 and said.method == "realigned"
    assert {"bitext.bitext", "bitext.links"} < set(said.inputs)
    losses = pd.read_csv(saved / "loss.csv")
    assert losses["gradient_cosine"].between(-1, 1).all()
    alone = realign.finetune(checkpoint, "pos", train, save=tmp_path / "alone", **common)
    assert losses["loss"][0] > pd.read_csv(alone / "loss.csv")["loss"][0]
    arguments = [
        checkpoint, "pos", train, "--during", ENGLISH, FRENCH, "--dictionary", DICTIONARY, "--during-coefficient", 0.5,
        "--during-batch-size", 4, "--epochs", 1, "--batch-size", 64, "--seed", 3, "--threads", 1, "--out",
        tmp_path / "command",
    ]  # fmt: skip
    import_module("realign.command.finetune").main(list(map(str, arguments)))
    assert read_manifest(tmp_path / "command").weights_sha256 == said.weights_sha256


@pytest.mark.parametrize(("terminal", "seconds"), [(True, 3.0), (True, 0.1), (False, 3.0)])
def test_predictions_that_take_long_show_a_bar_on_a_terminal(
    terminal: bool, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Screen(StringIO):
        def isatty(self) -> bool:
            return terminal

    clock = count(0.0, seconds)
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    monkeypatch.setattr(sys, "stderr", Screen())
    assert list(batches_by_length([3, 1, 2, 2], 2)) == [[1, 2], [3, 0]]
    assert ("predicting: 100%" in sys.stderr.getvalue()) == (terminal and seconds > 2)  # type: ignore[attr-defined]


def test_the_defaults_are_those_of_the_config() -> None:
    shown = {
        realign.measure: Measurement.model_fields,
        realign.realign: {name: field for one in REALIGNMENTS.values() for name, field in one.model_fields.items()},
        realign.during: {name: field for one in REALIGNMENTS.values() for name, field in one.model_fields.items()},
        realign.finetune: Finetuning.model_fields,
    }
    for function, fields in shown.items():
        parameters = inspect.signature(function).parameters
        common = {name: field for name, field in fields.items() if name in parameters and name != "aligner"}
        assert len(common) > 3
        assert all(parameters[name].default == field.default for name, field in common.items())
        if function is realign.during:  # fine-tuning says how its steps compute
            assert "precision" not in parameters and parameters["coefficient"].default == 1.0
            continue
        assert parameters["precision"].default == Config.model_fields["precision"].default


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: realign.links(["a"], ["b"], "nobody"), "aligner: found 'nobody'; expected one of "),
    (lambda: realign.links(["a"], ["b"], "dictionary"), "needs a dictionary"),
    (lambda: realign.links(["a"], ["b"], "awesome"), "computes with an encoder"),
    (lambda: realign.links(["a"], ["b"], "fastalign", layer=3), "aligners.fastalign.layer: unknown key"),
    (lambda: realign.links(["a", "b"], ["b"]), "source has 2 lines, but target has 1"),
    (lambda: realign.links([], []), "source: empty"),
    (lambda: realign.links([["a b"]], ["b"]), "source:1: found 'a b'"),
    (lambda: realign.links(["a"]), "source:1: expected 'source ||| target'"),
    (lambda: realign.measure("nowhere", ["a"], ["b"]), "nowhere: no such directory; expected"),
    (lambda: realign.measure(torch.nn.Linear(1, 1), ["a"], ["b"]), "needs its tokenizer"),  # type: ignore[arg-type]
    (lambda: realign.measure("x", ["a"], ["b"], max_lenght=9), "measure: max_lenght: unknown key; did you mean"),
    (lambda: realign.measure("x", ["a"], ["b"], threads=0), "threads: found 0"),
    (lambda: realign.realign("x", ["a"], ["b"], save="y", steps="match"), "expected a number"),
    (lambda: realign.realign("x", ["a"], {}, save="y"), "target: empty"),
    (lambda: realign.realign("x", {"fr": ["a"]}, {"es": ["b"]}, save="y"), "source: nothing for 'es'"),
    (lambda: realign.realign("x", ["a"], ["b"], save="y", coefficient=2), "coefficient: has no effect before fine-tun"),
    (lambda: realign.realign("x", ["a"], ["b"], save="y", when="during"), "realign: when: a call has no such setting"),
    (lambda: realign.during(["a"], ["b"], aligner="fastalign", steps=3), "steps: has no effect during fine-tuning"),
    (lambda: realign.during(["a"], ["b"], layer=3), "during: layer: unknown key; did you mean 'layers'"),
    (lambda: realign.during(["a", "c"], ["b"]), "source has 2 lines, but target has 1"),
    (lambda: realign.finetune("x", "pos", "y", save="z", realignment={}), "expected what `realign.during` returns"),  # type: ignore[arg-type]
    (lambda: realign.finetune("x", "nothing", "y", save="z"), "task: found 'nothing'; expected one of"),
    (lambda: realign.finetune("x", "pos", "y", save="z", epochs=0), "finetune: epochs: found 0"),
]


@pytest.mark.parametrize(("call", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_a_mistake_is_one_sentence(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_links_must_fit_the_text_and_a_model_must_be_fine_tuned(checkpoint: Path) -> None:
    with pytest.raises(InputError, match="links:1: link 0-4 is out of range"):
        realign.measure(checkpoint, ["a b"], ["c d"], links=[[(0, 4)]])
    with pytest.raises(InputError, match="links of 2 lines, but the text has 1"):
        realign.measure(checkpoint, ["a b"], ["c d"], links=[[], []])
    with pytest.raises(InputError, match="not a fine-tuned model"):
        realign.score(checkpoint, "x")


def test_an_aligner_may_compute_with_the_encoder_that_is_trained(checkpoint: Path, tmp_path: Path) -> None:
    joint = realign.during(["a b"], ["c d"], aligner="awesome")
    train, save = POS / "en.train.conllu", tmp_path / "x"
    for call in (
        lambda: realign.realign(checkpoint, ["a b"], ["c d"], aligner="awesome", save=save),
        lambda: realign.finetune(checkpoint, "pos", train, realignment=joint, save=save),
    ):
        with pytest.raises(InputError, match="layer 8 cannot be used"):  # the small encoder has two
            call()


def test_a_call_leaves_the_callers_torch_as_it_was(checkpoint: Path, tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected, count = torch.rand(3), torch.get_num_threads()
    torch.manual_seed(5)
    realign.realign(checkpoint, ["a b"], ["c d"], save=tmp_path / "x", steps=1, unit="sentence", threads=count + 1)
    assert torch.equal(torch.rand(3), expected) and torch.get_num_threads() == count
    assert not torch.are_deterministic_algorithms_enabled()


def test_threads_leave_busy_cores_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads_room, "available_cores", lambda: 8)
    monkeypatch.setattr(threads_room.psutil, "cpu_count", lambda **_: 8)
    for load, expected in ((0.2, 8), (5.0, 3), (40.0, 1)):
        monkeypatch.setattr(threads_room.os, "getloadavg", lambda load=load: (load, 0.0, 0.0))
        assert idle_cores() == expected
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert idle_cores() == 2 and available_cores() >= 1


def test_the_commands_write_pharaoh_csv_and_checkpoints_and_read_pipes(small_encoder: Path, tmp_path: Path) -> None:
    linked = command("links", ENGLISH, FRENCH, "--dictionary", DICTIONARY)
    (tmp_path / "links").write_text(linked.stdout, encoding="utf-8")
    assert list(read_links(tmp_path / "links")) == realign.links(ENGLISH, FRENCH, dictionary=DICTIONARY)
    measured = command(
        "measure", small_encoder, ENGLISH, FRENCH, "--links", "-", "--measures", "weak", given=linked.stdout
    )
    assert measured.returncode == 0, measured.stderr
    table = realign.measure(small_encoder, ENGLISH, FRENCH, dictionary=DICTIONARY, measures=["weak"])
    pd.testing.assert_frame_equal(pd.read_csv(StringIO(measured.stdout)), table, check_dtype=False)
    made = command(
        "realign", small_encoder, ENGLISH, FRENCH, ENGLISH, FRENCH, "--links", tmp_path / "links", tmp_path / "links",
        "--steps", 1, "--layers", "-1", "1", "--freeze", "lower", "--out", tmp_path / "realigned",
    )  # fmt: skip
    assert made.stdout.strip() == str(tmp_path / "realigned"), made.stderr
    said = read_manifest(tmp_path / "realigned").realignment
    assert said is not None and said["layers"] == [-1, 1] and said["freeze"] == "lower"
    tuned = command(
        "finetune", tmp_path / "realigned", "pos", POS / "en.train.conllu", "--epochs", 1, "-o", tmp_path / "ft"
    )
    assert tuned.returncode == 0, tuned.stderr
    scored = command("score", tmp_path / "ft", POS / "de.test.conllu", "-", given=(POS / "it.test.conllu").read_text())
    rows = pd.read_csv(StringIO(scored.stdout))
    assert list(rows["metric"]) == ["accuracy"] * 2 and rows["score"].between(0, 1).all(), scored.stderr


class Parsed(Exception):
    """A command line was understood."""


def examples_in(help_text: str) -> list[list[str]]:
    """The words of every command of `realign` in the examples of a help text, and of the programs of a clone."""
    _, _, shown = help_text.partition("\nexample")
    lines = [shlex.split(line, comments=True) for line in shown.splitlines()[1:]]
    words = [" ".join("\n" if word in ("|", "&&", ">") else word for word in line).split("\n") for line in lines]
    return [one.split() for parts in words for one in parts if re.match(r"(realign\b|workflow/)", one.strip())]


@pytest.mark.parametrize("name", [one.name for one in COMMANDS])
def test_the_help_of_every_command_shows_examples_that_parse(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parse = ArgumentParser.parse_args

    def only_parse(parser: ArgumentParser, words: list[str]) -> None:
        parse(parser, words)
        raise Parsed

    mains = {one.name: import_module(one.module).main for one in COMMANDS}
    with suppress(SystemExit):
        mains[name](["--help"])
    examples = examples_in(capsys.readouterr().out)
    assert name in {words[1] for words in examples}
    monkeypatch.setattr(ArgumentParser, "parse_args", only_parse)
    for _, called, *words in examples:
        if called == "run":
            options = snakemake_command(words, PROJECT)[3:]
            assert parse(get_argument_parser(), options).snakefile == str(PROJECT / "Snakefile")
            continue
        with pytest.raises(Parsed):
            mains[called](words)


@pytest.mark.parametrize("name", ["check", "estimate", "progress", "tidy", "verify"])
def test_a_program_of_the_clone_shows_examples_of_itself(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = PROJECT / "workflow" / name
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", [str(program), "--help"])
    with pytest.raises(SystemExit) as ended:
        run_path(str(program))
    said = capsys.readouterr().out
    assert ended.value.code == 0 and said.startswith(f"usage: workflow/{name} ")
    assert {words[0] for words in examples_in(said)} == {f"workflow/{name}"}


def test_every_command_is_listed_and_says_mistakes_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def ended(*arguments: str) -> tuple[object, str]:
        with pytest.raises(SystemExit) as ending:
            main(arguments)
        said = capsys.readouterr()
        return ending.value.code, said.out + said.err

    status, listed = ended("--help")
    assert status == 0 and all(f"  {one.name} " in listed for one in COMMANDS)
    assert "constant learning rate" in ended("realign", "--help")[1]
    for arguments, sentence in (
        (["nothing"], "no command 'nothing'"),
        (["links", "lost", "lost"], "lost: no such file"),
        (["links", "-", "-"], "standard input can be read only once"),
        (["realign", "x", "a", "b", "c", "-o", "d"], "has no translation"),
        (["realign", "x", "a", "b", "--dictionary", "c", "d", "-o", "e"], "expected one for each of 1 pairs"),
        (["finetune", "x", "pos", "y", "--dictionary", "z", "-o", "o"], "--during: missing"),
        (["run", "-n"], "config.yaml: no such file"),
        (["report"], "config.yaml: no such file"),
        (["measure", "x", "y", "--batch-size", "many"], "batch_size: found 'many'"),
    ):
        status, said = ended(*arguments)
        assert status in (1, 2) and said.count("\n") == 1 and sentence in said, said


def test_a_study_is_reported_in_sentences(finished_study: Study) -> None:
    said = command("report", finished_study.folder)
    words = " ".join(said.stdout.split())
    assert "pos: Too few points to tell whether alignment goes with transfer." in words
    assert "gain over the baseline" in words and "nan" not in words


def test_every_option_has_the_name_of_a_key() -> None:
    for fields in (LINKING, MEASURING, REALIGNING, JOINT, FINETUNING, SCORING):
        assert fields and all(field.description for field in fields.values())
