# Read the config, and claim what a run needs: its folder, GPUs, a shared cache.

import logging
import os
import sys
from functools import cache
from pathlib import Path

import smart_open
from snakemake.exceptions import WorkflowError

# Also right where another workflow uses this one as a module.
PROJECT = Path(workflow.current_basedir).parents[1]
sys.path.insert(0, str(PROJECT / "workflow"))
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(PROJECT / "workflow"), os.environ.get("PYTHONPATH")])
)

from realign.jobs.signals import pass_on_warnings, stop_in_one_line

stop_in_one_line()

from realign.config.reading import check_config_file, read_config
from realign.errors import InputError
from realign.experiment.checks import check_inputs, check_python, leaks
from realign.experiment.experiment import Experiment
from realign.experiment.shared import unpinned, vouch_for_entries
from realign.jobs.gpus import jobs_per_device, visible_devices
from realign.jobs.locks import check_folder, claim_folder, refuse_left_jobs
from realign.jobs.measuring import measure_without_io_counters
from realign.jobs.sharing import VARIABLE, entries_of, open_cache, refuse_lost_links
from realign.jobs.telling import tell
from realign.jobs.threads import available_cores
from realign.jobs.warm import start_jobs_warm

# The rich logger shows the log of a failed job. A job killed in its first second has no log; suppress that traceback.
logging.raiseExceptions = False

# A config file given on the command line replaces the default one; the two are not merged. A workflow that uses this one
# as a module passes its own config.
try:
    for path in workflow.overwrite_configfiles or ["config.yaml"] * workflow.modifier.is_main_snakefile():
        check_config_file(Path(path))
except InputError as error:
    raise WorkflowError(str(error))

if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


# The lab's paths are params, so they are relative inside the project, also if that was named by a link to its folder.
INSIDE = PROJECT.resolve() == Path.cwd().resolve()
LAB = Path("lab") if INSIDE else PROJECT / "lab"

try:
    if workflow.is_main_process:
        check_python(sys.executable)
        check_folder(Path(".snakemake"), Path("results"))
    CONFIG = read_config(config)
    EXPERIMENT = Experiment(CONFIG, LAB)
    if workflow.is_main_process:
        check_inputs(CONFIG, EXPERIMENT.locate)
        for leak in leaks(CONFIG, EXPERIMENT.locate):
            logger.warning(leak)
    EXPERIMENT.recipe_names  # counts training examples, if `steps: match` needs them
    # The variable alone turns the cache on, because Snakemake does not pass the option --cache on to other nodes.
    if SHARED := bool(os.environ.get(VARIABLE)):
        os.environ[VARIABLE] = entries_of(os.environ[VARIABLE])
        workflow.workflow_settings.cache = workflow.workflow_settings.cache or []
        if workflow.is_main_process:
            open_cache(os.environ[VARIABLE])
    if workflow.is_main_process:
        refuse_lost_links(Path("results"))
    # Not in dry runs, or in jobs on other nodes.
    # (`workflow.dryrun` is not yet true in a dry run while this file is parsed.)
    if workflow.is_main_process and not workflow.output_settings.dryrun:
        claim_folder(Path(".snakemake/realign.lock"))
        refuse_left_jobs(Path.cwd())
        progress = PROJECT / "workflow" / "progress"
        more = os.path.relpath(progress) if progress.exists() else "realign progress"
        tell(Path.cwd(), more, workflow.logger_manager.plugin_handlers)
    # Inside a step of a SLURM job, this Snakemake receives the signals meant for its training.
    if not workflow.is_main_process and "SLURM_STEP_ID" in os.environ:
        pass_on_warnings()
    GPU_JOBS = len(visible_devices()) * jobs_per_device()
except InputError as error:
    raise WorkflowError(str(error))

# A job of SLURM starts Snakemake once more for each member of its group, in a step of its own, although the start takes
# longer than most of them. So short jobs run in the job's first Snakemake, one after the other, and share a warm start.
# Trainings need a step, because SLURM signals steps.
WITHOUT_STEP = not workflow.is_main_process and "SLURM_JOB_ID" in os.environ

# `-j` may exceed the number of cores of this machine, but more jobs than cores would only compete for caches. A cluster
# counts its own processors, and a group of short jobs takes one there, unless the profile gives it more.
if "processor" not in workflow.global_resources:
    workflow.register_resource("processor", available_cores())


resource_scopes:
    processor="local",


# Run as many GPU jobs at once as this machine's GPUs can take, unless `--resources gpu=` sets a number; each job claims
# a GPU itself (realign.jobs.gpus). A machine that submits to a cluster may have no GPUs: its jobs request one only if
# the profile or command line sets their number (`resources: [gpu=16]`). Inside a SLURM job, SLURM_GPUS says that it has
# one. Without any of these, no rule requests a GPU.
if GPU_JOBS and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", GPU_JOBS)
GPU = {"gpu": 1} if "gpu" in workflow.global_resources or "SLURM_GPUS" in os.environ else {}

# Snakemake identifies fetched inputs only by name, so what depends on them is shared only if the name pins the content.
MOVING = unpinned(CONFIG)
SHARED_IF_PINNED = SHARED and not MOVING
if SHARED and MOVING and workflow.is_main_process:
    logger.warning(
        f"Links, fetched and realigned encoders are not shared, because {MOVING[0]} is not pinned."
    )

measure_without_io_counters()

# Jobs are forked from a process that has imported what they need (docs/warm-start.md), unless this process runs a
# single job of a cluster. Which jobs it runs is not known before the rules are read.
start_jobs_warm(lambda: workflow.is_main_process or len(workflow.dag_settings.target_jobs) > 1)


# For every job, Snakemake parses the path of its script several times, and each time smart_open makes a new class.
smart_open.parse_uri = cache(smart_open.parse_uri)


if SHARED:

    onsuccess:
        vouch_for_entries(Path("results"))

    onerror:
        vouch_for_entries(Path("results"))
