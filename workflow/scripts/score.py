"""Score a fine-tuned model on one language without further training, and measure its alignment for it."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.gpus import claim_device
from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.alignment.measuring import MeasuringSettings, measure_alignment
    from realign.alignment.records import ScoreRecord, write_record
    from realign.encoders.checkpoint import base_encoder
    from realign.encoders.checks import check_length
    from realign.encoders.devices import pick_device, use_threads
    from realign.encoders.words import WordTokenizer
    from realign.tasks.kind import section_of
    from realign.tasks.metrics.counts import metric_value
    from realign.text.pharaoh import read_linked_bitext

    settings, wildcards, files = dict(snakemake.params.settings), snakemake.wildcards, snakemake.input
    folder, max_length, precision = Path(files.model).parent, settings.pop("max_length"), snakemake.params.precision
    method, realigned_for = settings.pop("method"), settings.pop("realigned_for")
    kind, of_kind = settings.pop("kind"), {"max_length": max_length, **settings.pop("of_kind", {})}
    metric, *further = map(import_module, settings.pop("metrics"))
    data, model_of = import_module(f"{kind}.data"), import_module(f"{kind}.model")
    use_threads(snakemake.threads)
    model = model_of.load(folder, pick_device()).eval()
    check_length(model, max_length, "measurement")
    check_length(model, of_kind["max_length"], section_of(kind))
    examples = data.read_examples(Path(files.test))
    predictions = model_of.predict(
        model, folder, examples, batch_size=settings["batch_size"], precision=precision, **of_kind
    )
    counts = model_of.count_examples(predictions, examples, metric)
    others = {one.NAME: metric_value(model_of.count_examples(predictions, examples, one)) for one in further}
    alignment = []
    if files.get("bitext"):
        alignment = measure_alignment(
            base_encoder(model),
            WordTokenizer(folder, max_length),
            read_linked_bitext(Path(files.bitext), Path(files.links) if files.get("links") else None),
            MeasuringSettings(**settings, precision=precision),
        )
    record = ScoreRecord(
        model=wildcards.model,
        method=method,
        realigned_for=realigned_for,
        task=wildcards.task,
        seed=int(wildcards.seed),
        language=wildcards.lang,
        metric=metric.NAME,
        score=metric_value(counts),
        n=model_of.scored(examples),
        further=others,
        numerators=[count.numerator for count in counts],
        denominators=[count.denominator for count in counts],
        alignment=alignment,
    )
    write_record(Path(snakemake.output[0]), record)
