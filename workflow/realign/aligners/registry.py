"""The aligners. A new one is a module in `aligners/` and a row here, with its settings.

The module has `align(inputs, links, settings)`; see `realign.aligners.inputs`. This file is read by the config and by
the rules, never by a stage.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from realign.encoders.entries import EncoderEntry
from realign.settings import Count, Length, NoSettings, Section, Seed

Command = Annotated[list[str], Field(min_length=1)] | None
Symmetrization = Literal["grow-diag-final-and", "grow-diag-final", "grow-diag", "intersect", "union"]

OwnEncoder = Annotated[
    Annotated[str, Tag("name")] | Annotated[EncoderEntry, Tag("entry")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "entry"),
]
"""The name of a model, or where another encoder comes from."""


class FastAlignSettings(Section):
    """FastAlign in both directions, symmetrised, with any programs that have fast_align's command line."""

    program: Command = Field(
        None, description="command of `fast_align`, such as `[fast_align]`; null is the project's own"
    )
    symmetrizer: Command = Field(None, description="command of `atools`, such as `[atools]`; null is the project's own")
    symmetrization: Symmetrization = Field("grow-diag-final-and", description="how the directions are combined")


class EflomalSettings(Section):
    """eflomal in both directions, symmetrised: an alignment model of words, jumps and fertility, by sampling."""

    seed: Seed = Field(1, description="seed of the sampling; the same one gives the same links")
    samplers: Count = Field(3, description="independent samplers, whose counts are averaged")
    symmetrization: Symmetrization = Field("grow-diag-final-and", description="how the directions are combined")


class AwesomeSettings(Section):
    """A neural aligner: bidirectional softmax over word similarities inside an encoder (Dou and Neubig 2021)."""

    model: OwnEncoder | None = Field(
        None,
        description="which of the experiment's `models` to align with, in its pretrained state, or an encoder of its "
        "own, such as one fine-tuned to align: an entry with `source`",
    )
    layer: Count = Field(8, description="layer whose sub-words are compared")
    threshold: Annotated[float, Field(gt=0, lt=1)] = Field(0.001, description="both probabilities must exceed it")
    batch_size: Count = Field(64, description="sentence pairs per batch")
    max_length: Length = Field(512, description="longest sentence, in sub-words")


@dataclass(frozen=True)
class Aligner:
    """An aligner: its module, its settings, what it needs, and the resources of its jobs."""

    name: str
    module: str
    summary: str
    settings: type[Section] = NoSettings
    dictionary: bool = False
    """Whether it reads a bilingual dictionary."""
    encoder: bool = False
    """Whether it computes with an encoder, which its setting `model` names, on a GPU if there is one."""
    context: bool = False
    """Whether held-out bitext is aligned together with the training bitext, for its statistics."""
    programs: tuple[str, ...] = ()
    """Settings that name commands, which must be on the PATH."""
    threads: int = 1
    memory: tuple[float, float] = (2000, 0)
    """MB, plus MB for each MB of the inputs or of the encoder."""
    minutes: tuple[float, float] = (5, 0.1)
    """Minutes, plus minutes for each MB."""
    title: str | None = None
    """What tables and figures call it, if not by its name."""


ALIGNERS = (
    Aligner(
        "fastalign",
        "realign.aligners.both_directions",
        "FastAlign in both directions, symmetrised (Dyer et al. 2013)",
        FastAlignSettings,
        context=True,
        programs=("program", "symmetrizer"),
        threads=2,
        memory=(2000, 10),
        minutes=(30, 1),
        title="FastAlign",
    ),
    Aligner(
        "dictionary",
        "realign.aligners.dictionary",
        "words whose translation by a bilingual dictionary is unambiguous in the sentence pair",
        dictionary=True,
    ),
    Aligner(
        "eflomal",
        "realign.aligners.eflomal",
        "eflomal in both directions, symmetrised (Östling and Tiedemann 2016)",
        EflomalSettings,
        context=True,
        threads=2,
        memory=(2000, 10),
        minutes=(30, 6),
    ),
    Aligner(
        "awesome",
        "realign.aligners.awesome",
        "the states of an encoder (Dou and Neubig 2021)",
        AwesomeSettings,
        encoder=True,
        title="AWESOME",
        memory=(3000, 2),
        minutes=(240, 0.2),
    ),
)
"""In the order of the config reference."""

MEASURING = "dictionary"
"""The aligner whose links are used to measure alignment, unless the config names another."""
