"""Show where the time and the memory of a finished run went, stage by stage, as Markdown.

    python benchmarks/stages.py [results]

Reads what Snakemake measured for every job (`results/benchmarks/`) and the record of every training (`run.json`).
"""

import json
import sys
from pathlib import Path

import pandas as pd
from machine import describe


def stages(results: Path) -> pd.DataFrame:
    """Jobs, seconds of wall clock and CPU, and peak memory of each rule."""
    rows = []
    benchmarks = results / "benchmarks"
    for path in sorted(benchmarks.rglob("*.tsv")):
        measured = pd.read_csv(path, sep="\t", na_values="-").iloc[0]
        rows.append(
            {
                "stage": path.relative_to(benchmarks).parts[0],
                "seconds": measured["s"],
                "cpu_seconds": measured["cpu_time"],
                "peak_mib": measured["max_rss"],
            }
        )
    grouped = pd.DataFrame(rows).groupby("stage")
    return pd.DataFrame(
        {
            "jobs": grouped.size(),
            "CPU seconds, all": grouped["cpu_seconds"].sum().round(1),
            "wall seconds, mean": grouped["seconds"].mean().round(1),
            "peak MiB, largest": grouped["peak_mib"].max().round(),
        }
    ).sort_values("CPU seconds, all", ascending=False)


def trainings(results: Path) -> pd.DataFrame:
    """Seconds before the first batch and sentences a second, by kind of training and model."""
    rows = []
    for kind in ("realigned", "finetuned"):
        for path in sorted(results.glob(f"{kind}/**/run.json")):
            record = json.loads(path.read_text(encoding="utf-8"))
            rows.append({"training": kind, "model": path.relative_to(results).parts[1], **record})
    grouped = pd.DataFrame(rows).groupby(["training", "model"])
    return pd.DataFrame(
        {
            "runs": grouped.size(),
            "seconds to first batch, mean": grouped["seconds_to_first_batch"].mean().round(1),
            "sentences a second, mean": grouped["sentences_per_second"].mean().round(1),
        }
    ).reset_index()


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    print(describe(), stages(folder).to_markdown(), trainings(folder).to_markdown(index=False), sep="\n\n")
