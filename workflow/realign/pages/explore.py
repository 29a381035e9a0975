"""The explorer: every observation in one page, where the reader chooses what is shown and filters it by drawing."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import vl_convert
from matplotlib.colors import to_hex

from realign.analysis.names import language_name, task_name
from realign.analysis.style import visible_colors
from realign.analysis.tables import BASELINE, SCORE_KEYS, alignment_of_runs
from realign.pages.packing import asset, packed, values_of, write_page

SERIES = [*SCORE_KEYS, "moment", "measure", "direction"]
"""What tells one curve over the layers from another."""


def write_explorer(page: Path, tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> None:
    """Write the page from the tables `scores`, `alignment`, `realignment` and `correlations`."""
    content = {
        "data": packed(json.dumps(observations(tables, settings), ensure_ascii=False)),
        "library": packed(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")),
        "style": asset("page.css") + asset("explore.css"),
        "script": asset("explore.js"),
    }
    write_page(page, "explore.html", content)


def observations(tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the page needs of the tables, and the names that it shows."""
    scores, source = tables["scores"], settings["source_language"]
    series = curves(scores, tables["alignment"])
    gains = tables["realignment"]
    gains = gains[(gains["method"] != BASELINE) & gains["language"].isin(set(scores["language"]) - {source})]
    shown = ["task", "method", "model", "language", "gain", "low", "high"]
    correlations = tables["correlations"]
    cell = ["task", "method", "model", "position", "moment", "measure", "direction", "n", "rho", "low", "high", "p"]
    return {
        "series": _table(series),
        "gains": _table(gains[shown]),
        "correlations": _table(correlations.loc[correlations["position"].isin(["last", "penultimate"]), cell]),
        "languages": {code: language_name(code) for code in scores["language"].unique()},
        "methods": dict(settings["labels"]),
        "tasks": {task: task_name(task) for task in sorted(scores["task"].unique())},
        "measures": list(settings["measures"]),
        "confidence": f"{100 * settings['confidence']:g}%",
        "colors": [to_hex(color) for color in visible_colors(plt.get_cmap(settings["palette"]).colors)],  # type: ignore[attr-defined]
    }


def curves(scores: pd.DataFrame, alignment: pd.DataFrame) -> pd.DataFrame:
    """A row for each run, language, moment, measure and direction: `transfer`, `score`, and alignment by `layer`."""
    runs = alignment_of_runs(alignment, scores).sort_values([*SERIES, "layer"])
    runs["score"] = runs["score"].round(4)
    found = runs.groupby(SERIES, sort=False)["score"].agg(list).rename("alignment").reset_index()
    return found.merge(scores[[*SCORE_KEYS, "score", "transfer"]], on=SCORE_KEYS)


def _table(table: pd.DataFrame) -> dict[str, Any]:
    return {"columns": list(table.columns), "rows": values_of(table)}
