"""How figures and tables look: colours that everybody can tell apart, markers beside them, widths, readable names."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from realign.analysis.names import language_name
from realign.text.files import atomic_path

WIDTHS = {"column": 7.7 / 2.54, "text": 16 / 2.54}
"""Inches of a column and of a text block in the style of the ACL."""
NARROW = 4.0
"""Below this many inches, panels stand one under the other."""
MARKERS = "osD^vP*X<>"
"""Markers with a face, so that it can be left open."""
LINES: tuple[str | tuple[int, tuple[int, ...]], ...] = ("-", "--", "-.", (0, (1, 1)), (0, (6, 1, 1, 1, 1, 1)))
FILLS: tuple[Literal["full", "none", "left", "right", "top", "bottom"], ...] = (
    "full", "none", "left", "right", "top", "bottom",
)  # fmt: skip
MOMENTS: dict[str, tuple[int, Any]] = {"before": (0, "--"), "after": (1, "-")}
"""Number of the colour, and line style, of alignment before and after fine-tuning."""
NEUTRAL = "0.35"
"""The colour of what is neither a language nor a realignment: the baseline, and the samples in legends."""


def set_style(palette: str, font_size: float) -> None:
    """Apply the configured look."""
    plt.rcParams.update(
        {
            "axes.prop_cycle": matplotlib.cycler(color=visible_colors(plt.get_cmap(palette).colors)),  # type: ignore[attr-defined]
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "font.size": font_size,
            "legend.frameon": False,
            "legend.fontsize": "small",
            "lines.markersize": 4.5,
            "pdf.fonttype": 42,
            "svg.hashsalt": "realign",
            "text.parse_math": False,  # show a dollar sign in a label as it is
            "xtick.labelsize": "small",
            "ytick.labelsize": "small",
        }
    )


def visible_colors(colors: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """The colours of a palette that show on white and are not black, which axes have; darkest first.

    If hardly any are, as in a palette of pastels, all are kept.
    """
    shown = [color for color in colors if 0.02 < luminance(color) < 0.6]
    return sorted(shown if len(shown) > 2 else colors, key=luminance)


def luminance(color: tuple[float, float, float] | str) -> float:
    """Relative luminance of a colour, from 0 (black) to 1 (white), as WCAG 2 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def inches(width: float | str) -> float:
    """A figure's width: the one of that name in `WIDTHS`, or the number itself."""
    return WIDTHS[width] if isinstance(width, str) else width


def save_figure(figure: Figure, paths: Sequence[str]) -> None:
    """Write the figure in every format at its own size, without a date inside."""
    for path in paths:
        undated = {"Date": None} if path.endswith(".svg") else {"CreationDate": None}
        with atomic_path(Path(path)) as temporary:
            form = Path(path).suffix.removeprefix(".")
            figure.savefig(temporary, format=form, metadata=undated)
    plt.close(figure)


def message_figure(message: str, width: float) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = plt.figure(figsize=(width, 0.5))
    figure.text(0.5, 0.5, message, ha="center", va="center")
    return figure


def color_of(number: int) -> str:
    """The colour of the language or method of this number; after the last colour they begin again."""
    return f"C{number}"


def marker_of(number: int) -> str:
    """The marker beside it; as there are more markers than colours, the pair does not repeat for long."""
    return MARKERS[number % len(MARKERS)]


def fitted(text: str, width: float) -> str:
    """A text broken into lines that fit into a width in inches."""
    characters = int(width * 72 / (0.52 * plt.rcParams["font.size"]))
    return "\n".join(textwrap.fill(line, max(8, characters)) for line in text.split("\n"))


def columns_of(names: Sequence[str], width: float) -> int:
    """How many entries of a legend stand in a row of a figure this wide, in inches."""
    entry = (max(map(len, names), default=1) + 6) * 0.5 * plt.rcParams["font.size"] / 72
    return max(1, min(len(names), int(width / entry)))


def by_name(languages: Sequence[str] | set[str]) -> list[str]:
    """Language codes in the order of the languages' names."""
    return sorted(languages, key=language_name)


def grid_of(
    count: int, across: int, width: float, aspect: float, *, sharex: bool = False, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels in rows of `across`, each `aspect` times as high as wide, and room for a legend."""
    down = -(-count // across)
    figure, grid = plt.subplots(
        down, across, figsize=(width, aspect * width / across * down + 0.4), squeeze=False, sharex=sharex,
        sharey="row" if sharey else False,
    )  # fmt: skip
    panels = list(grid.flat)
    for axes in panels[count:]:
        axes.remove()
    return figure, panels[:count]


def legend_below(figure: Figure, handles: Sequence[Any], width: float) -> None:
    """A legend under the whole figure, as many entries in a row as fit."""
    names = [str(handle.get_label()) for handle in handles]
    figure.legend(handles=list(handles), loc="outside lower center", ncols=columns_of(names, width))
