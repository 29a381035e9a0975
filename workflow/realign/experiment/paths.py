"""Every path under `results/`, as patterns with the wildcards of the rules.

`{model}`, `{task}`, `{seed}`, `{lang}`, `{split}` and `{aligner}` are self-explanatory. `{recipe}` names a set of
realignment settings with its number of steps, such as `dictionary-30-1f2e3d4c` (made in `experiment/recipes.py`);
methods with the same settings share their recipe. `{variant}` is a method, or `method@lang` where a method realigns
one encoder for each language.
"""

from dataclasses import dataclass

CHECKPOINT_FILES = {
    "manifest": "manifest.json",
    "weights": "model.safetensors",
    "config": "config.json",
    "tokenizer": "tokenizer.json",
    "tokenizer_config": "tokenizer_config.json",
}
"""The tracked files of a checkpoint directory."""


@dataclass(frozen=True)
class Paths:
    """The path patterns of an experiment with this source language."""

    source_language: str

    model = "results/models/{model}"
    realigned = "results/realigned/{model}/{recipe}/seed{seed}"
    finetuned = "results/finetuned/{model}/{variant}/{task}/seed{seed}"
    score = "results/scores/{model}/{variant}/{task}/seed{seed}/{lang}.json"
    pretrained_alignment = "results/alignment/{model}/pretrained/{lang}.json"
    realigned_alignment = "results/alignment/{model}/{recipe}/seed{seed}/{lang}.json"
    examples = "results/examples/{task}/{lang}/{split}.parquet"
    examples_source = "results/examples/{task}/{lang}/{split}.source.json"

    @property
    def bitext(self) -> str:
        """Tokenised bitext."""
        return f"results/bitext/{{split}}/{self.source_language}-{{lang}}.txt"

    @property
    def raw_bitext(self) -> str:
        """Fetched bitext before it is tokenised."""
        return f"results/raw_bitext/{{split}}/{self.source_language}-{{lang}}.tsv"

    @property
    def links(self) -> str:
        """Word links of a bitext by an aligner."""
        return f"results/links/{{aligner}}/{{split}}/{self.source_language}-{{lang}}.txt"

    @property
    def dictionary(self) -> str:
        """A fetched dictionary."""
        return f"results/dictionaries/{self.source_language}-{{lang}}.txt"


def manifest(folder: str) -> str:
    """The manifest of a checkpoint directory; it vouches for the files beside it."""
    return f"{folder}/{CHECKPOINT_FILES['manifest']}"


def beside(manifest_path: str, *kinds: str) -> list[str]:
    """Files beside a manifest, by their kind in `CHECKPOINT_FILES`."""
    folder = manifest_path.removesuffix(CHECKPOINT_FILES["manifest"])
    return [folder + CHECKPOINT_FILES[kind] for kind in kinds]
