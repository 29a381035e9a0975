"""What an experiment will take, before anything is fetched: `workflow/estimate [--configfile FILE]`.

Jobs are counted by a dry run. Hours are an estimate: a training step takes 6 floating-point operations for each
parameter of the layers and each sub-word (Kaplan et al. 2020), and not less than the time that starting its kernels
takes. What the estimate assumes is printed with it, and is an option.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from realign.config.reading import check_config_file, read_config
from realign.config.sources import is_hub
from realign.errors import InputError
from realign.experiment.encoder_sizes import KNOWN, Shape, shape_of
from realign.experiment.experiment import Experiment
from realign.experiment.project import project_folder
from realign.jobs.parsers import command_parser
from realign.text.files import RESULTS

PROJECT = project_folder()
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
ON_GPU = ("align_awesome", "score", "measure_pretrained", "measure_realigned")
"""Rules whose jobs run on a GPU besides trainings."""
PAIR_BYTES = 600
"""A sentence pair of OPUS-100 takes about this much: raw, tokenised and linked."""
MILLION = 1_000_000
UNKNOWN = KNOWN["FacebookAI/xlm-roberta-base"]
LAB = PROJECT / "lab"


def _option(default: Any, said: str) -> Any:
    return field(default=default, metadata={"help": said})


@dataclass(frozen=True)
class Assumptions:
    """What the estimate of the hours rests on."""

    subwords: int = _option(40, "sub-words of a sentence on average")
    teraflops: float = _option(40.0, "operations that a training reaches, in 10^12 a second")
    step_seconds: float = _option(0.05, "the least time of a training step")
    job_seconds: float = _option(20.0, "time to score or measure one language")

    def seconds(self, shape: Shape, sentences: int) -> float:
        """Seconds of a training step on `sentences` sentences."""
        operations = 6 * shape.trunk * sentences * self.subwords
        return max(self.step_seconds, operations / (self.teraflops * 1e12))


OPTIONS = fields(Assumptions)


@dataclass(frozen=True)
class Training:
    """Trainings of one kind: how many, with how many steps each, and on how many sentences a step."""

    kind: str
    model: str
    count: int
    steps: int
    sentences: int

    def hours(self, shape: Shape, assumed: Assumptions) -> float:
        """GPU hours of all of them."""
        return self.count * self.steps * assumed.seconds(shape, self.sentences) / 3600


def trainings(experiment: Experiment) -> Iterator[Training]:
    """Every training of an experiment; raises `InputError` where the number of steps is not known before fetching."""
    seeds = len(experiment.seeds)
    for task, steps in experiment.finetuning_steps.items():
        if steps == 0:
            raise InputError(f"config: tasks.{task}.training_sentences: missing; steps are not known before fetching")
    for (model, _), recipe in experiment.recipes.items():
        yield Training("realign", model, seeds, recipe.steps, 2 * recipe.settings.batch_size)
    for model, variant, task in experiment.finetunings():
        steps, method = experiment.finetuning_steps[task], experiment.variants[variant].method
        batch = experiment.config.batch_size_of(task)
        pairs = 2 * method.realignment.batch_size if method.joint else 0
        yield Training("finetune_jointly" if method.joint else "finetune", model, seeds, steps, batch + pairs)


def dry_run(config: Path) -> dict[str, int]:
    """The number of jobs of each rule, from nothing, by a dry run of Snakemake with this config."""
    files = ["--snakefile", str(PROJECT / "Snakefile"), "--configfile", str(config)]
    options = ["--workflow-profile", "none", "-n", "-q", "rules", "--forceall", "--nolock"]
    command = [sys.executable, "-m", "snakemake", *files, *options]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise InputError((run.stdout + run.stderr).strip().splitlines()[-1])
    counts = {rule: int(jobs) for rule, jobs in re.findall(r"^(\w+)\s+(\d+)$", run.stdout + run.stderr, re.MULTILINE)}
    return {rule: jobs for rule, jobs in counts.items() if rule not in ("total", "job")}


def rows(experiment: Experiment, jobs: dict[str, int], shapes: dict[str, Shape], assumed: Assumptions) -> list[str]:
    """The table of the estimate: rule, jobs, steps and GPU hours."""
    steps, hours = dict.fromkeys(jobs, 0), dict.fromkeys(jobs, 0.0)
    for training in trainings(experiment):
        steps[training.kind] += training.count * training.steps
        hours[training.kind] += training.hours(shapes[training.model], assumed)
    for rule in set(ON_GPU) & set(jobs):
        hours[rule] = jobs[rule] * assumed.job_seconds / 3600
    table = [f"{'rule':22}{'jobs':>8}{'steps':>13}{'GPU hours':>12}"]
    for rule, count in jobs.items():
        trained = f"{steps[rule]:,}" if steps[rule] else ""
        table.append(f"{rule:22}{count:8,}{trained:>13}" + (f"{hours[rule]:12.1f}" if hours[rule] else ""))
    table.append(f"{'total':22}{sum(jobs.values()):8,}{sum(steps.values()):13,}{sum(hours.values()):12.1f}")
    return table


def disk(experiment: Experiment, shapes: dict[str, Shape]) -> list[str]:
    """The disk that weights and bitext take, in GB."""
    storage, seeds = experiment.config.storage, len(experiment.seeds)
    width = BYTES[storage.dtype]
    fetched = sum(4 * shape.parameters for shape in shapes.values())
    realigned = sum(width * seeds * shapes[model].parameters for model, _ in experiment.recipes)
    finetuned = sum(width * seeds * shapes[model].parameters for model, _, _ in experiment.finetunings())
    lines = [f"{'pretrained encoders':22}{fetched / 1e9:8.1f} GB"]
    for kind, size in (("realigned", realigned), ("finetuned", finetuned)):
        kept = "" if kind in storage.keep else " if all were kept; each is deleted after its last use (storage.keep)"
        lines.append(f"{kind + ' weights':22}{size / 1e9:8.1f} GB{kept}")
    if is_hub(experiment.config.bitext):
        entries = [experiment.config.bitext_entry(language)[1] for language in experiment.targets]
        pairs = sum(entry.max_sentences or MILLION for entry in entries)
        lines.append(f"{'bitext':22}{pairs * PAIR_BYTES / 1e9:8.1f} GB at most")
    return lines


def estimate(path: Path, assumed: Assumptions) -> list[str]:
    """The whole estimate, in lines; raises `InputError` for an invalid config, or a dry run that fails."""
    check_config_file(path)
    experiment = Experiment(read_config(yaml.safe_load(path.read_text(encoding="utf-8"))), LAB)
    found = {name: shape_of(name, entry, Path(RESULTS)) for name, entry in experiment.config.encoders.items()}
    shapes = {name: shape or UNKNOWN for name, shape in found.items()}
    said = [f"{name}: size unknown; counted as XLM-R Base" for name, shape in found.items() if shape is None]
    assumptions = ", ".join(f"{option.name.replace('_', ' ')} {getattr(assumed, option.name):g}" for option in OPTIONS)
    said.append(f"not measured but assumed: {assumptions}")
    jobs = dry_run(path)
    return [*rows(experiment, jobs, shapes, assumed), "", *disk(experiment, shapes), "", *said]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the estimate of an experiment."""
    parser = command_parser(
        "estimate",
        "Say what an experiment will take before anything is fetched: jobs, GPU hours and disk.",
        "realign estimate",
        "realign estimate --configfile other.yaml --teraflops 100",
    )
    parser.add_argument("--configfile", type=Path, default=Path("config.yaml"), help="default: config.yaml")
    for option in OPTIONS:
        flag = "--" + option.name.replace("_", "-")
        described = f"{option.metadata['help']} (default: {option.default:g})"
        parser.add_argument(flag, type=type(option.default), default=option.default, metavar="N", help=described)
    given = parser.parse_args(arguments)
    assumed = Assumptions(**{option.name: getattr(given, option.name) for option in OPTIONS})
    try:
        print(*estimate(given.configfile, assumed), sep="\n")
    except InputError as error:
        sys.exit(str(error))
