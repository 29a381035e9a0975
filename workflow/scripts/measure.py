"""Measure the alignment of an encoder before fine-tuning, pretrained or realigned, for one language."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.gpus import claim_device
from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.devices import pick_device, use_threads
    from realign.encoders.checkpoint import load_encoder
    from realign.encoders.words import WordTokenizer
    from realign.limits import check_length
    from realign.measuring import measure_alignment
    from realign.observations import AlignmentRecord, write_record
    from realign.text.pharaoh import read_linked_bitext

    settings, wildcards = snakemake.params.settings, snakemake.wildcards
    folder = Path(snakemake.input.encoder).parent
    use_threads(snakemake.threads)
    encoder = load_encoder(folder, pick_device()).eval()
    check_length(encoder, settings["max_length"], "measurement")
    rows = measure_alignment(
        encoder,
        WordTokenizer(folder, settings["max_length"]),
        read_linked_bitext(Path(snakemake.input.bitext), Path(snakemake.input.pairs)),
        max_pairs=settings["max_pairs"],
        batch_size=settings["batch_size"],
        precision=snakemake.params.precision,
    )
    record = AlignmentRecord(
        model=wildcards.model,
        aligner=wildcards.get("aligner"),
        steps=int(wildcards.get("steps", 0)),
        seed=int(wildcards.seed) if wildcards.get("seed") else None,
        language=wildcards.lang,
        alignment=rows,
    )
    write_record(Path(snakemake.output[0]), record)
