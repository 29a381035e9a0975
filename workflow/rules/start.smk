# Read the config, and claim what a run needs: its folder, GPUs, a shared cache.

import logging
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

PROJECT = Path(workflow.basedir)
sys.path.insert(0, str(PROJECT / "workflow"))
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(PROJECT / "workflow"), os.environ.get("PYTHONPATH")])
)

from realign.config.reading import read_config
from realign.errors import InputError
from realign.experiment.checks import check_inputs
from realign.experiment.experiment import Experiment
from realign.experiment.pinned import unpinned
from realign.jobs.gpus import jobs_per_device, visible_devices
from realign.jobs.locks import claim_folder, refuse_left_jobs
from realign.jobs.sharing import VARIABLE, entries_of, open_cache, refuse_lost_links
from realign.jobs.signals import pass_on_warnings

# The logger of the bars shows a failed job's log. A job killed in its first second has none; that needs no traceback.
logging.raiseExceptions = False

LAB = Path(os.path.relpath(PROJECT / "lab")) if PROJECT == Path.cwd() else PROJECT / "lab"

try:
    CONFIG = read_config(config)
    EXPERIMENT = Experiment(CONFIG, LAB)
    if workflow.is_main_process:
        check_inputs(CONFIG, EXPERIMENT.locate)
    # A cache that the variable names is used without the option --cache, which Snakemake does not pass on to other nodes.
    if SHARED := bool(os.environ.get(VARIABLE)):
        os.environ[VARIABLE] = entries_of(os.environ[VARIABLE])
        workflow.workflow_settings.cache = workflow.workflow_settings.cache or []
        if workflow.is_main_process:
            open_cache(os.environ[VARIABLE])
    if workflow.is_main_process:
        refuse_lost_links(Path("results"))
    # Not for dry runs, jobs on other nodes, or the report that a job of this very run makes.
    # (`workflow.dryrun` is not yet true in a dry run while this file is read.)
    if (
        workflow.is_main_process
        and not workflow.output_settings.dryrun
        and "REALIGN_REPORT" not in os.environ
    ):
        claim_folder(Path(".snakemake/realign.lock"))
        refuse_left_jobs(Path.cwd())
    # In a step of a SLURM job, this Snakemake receives the signals that its training needs.
    if not workflow.is_main_process and "SLURM_STEP_ID" in os.environ:
        pass_on_warnings()
    GPU_JOBS = len(visible_devices()) * jobs_per_device()
except InputError as error:
    raise WorkflowError(str(error))

# `-j` may name more cores than this machine has; more jobs than cores would only compete for caches. A cluster counts
# its own, and a group of short jobs there takes one processor, unless the profile gives it more.
if "processor" not in workflow.global_resources:
    workflow.register_resource("processor", len(os.sched_getaffinity(0)))


resource_scopes:
    processor="local",


# As many jobs at once as this machine's GPUs take, unless `--resources gpu=` gives a number; each job claims one GPU
# itself (realign.jobs.gpus). A machine that submits to a cluster may have no GPUs: jobs ask for one there only if the
# profile or command line counts them (`resources: [gpu=16]`), and have one where they run. Without any of these, no
# rule mentions a GPU.
if GPU_JOBS and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", GPU_JOBS)
GPU = {"gpu": 1} if "gpu" in workflow.global_resources or "SLURM_GPUS" in os.environ else {}

# Snakemake knows what depends on something fetched only by its name, so it is shared only if the name pins the content.
MOVING = unpinned(CONFIG)
SHARED_IF_PINNED = SHARED and not MOVING
if SHARED and MOVING and workflow.is_main_process:
    logger.warning(f"Links, fetched and realigned encoders are not shared: {MOVING[0]} is not pinned.")
