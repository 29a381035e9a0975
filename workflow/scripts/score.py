"""Score a fine-tuned model on one language without further training, and measure its alignment for it."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.gpus import claim_device
from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.classification import predict_pairs
    from realign.devices import pick_device, use_threads
    from realign.encoders.checkpoint import base_encoder, load_classifier, load_tagger
    from realign.encoders.pairs import PairTokenizer
    from realign.encoders.words import WordTokenizer
    from realign.finetuning import predict
    from realign.limits import check_length
    from realign.measuring import measure_alignment
    from realign.observations import ScoreRecord, write_record
    from realign.tasks.data import read_token_data
    from realign.tasks.metrics import METRICS, metric_value, pair_counts, sentence_counts
    from realign.tasks.pairs import PAIR_TASKS, read_pair_data
    from realign.text.pharaoh import read_linked_bitext

    settings, wildcards = snakemake.params.settings, snakemake.wildcards
    precision, batch_size = snakemake.params.precision, settings["batch_size"]
    folder = Path(snakemake.input.model).parent
    use_threads(snakemake.threads)
    tokenizer = WordTokenizer(folder, settings["max_length"])
    pair_task = wildcards.task in PAIR_TASKS
    model = (load_classifier if pair_task else load_tagger)(folder, pick_device()).eval()
    check_length(model, settings["max_length"], "measurement")
    if pair_task:
        pairs = read_pair_data(Path(snakemake.input.test))
        pair_tokenizer = PairTokenizer(folder, settings["max_length"])
        labels = predict_pairs(model, pair_tokenizer, pairs, batch_size=batch_size, precision=precision)
        counts, scored = pair_counts(labels, pairs.labels), len(pairs)
    else:
        data = read_token_data(Path(snakemake.input.test))
        predicted = predict(model, tokenizer, data.tokens, batch_size=batch_size, precision=precision)
        counts, scored = sentence_counts(wildcards.task, predicted, data), sum(map(len, data.tokens))
    alignment = []
    if wildcards.lang != snakemake.params.source_language:
        alignment = measure_alignment(
            base_encoder(model),
            tokenizer,
            read_linked_bitext(Path(snakemake.input.bitext), Path(snakemake.input.pairs)),
            max_pairs=settings["max_pairs"],
            batch_size=batch_size,
            precision=precision,
        )
    record = ScoreRecord(
        model=wildcards.model,
        method=wildcards.method,
        task=wildcards.task,
        seed=int(wildcards.seed),
        language=wildcards.lang,
        metric=METRICS[wildcards.task][0],
        score=metric_value(counts),
        n=scored,
        numerators=[count.numerator for count in counts],
        denominators=[count.denominator for count in counts],
        alignment=alignment,
    )
    write_record(Path(snakemake.output[0]), record)
