"""The report: the answer first, then every figure once and every table, in one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markdown_it import MarkdownIt

from realign.analysis.answers import claim_answers, correlation_answer, short_answers
from realign.analysis.correlation import ALL_METHODS, CEILING
from realign.analysis.layouts import LAYOUTS, caption_of
from realign.analysis.layouts import Shown as LayoutShown
from realign.analysis.names import language_name, task_name
from realign.analysis.predictors import best_predictor
from realign.analysis.tables import BASELINE, read_table
from realign.pages.packing import asset, data_tables, figure_url, packed, packed_table, write_page

LARGEST = 6_000_000
"""The largest page, in bytes."""


@dataclass(frozen=True)
class Shown:
    """An exhibit in the page: a figure has a `figure` (a data URL), a table has `table` (packed) and its size."""

    part: str
    id: str
    title: str
    caption: str
    path: str
    figure: str = ""
    table: str = ""
    rows: int = 0


def write_report(page: Path, files: Sequence[Path], settings: Mapping[str, Any]) -> None:
    """Write the page from the files of the exhibits, which are in the order of `settings["exhibits"]`."""
    exhibits = settings["exhibits"]
    tables = {
        exhibit["name"]: read_table(file)
        for exhibit, file in zip(exhibits, files, strict=True)
        if exhibit["kind"] == "table"
    }
    shown = [shown_exhibit(exhibit, file, tables, settings) for exhibit, file in zip(exhibits, files, strict=True)]
    script, style = data_tables()
    content = {
        "experiment": experiment_rows(tables, settings),
        "answers": short_answers(tables, settings["labels"], settings["measures"][0]),
        "confidence": f"{100 * settings['confidence']:g}%",
        "details": details(tables, settings),
        "parts": parts(within(shown, LARGEST - len(packed(script)) - len(style) - 100_000)),
        "style": style + asset("page.css"),
        "library": packed(script),
        "script": asset("report.js"),
    }
    write_page(page, "report.html", content)


def shown_exhibit(
    exhibit: Mapping[str, Any], file: Path, tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]
) -> Shown:
    """One figure or table with its caption."""
    kind, name = exhibit["kind"], exhibit["name"]
    caption = exhibit["caption"]
    if kind == "paper":
        source = tables[LAYOUTS[name][0]]
        caption = caption_of(name, source, settings["confidence"], settings["measures"][0])
    else:
        caption = filled(caption, settings)
    about = {"part": exhibit["part"], "id": f"{kind}-{name}", "title": exhibit["title"]}
    about |= {"caption": MarkdownIt().render(caption), "path": f"results/{_folder(kind)}{file.name}"}
    if kind == "figure":
        return Shown(**about, figure=figure_url(file))
    if kind == "table":
        return Shown(**about, table=packed_table(tables[name]), rows=len(tables[name]))
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    return Shown(**about, table=packed_table(table, _best(name, tables, settings)), rows=len(table))


def _best(name: str, tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Row and column, in its CSV, of the cells that a table for a paper sets in bold."""
    source, lay_out, _ = LAYOUTS[name]
    layout = lay_out(tables[source], LayoutShown(settings["labels"], settings["measures"], settings["source_language"]))
    if layout.best is None:
        return []
    rows, columns = layout.best.to_numpy().nonzero()
    return [(int(row), int(column) + layout.cells.index.nlevels) for row, column in zip(rows, columns, strict=True)]


def _folder(kind: str) -> str:
    return {"figure": "figures/", "paper": "tables/"}.get(kind, "")


def filled(caption: str, settings: Mapping[str, Any]) -> str:
    """A caption with its placeholders filled in."""
    seeds = len(settings["seeds"])
    return caption.format(
        confidence=f"{100 * settings['confidence']:g}%",
        outside=f"{100 - 100 * settings['confidence']:.3g}%",
        seeds=f"{seeds} seed{'s' * (seeds > 1)}",
        measure=settings["measures"][0],
        study=settings["study"],
        ceiling=f"{CEILING:g}",
    )


def experiment_rows(tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the experiment compares, a row for each side of it."""
    scores, source = tables["scores"], settings["source_language"]
    targets = sorted({language_name(code) for code in scores["language"].unique() if code != source})
    sizes = [f"{row['model']} ({row['parameters'] / 1e6:.0f}M)" for row in tables["models"].to_dict("records")]
    return [
        ("source language", language_name(source)),
        ("target languages", ", ".join(targets)),
        ("models (parameters)", ", ".join(sizes)),
        ("methods", "; ".join(settings["labels"].values())),
        ("tasks", ", ".join(task_name(task) for task in sorted(scores["task"].unique()))),
        ("seeds", ", ".join(map(str, settings["seeds"]))),
        ("measures of alignment", ", ".join(settings["measures"])),
    ]


def details(tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> list[str]:
    """What the answer rests on: paragraphs on correlations, on measures, and on claims."""
    correlations, measure = tables["correlations"], settings["measures"][0]
    paragraphs = [
        f"{task_name(task)}. {correlation_answer(correlations, task, measure, settings['confidence'])}"
        for task in sorted(correlations["task"].unique())
    ]
    paragraphs += [
        best_predictor(tables["predictors"], task, moment, settings["confidence"])
        for task in sorted(correlations["task"].unique())
        for moment in ("before", "after")
    ]
    methods = [method for method in settings["labels"] if method != BASELINE]
    claims = claim_answers(tables["claims"], ALL_METHODS if len(methods) > 1 else "".join(methods))
    return [*paragraphs, *[" ".join(claims)] * bool(claims)]


def parts(shown: Sequence[Shown]) -> dict[str, list[Shown]]:
    """The exhibits by part, both in order."""
    found: dict[str, list[Shown]] = {}
    for exhibit in shown:
        found.setdefault(exhibit.part, []).append(exhibit)
    return found


def within(shown: Sequence[Shown], budget: int) -> list[Shown]:
    """The exhibits, without the rows of the largest tables if the page would be too large."""
    sizes = {exhibit.id: len(exhibit.figure) + len(exhibit.table) for exhibit in shown}
    for exhibit in sorted(shown, key=lambda exhibit: -len(exhibit.table)):
        if sum(sizes.values()) <= budget:
            break
        sizes[exhibit.id] = len(exhibit.figure)
    return [exhibit if sizes[exhibit.id] else Shown(**{**vars(exhibit), "table": ""}) for exhibit in shown]
