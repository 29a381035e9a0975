"""Write the lab's encoder, multilingual-e5-small, as a Hugging Face directory: first layers, trimmed vocabulary."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.encoders.checkpoint import new_checkpoint, write_pretrained_manifest
    from realign.encoders.e5 import packaged_file, read_e5
    from realign.encoders.lab import write_lab_encoder
    from realign.encoders.random_weights import draw_weights
    from realign.encoders.vocabulary import study_pieces
    from realign.text.files import read_lines

    inputs, file = snakemake.input, read_e5(packaged_file())
    keep = None
    if inputs.get("vocabulary"):
        keep = set(read_lines(Path(inputs.vocabulary)))
    elif inputs.get("bitext"):
        keep = study_pieces(file, map(Path, inputs.bitext), map(Path, inputs.examples))
    init_seed = snakemake.params.settings.get("init_seed")
    with new_checkpoint(Path(snakemake.output.manifest).parent) as folder:
        write_lab_encoder(file, folder, snakemake.params.settings["layers"], keep)
        if init_seed is not None:
            draw_weights(folder, init_seed)
        write_pretrained_manifest(folder, snakemake.wildcards.model, snakemake.input, init_seed=init_seed)
