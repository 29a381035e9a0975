"""Encoders that somebody else has made: no code of theirs runs, and no weight is random without being asked for."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2Model

from hub import serve
from realign.encoders.checkpoint import (
    WEIGHTS,
    Manifest,
    load_encoder,
    read_manifest,
    sha256_of,
    vouched_files,
    write_manifest,
)
from realign.encoders.importing import import_encoder
from realign.errors import InputError
from realign.tasks.classification import model as classification
from realign.tasks.tagging import model as tagging
from study import PROJECT, Study

CPU = torch.device("cpu")
EVIL = """
from pathlib import Path
Path({mark!r}).write_text("ran")
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
class EvilConfig(BertConfig):
    model_type = {family!r}
class EvilModel(BertModel):
    config_class = EvilConfig
class EvilTokenizer(PreTrainedTokenizerFast):
    pass
"""


def make_evil(folder: Path, mark: Path, family: str) -> None:
    """A directory whose config and tokenizer ask for the Python file beside them, which leaves a mark."""
    (folder / "evil.py").write_text(EVIL.format(mark=str(mark), family=family), encoding="utf-8")
    classes = {"AutoConfig": "evil.EvilConfig", "AutoModel": "evil.EvilModel"}
    for name, auto_map in (("config", classes), ("tokenizer_config", {"AutoTokenizer": ["evil.EvilTokenizer", None]})):
        path = folder / f"{name}.json"
        content = json.loads(path.read_text(encoding="utf-8")) | {"auto_map": auto_map}
        if name == "config":
            content["model_type"] = family
        else:
            content["tokenizer_class"] = "EvilTokenizer"
        path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("family", ["evil", "bert"])
def test_code_beside_an_encoder_of_the_users_never_runs(new_study: Study, tmp_path: Path, family: str) -> None:
    study, mark = new_study.fresh(tmp_path / "study"), tmp_path / "mark"
    make_evil(study.folder / "encoder", mark, family)
    command = [*study.command("-j1", "results/models/mine/manifest.json")]
    with subprocess.Popen(["yes", "y"], stdout=subprocess.PIPE) as yes:
        finished = subprocess.run(
            command, cwd=study.folder, env=study.environment(), stdin=yes.stdout, capture_output=True, text=True
        )
        yes.terminate()
    said = " ".join((finished.stdout + finished.stderr).split())
    assert not mark.exists(), "the file ran"
    assert "Traceback" not in said
    if family == "evil":
        assert finished.returncode != 0
        assert "transformers has no model_type 'evil', and its own code is never run" in said


def test_code_of_a_repository_never_runs(new_study: Study, small_encoder: Path, tmp_path: Path) -> None:
    study, mark = new_study.fresh(tmp_path / "study"), tmp_path / "mark"
    repository = tmp_path / "hub/models/some-body/encoder"
    shutil.copytree(small_encoder, repository)
    make_evil(repository, mark, "evil")
    with (
        serve(tmp_path / "hub") as hub,
        pytest.MonkeyPatch.context() as patch,
        study.replaced_config(models={"mine": {"source": "hub", "name": "some-body/encoder"}}),
    ):
        patch.setenv("HF_ENDPOINT", hub.url)
        patch.setenv("HF_HOME", str(tmp_path / "cache"))
        finished = study.snakemake("-j1", "results/models/mine/manifest.json")
    assert not mark.exists() and finished.returncode != 0
    assert "its own code is never run" in " ".join((finished.stdout + finished.stderr).split())


def test_every_call_that_could_run_foreign_code_forbids_it() -> None:
    calls = 0
    for path in (PROJECT / "workflow").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("from_pretrained", "load_dataset"):
                keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                # this version of datasets runs no code of repositories, and has no such option any more
                assert node.func.attr == "load_dataset" or keywords.get("trust_remote_code") == "False", path  # type: ignore[attr-defined]
                calls += 1
    assert calls >= 2


def test_a_job_reads_nothing_from_a_terminal(tmp_path: Path) -> None:
    code = "from realign.jobs.job import job\nwith job('job.log'):\n    print(repr(input()))\n"
    environment = {"PYTHONPATH": str(PROJECT / "workflow"), "PATH": ""}
    finished = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, input=b"yes\n", check=False)
    assert finished.returncode == 1 and "EOFError" in (tmp_path / "job.log").read_text()


@pytest.fixture
def source(small_encoder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    shutil.copytree(small_encoder, folder)
    return folder


def refused(source: Path, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        import_encoder(source, source.parent / "imported")
    assert "\n" not in str(error.value)


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_a_missing_tensor_is_refused(source: Path) -> None:
    weights = load_file(source / WEIGHTS)
    del weights["encoder.layer.1.output.dense.bias"]
    save_file(weights, source / WEIGHTS, {"format": "pt"})
    refused(source, "lacks 1 of the tensors that config.json requires: encoder.layer.1.output.dense.bias$")


def test_more_layers_than_weights_are_refused(source: Path) -> None:
    change_config(source, num_hidden_layers=3)
    refused(source, "lacks 16 of the tensors that config.json requires: encoder.layer.2.*, …$")


def test_tensors_of_another_shape_are_refused(source: Path) -> None:
    change_config(source, intermediate_size=64)
    refused(source, "source: not a loadable encoder|lacks")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(source: Path, number: float) -> None:
    weights = load_file(source / WEIGHTS)
    weights["embeddings.LayerNorm.bias"][3] = number
    save_file(weights, source / WEIGHTS, {"format": "pt"})
    refused(source, "infinite numbers or NaN in embeddings.LayerNorm.bias$")


def test_fewer_embeddings_than_sub_words_are_refused(source: Path) -> None:
    weights = load_file(source / WEIGHTS)
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][:-5].contiguous()
    save_file(weights, source / WEIGHTS, {"format": "pt"})
    size = len(weights["embeddings.word_embeddings.weight"])
    change_config(source, vocab_size=size)
    refused(source, f"the tokenizer has sub-words up to number {size + 4}, but the encoder has {size} embeddings")


def test_a_decoder_is_refused_with_the_reason(source: Path) -> None:
    vocabulary = json.loads((source / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    (source / WEIGHTS).unlink()
    GPT2Model(GPT2Config(vocab_size=vocabulary, n_embd=16, n_layer=2, n_head=2)).save_pretrained(source)
    refused(source, "source: a decoder, in which words do not see later words; only encoders are supported")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.json", "[" * 100_000, "config.json: not JSON"),
        ("config.json", '{"a": ' * 100_000 + "1" + "}" * 100_000, "config.json: not JSON"),
        ("config.json", "null", "config.json: expected a JSON object"),
        ("tokenizer.json", '{"a": ' * 100_000, "source: not a loadable encoder .(maximum recursion|Stack overflow)"),
    ],
)
def test_absurd_nesting_in_json_is_refused(source: Path, name: str, content: str, said: str) -> None:
    (source / name).write_text(content, encoding="utf-8")
    refused(source, said)


def test_half_a_surrogate_pair_in_json_is_refused(source: Path) -> None:
    path = source / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"sep_token": "\ud800"}))
    refused(source, "source: not a loadable encoder .*surrogates not allowed")


def test_an_encoder_loads_with_a_new_head_and_its_own_weights(source: Path) -> None:
    folder = source.parent / "models"
    folder.mkdir()
    import_encoder(source, folder)
    vouch(folder)
    for kind in (tagging, classification):
        states = kind.load(folder, CPU, ["a", "b"]).base_model.state_dict()
        for name, tensor in load_file(folder / WEIGHTS).items():
            assert torch.equal(states[name], tensor)


def vouch(folder: Path) -> None:
    manifest = Manifest(weights_sha256=sha256_of(folder / WEIGHTS), files=vouched_files(folder), model="m")
    write_manifest(folder, manifest)


def test_a_fine_tuned_model_without_its_head_is_refused(checkpoint: Path) -> None:
    with pytest.raises(InputError, match="lacks 2 of the tensors that config.json requires: classifier.bias, classif"):
        tagging.load(checkpoint, CPU)


def no_heads(folder: Path) -> None:
    change_config(folder, num_attention_heads=6)


def swapped(folder: Path) -> None:
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["model"]["vocab"][100], content["model"]["vocab"][101] = (
        content["model"]["vocab"][101],
        content["model"]["vocab"][100],
    )
    path.write_text(json.dumps(content), encoding="utf-8")


def without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            no_heads,
            "config.json: corrupted; its sha256 is not the one in .*manifest.json; delete .*manifest",
        ),
        (swapped, "tokenizer.json: corrupted; its sha256 is not the one in"),
        (without_tokenizer, "tokenizer.json: missing beside its manifest; delete .*manifest.json and run again to rem"),
        (
            lambda folder: (folder / "manifest.json").write_text("{"),
            "manifest.json: damaged: it is not a manifest",
        ),
    ],
)
def test_the_manifest_vouches_for_everything_that_a_stage_reads(
    source: Path, damage: Callable[[Path], object], said: str
) -> None:
    vouch(source)
    assert read_manifest(source).model == "m"
    damage(source)
    with pytest.raises(InputError, match=said):
        load_encoder(source, CPU)
