"""Convert the bitext of one language and split to fast_align's format, UTF-8 NFC."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.errors import InputError
from realign.jobs.job import job
from realign.text.bitext import format_pair, read_bitext, read_moses
from realign.text.files import atomic_writer

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    sources = [Path(path) for path in snakemake.input]
    pairs = read_bitext(sources[0]) if len(sources) == 1 else read_moses(*sources)
    with atomic_writer(Path(snakemake.output[0])) as out:
        out.writelines(format_pair(pair) + "\n" for pair in pairs)
        if out.tell() == 0:
            raise InputError(f"{sources[0]}: empty; a bitext needs at least one sentence pair")
