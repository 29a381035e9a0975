# Shared by several rules: paths, wildcard constraints, and params and inputs that depend on how Snakemake runs.
# Every path and every setting comes from EXPERIMENT (workflow/realign/experiment/).

import re

from realign.aligners.registry import ALIGNERS
from realign.encoders.entries import FilesEncoder, HubEncoder, LabEncoder
from realign.experiment.paths import CHECKPOINT_FILES, beside, manifest
from realign.jobs.digest import LIBRARY, code_digest
from realign.jobs.resources import asking
from realign.text.files import sha256_of

PATHS = EXPERIMENT.paths
SOURCE = EXPERIMENT.source
# Whether all paths are in object storage (`--default-storage-provider`).
STORED = workflow.storage_settings.default_storage_provider is not None

PUBLISHED = EXPERIMENT.locate.published()
TABLES, PAPER_TABLES, FIGURES = (EXPERIMENT.exhibit_files(kind) for kind in ("table", "paper", "figure"))


wildcard_constraints:
    **EXPERIMENT.constraints(),


def digest(script, *modules):
    """Digest of a rule's script, of `modules`, and of all library code that they import; a param of every rule."""
    return code_digest(PROJECT / "workflow" / "scripts" / f"{script}.py", *modules)


def checkpoint(folder, kind="pretrained"):
    """The tracked files of a checkpoint; weights that are not kept are temporary."""
    files = {name: f"{folder}/{file}" for name, file in CHECKPOINT_FILES.items()}
    if kind not in ("pretrained", *CONFIG.storage.keep):
        files["weights"] = temp(files["weights"])
    return files


def early(rank, kind):
    """The priority of a training: long jobs come first, because short ones fill the cores to the end.

    Temporary weights are made one after the other instead, each when those before it have been used and dropped.
    """
    return rank if kind in CONFIG.storage.keep else 0


def weights_of(manifest_path, kind="pretrained"):
    """The weights beside a manifest as an input, if they are dropped after their last use.

    Weights that are kept need not be inputs, because the manifest vouches for them. With object storage, all files
    beside the manifest are inputs, because the job must fetch them.
    """
    if STORED:
        return [
            ancient(path)
            for path in beside(manifest_path, *(name for name in CHECKPOINT_FILES if name != "manifest"))
        ]
    kept = kind in ("pretrained", *CONFIG.storage.keep)
    return [] if kept else [ancient(path) for path in beside(manifest_path, "weights")]


def identity(wildcards):
    """Wildcards as a param, because Snakemake's cache hash omits them."""
    return {"source_language": SOURCE, **dict(wildcards.items())}


def sizes(wildcards, input):
    """Sizes of the user's files, in order, as a param, because Snakemake's cache hash sorts the files by content.

    Files in object storage may not be available locally; their names are used instead.
    """
    if STORED:
        return [Path(path).name for path in input]
    return [Path(path).stat().st_size for path in input if Path(path).is_file()]


def contents(wildcards, input):
    """Digests of generated files, in order, as a param for a job on another node, whose Snakemake sees only that job.

    In the main process, which records the params and compares them in the next run, the value is None.
    """
    if not SHARED or workflow.is_main_process:
        return None
    return [sha256_of(Path(path)) for path in input if Path(path).is_file()]


def page_files(name):
    """Digests of the HTML, CSS and JavaScript of a page, as a param."""
    files = sorted((LIBRARY / "pages").glob("*.*"))
    own = [path for path in files if path.suffix in (".html", ".css", ".js") and path.stem in (name, "page")]
    return {path.name: sha256_of(path) for path in own}
