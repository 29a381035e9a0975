"""The alignment of an encoder, layer by layer."""

from typing import TYPE_CHECKING, Any

from realign.api.computing import computing
from realign.api.encoders import Encoder, opened
from realign.api.linking import Dictionary, Links, given_links, link_pairs
from realign.api.settings import MEASURING, one_cell, with_settings
from realign.api.texts import Raw, Text, read_pairs
from realign.jobs.bars import bar

if TYPE_CHECKING:
    import pandas as pd
    from transformers import PreTrainedTokenizerBase

COLUMNS = ["layer", "direction", "measure", "score", "n"]


@with_settings(MEASURING)
def measure(
    encoder: Encoder,
    source: Text,
    target: Text | None = None,
    *,
    links: Links | None = None,
    aligner: str | None = None,
    dictionary: Dictionary | None = None,
    tokenizer: "PreTrainedTokenizerBase | None" = None,
    raw: Raw = None,
    threads: int | None = None,
    **settings: Any,
) -> "pd.DataFrame":
    """How well the words of translations align inside an encoder: a row for each layer, direction and measure.

    `encoder` is a name, a directory or a loaded model with its `tokenizer`. `source` and `target` are parallel text
    files with a sentence a line, or lists of sentences; they should be held out from any training. Words are linked
    by `links`, or as `realign.links` does with `aligner` and `dictionary`. `raw`, such as `("en", "fr")`, splits
    raw sentences into words first. The settings are those of `measurement` in the config.

    Columns: `layer` (0 is the embeddings), `direction` (`forward` is from source to target), `measure`, `score`, and
    `n`, the number of word pairs. Raises `InputError` for wrong settings and files, and without any usable link.
    """
    precision = settings.pop("precision", None)
    experiment = one_cell("measure", measurement=settings, precision=precision)
    pairs = read_pairs(source, target, raw)

    import pandas as pd

    from realign.alignment.measuring import MeasuringSettings, measure_alignment
    from realign.encoders.checkpoint import load_encoder
    from realign.encoders.checks import check_length
    from realign.encoders.devices import pick_device
    from realign.encoders.words import WordTokenizer

    params = experiment.measure_params()
    max_length = params.pop("max_length")
    with computing(threads) as count, opened(encoder, tokenizer) as folder:
        if links is not None:
            found = given_links(links, pairs)
        elif params["measures"]:
            found = link_pairs(pairs, aligner, dictionary, folder, threads=count, settings={"precision": precision})
        else:  # sentences alone are measured
            found = [[] for _ in pairs]
        model = load_encoder(folder, pick_device()).eval()
        check_length(model, max_length, "measure")
        linked = bar(list(zip(pairs, found, strict=True)), desc="measuring", unit="pair")
        scores = measure_alignment(
            model,
            WordTokenizer(folder, max_length),
            linked,
            MeasuringSettings(**params, precision=experiment.config.precision),
        )
        linked.close()
    return pd.DataFrame([score.model_dump(include=set(COLUMNS)) for score in scores], columns=COLUMNS)
