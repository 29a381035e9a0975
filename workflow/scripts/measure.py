"""Measure the alignment of an encoder before fine-tuning, pretrained or realigned, for one language."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.gpus import claim_device
from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.alignment.measuring import MeasuringSettings, measure_alignment
    from realign.alignment.records import AlignmentRecord, write_record
    from realign.encoders.checkpoint import load_encoder
    from realign.encoders.checks import check_length
    from realign.encoders.devices import pick_device, use_threads
    from realign.encoders.words import WordTokenizer
    from realign.text.pharaoh import read_linked_bitext

    settings, wildcards, files = dict(snakemake.params.settings), snakemake.wildcards, snakemake.input
    folder, max_length = Path(files.encoder).parent, settings.pop("max_length")
    use_threads(snakemake.threads)
    encoder = load_encoder(folder, pick_device()).eval()
    check_length(encoder, max_length, "measurement")
    alignment = measure_alignment(
        encoder,
        WordTokenizer(folder, max_length),
        read_linked_bitext(Path(files.bitext), Path(files.links) if files.get("links") else None),
        MeasuringSettings(**settings, precision=snakemake.params.precision),
    )
    record = AlignmentRecord(
        model=wildcards.model,
        recipe=wildcards.get("recipe"),
        seed=int(wildcards.seed) if wildcards.get("seed") else None,
        language=wildcards.lang,
        alignment=alignment,
    )
    write_record(Path(snakemake.output[0]), record)
