"""The list of all tables and figures: what the run makes and what the report shows, in its order."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CAPTIONS = Path(__file__).parents[1] / "pages" / "captions"
Kind = Literal["figure", "table", "paper"]
FOLDERS: dict[Kind, str] = {"figure": "results/figures", "table": "results", "paper": "results/tables"}
SUFFIXES: dict[Kind, tuple[str, ...]] = {"figure": (".svg", ".pdf"), "table": (".csv",), "paper": (".csv", ".tex")}
ANSWER, PAPER, MORE, TABLES, RUN = "The answer", "Tables for a paper", "More figures", "All tables", "The run"


@dataclass(frozen=True)
class Exhibit:
    """A figure, a tidy table, or a table laid out for a paper: its file's name, its part of the report, its title.

    The caption of a figure or tidy table is in `pages/captions/`; a table for a paper has that of its layout.
    """

    kind: Kind
    name: str
    part: str
    title: str
    needs: str | None = None
    """What an experiment must have: `judged` aligners, a `published` study, `curves`, or logged `gradients`."""

    @property
    def files(self) -> list[str]:
        """Its files; the report shows the first."""
        return [f"{FOLDERS[self.kind]}/{self.name}{suffix}" for suffix in SUFFIXES[self.kind]]

    def caption(self) -> str:
        """Its caption with placeholders; empty if its layout has one."""
        if self.kind == "paper":
            return ""
        return (CAPTIONS / f"{self.kind}s" / f"{self.name}.md").read_text(encoding="utf-8")


EXHIBITS = (
    Exhibit("figure", "transfer", ANSWER, "Transfer against alignment"),
    Exhibit("figure", "gain", ANSWER, "Gain of realignment"),
    Exhibit("paper", "correlations", PAPER, "Correlation of alignment and transfer"),
    Exhibit("paper", "realignment", PAPER, "Score by method"),
    Exhibit("paper", "realignment_by_language", PAPER, "Score by method and language"),
    Exhibit("paper", "alignment_change", PAPER, "Change of alignment by fine-tuning"),
    Exhibit("figure", "layers", MORE, "Alignment by layer"),
    Exhibit("figure", "predictors", MORE, "Which measure predicts transfer best"),
    Exhibit("figure", "summary", MORE, "Score by model size"),
    Exhibit("figure", "curves", MORE, "Methods that differ by one number", needs="curves"),
    Exhibit("figure", "gradients", MORE, "Gradients of task and realignment", needs="gradients"),
    Exhibit("figure", "published", MORE, "Beside the published study", needs="published"),
    Exhibit("table", "correlations", TABLES, "Correlations"),
    Exhibit("table", "predictors", TABLES, "Which measure predicts transfer best"),
    Exhibit("table", "realignment", TABLES, "Scores and gains"),
    Exhibit("table", "claims", TABLES, "When realignment helps"),
    Exhibit("table", "mixed_effects", TABLES, "Alignment and transfer within a language"),
    Exhibit("table", "alignment_change", TABLES, "Change of alignment"),
    Exhibit("table", "curves", TABLES, "Methods that differ by one number", needs="curves"),
    Exhibit("table", "gradients", TABLES, "Gradients of task and realignment", needs="gradients"),
    Exhibit("table", "published", TABLES, "Beside the published study", needs="published"),
    Exhibit("table", "aligners", TABLES, "Aligners beside hand-made links", needs="judged"),
    Exhibit("table", "scores", TABLES, "Every score"),
    Exhibit("table", "alignment", TABLES, "Every alignment score"),
    Exhibit("table", "models", TABLES, "Models"),
    Exhibit("figure", "timeline", RUN, "When jobs ran"),
)
"""In the order of the report."""
