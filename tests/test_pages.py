"""The pages as a reader has them: opened from disk in a real browser, sorted, filtered, chosen from, hovered over."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from browser import Page, browser
from debian import Unavailable
from realign.analysis.answers import short_answers
from realign.experiment.exhibits import EXHIBITS
from realign.pages.packing import packed, packed_table
from realign.pages.report import LARGEST, Shown, filled, within
from study import Study


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A tab of a new browser; tests are skipped where it cannot be installed."""
    try:
        with browser() as tab:
            yield tab
    except Unavailable as reason:
        pytest.skip(str(reason))


def report_of(study: Study) -> Path:
    return study.folder / "results" / "report.html"


def test_the_report_opens_from_disk_asks_for_nothing_and_complains_of_nothing(
    finished_study: Study, page: Page
) -> None:
    page.open(report_of(finished_study))
    assert page.outside() == [] and page.complaints == []
    shown = [exhibit for exhibit in EXHIBITS if exhibit.needs is None]
    assert page.look("document.querySelectorAll('figure').length") == len(shown)
    assert page.look("document.querySelectorAll('figure > figcaption').length") == len(shown)
    figures = sum(exhibit.kind == "figure" for exhibit in shown)
    assert page.look("[...document.images].filter(image => image.naturalWidth > 100).length") == figures
    assert page.look("document.querySelectorAll('table.dataTable').length") == len(shown) - figures
    assert "{" not in page.look("document.querySelector('main').innerText"), "a placeholder is left"


def test_the_answer_comes_first_with_two_figures(finished_study: Study, page: Page) -> None:
    page.open(report_of(finished_study))
    first = "document.querySelector('main > section')"
    assert page.look(f"{first}.querySelector('h2').innerText") == "The answer"
    assert page.look(f"{first}.querySelectorAll('.answers li').length") == 3
    assert page.look(f"[...{first}.querySelectorAll('figure')].map(figure => figure.id)") == [
        "figure-transfer",
        "figure-gain",
    ]


def test_a_table_is_sorted_filtered_and_copied_by_the_reader(finished_study: Study, page: Page) -> None:
    page.open(report_of(finished_study))
    table = pd.read_csv(finished_study.folder / "results" / "scores.csv")
    box = "document.querySelector('#table-scores')"
    rows = f"[...{box}.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))"
    column = list(table.columns).index("score")
    assert len(page.look(rows)) == min(12, len(table))
    page.look(f"{box}.querySelectorAll('thead th')[{column}].querySelector('button').click()")
    assert [float(row[column]) for row in page.look(rows)] == pytest.approx(sorted(table["score"])[:12], rel=1e-3)
    page.look(
        f"(input => {{ input.value = 'ner dictionary'; input.dispatchEvent(new Event('input', {{bubbles: true}})) }})"
        f"({box}.querySelector('.dt-search input'))"
    )
    page.until(f"{rows}.every(row => row.includes('ner') && row.includes('before-dictionary'))")
    assert len(page.look(rows)) == len(table[(table["task"] == "ner") & (table["method"] == "before-dictionary")])
    page.look(
        "document.addEventListener('copy', event => { window.copied = document.getSelection().toString()"
        " || event.target.value })"
    )
    page.look(f"{box}.scrollIntoView()")
    page.click("#table-scores .buttons-copy")
    copied = page.until("window.copied")
    names, *lines = (line.split("\t") for line in copied.strip().splitlines() if "\t" in line)
    assert names == list(table.columns) and len(lines) == len(page.look(rows))
    assert {line[column] for line in lines} <= {f"{score:g}" for score in table["score"]}, "as in the file"


@pytest.mark.parametrize("width", [400, 1200])
def test_nothing_is_wider_than_the_window(finished_study: Study, page: Page, width: int) -> None:
    for path in (report_of(finished_study), explorer_of(finished_study)):
        page.open(path, width=width)
        assert page.look("document.documentElement.scrollWidth") <= width


def test_the_report_is_one_file_of_less_than_six_megabytes(finished_study: Study) -> None:
    text = report_of(finished_study).read_text(encoding="utf-8")
    assert len(text) < LARGEST
    assert not re.findall(
        r"(?:src|href)=[\"'](?!data:|#|explore\.html)[^\"']*", re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    )


def explorer_of(study: Study) -> Path:
    return study.folder / "results" / "explore.html"


def drawn(page: Page) -> dict[str, int]:
    """How many points each view of the explorer shows."""
    return {view: page.look(f"Number(document.getElementById('{view}').dataset.rows)") for view in VIEWS}


def choose(page: Page, key: str, value: str) -> None:
    page.look(
        f"(select => {{ select.value = {value!r}; select.dispatchEvent(new Event('change')) }})"
        f"(document.querySelector('select[name={key}]'))"
    )
    page.until(f"JSON.parse(document.documentElement.dataset.chosen)[{key!r}] === {value!r}")


VIEWS = ("points", "layers", "gains")
POINT = "#points .mark-symbol.role-mark path"
POINTS = f"[...document.querySelectorAll('{POINT}')].map(point => point.getAttribute('aria-label'))"


def test_the_explorer_opens_from_disk_asks_for_nothing_and_complains_of_nothing(
    finished_study: Study, page: Page
) -> None:
    page.open(explorer_of(finished_study), height=1400)
    choose(page, "task", "pos")
    assert drawn(page) == {"points": 2, "layers": 2 * 2 * 3, "gains": 2}, "languages; moments and layers; one method"
    assert page.look(f"document.querySelectorAll('{POINT}').length") == 2
    assert page.outside() == [] and page.complaints == []


def test_a_choice_changes_the_points(finished_study: Study, page: Page) -> None:
    page.open(explorer_of(finished_study), height=1400)
    choose(page, "task", "pos")
    choose(page, "method", "all")
    assert drawn(page)["points"] == 4
    for key, value in (("moment", "after"), ("measure", "strong"), ("direction", "backward"), ("layer", "1")):
        choose(page, key, value)
        assert drawn(page)["points"] == 4
    before = page.look(POINTS)
    choose(page, "layer", "0")
    assert page.look(POINTS) != before
    alignment = pd.read_csv(finished_study.folder / "results" / "alignment.csv")
    scores = pd.read_csv(finished_study.folder / "results" / "scores.csv")
    cell = alignment.query("method == 'baseline' and moment == 'after' and measure == 'strong' and layer == 0")
    cell = cell.query("direction == 'backward' and task == 'pos' and language == 'it'")
    transfer = scores.query("method == 'baseline' and task == 'pos' and language == 'it'")["transfer"]
    choose(page, "method", "baseline")
    said = [hovered(page, number) for number in range(2)]
    italian = next(text for text in said if text["language"] == "Italian")
    assert float(italian["alignment"]) == pytest.approx(cell["score"].item(), abs=0.0006)
    assert float(italian["transfer, %"].replace("−", "-")) == pytest.approx(100 * transfer.item(), abs=0.06)
    assert page.complaints == []


def hovered(page: Page, number: int) -> dict[str, str]:
    """What the page says of a point under the mouse."""
    page.mouse("Moved", 1, 1)
    page.until("!document.querySelector('#vg-tooltip-element.visible')")
    page.mouse("Moved", *page.middle(POINT, number))
    page.until("!!document.querySelector('#vg-tooltip-element.visible')")
    rows = page.look(
        "[...document.querySelectorAll('#vg-tooltip-element tr')]"
        ".map(row => [...row.cells].map(cell => cell.innerText))"
    )
    return {name.strip(): value.strip() for name, value in rows}


def test_a_box_in_one_view_filters_the_others(finished_study: Study, page: Page) -> None:
    page.open(explorer_of(finished_study), height=1400)
    choose(page, "task", "pos")
    x, y = page.middle(POINT)
    left, top, width, height = page.box("#points .background")
    # a box has to begin inside of the panel; points may lie on its edge
    start = (x + 12 if x + 13 < left + width else x - 12, y + 12 if y + 13 < top + height else y - 12)
    page.drag(start, (2 * x - start[0], 2 * y - start[1]))
    page.until("document.getElementById('gains').dataset.rows === '1'")
    assert drawn(page) == {"points": 2, "layers": 6, "gains": 1}
    assert "correlations are of all points" in page.look("document.getElementById('correlation').innerText")
    page.click("#points .background")
    page.until("document.getElementById('gains').dataset.rows === '2'")
    assert page.complaints == []


def test_the_largest_tables_are_left_out_of_a_page_that_would_be_too_large() -> None:
    def shown(name: str, size: int) -> Shown:
        return Shown("part", name, name, "", "results/x.csv", table="x" * size, rows=3)

    found = within([shown("a", 50), shown("b", 70), shown("c", 10)], 65)
    assert [bool(exhibit.table) for exhibit in found] == [True, False, True]
    assert [bool(exhibit.table) for exhibit in within(found, 200)] == [True, False, True]
    assert all(exhibit.rows == 3 for exhibit in found)


def test_what_is_packed_is_the_same_every_time_and_keeps_what_is_unknown() -> None:
    table = pd.DataFrame({"language": ["ar", None], "score": [0.1234567, float("nan")]})
    assert packed_table(table) == packed_table(table) and packed("x") == packed("x")


def test_captions_are_filled_from_the_config() -> None:
    settings = {"confidence": 0.9, "seeds": [1], "measures": ["weak"], "study": "mine"}
    said = filled("{seeds}, {confidence}, {outside}, {measure}, {study}, {ceiling}", settings)
    assert said == "1 seed, 90%, 10%, weak, mine, 0.95"
    for exhibit in EXHIBITS:
        assert "{" not in filled(exhibit.caption(), settings)


def test_the_short_answers_say_no_more_than_the_tables() -> None:
    cell = {"task": "pos", "method": "baseline", "model": "all", "position": "last", "measure": "weak"}
    cell |= {"direction": "forward", "rho": 0.7, "low": -0.2, "high": 0.9, "p": 0.2}
    after = {"moment": "after", "p": 0.01, "low": 0.3}
    correlations = pd.DataFrame([{**cell, "moment": "before"}, {**cell, **after}])
    gain = {"task": "pos", "language": "mean", "method": "best", "gain": 0.02, "low": 0.01, "high": 0.03}
    gains = pd.DataFrame(
        [
            {**gain, "model": "small"},
            {**gain, "model": "large", "low": -0.01},
            {**gain, "model": "small", "method": "other", "gain": 0.01},
        ]
    )
    claim = {"claim": "small", "task": "pos", "method": "all", "over": None, "low": -1.0, "high": 1.0, "reading": "x"}
    tables = {"correlations": correlations, "realignment": gains, "claims": pd.DataFrame([claim])}
    labels = {"baseline": "baseline", "best": "the best", "other": "another"}
    first, second, third = short_answers(tables, labels, "weak")
    assert first.startswith("POS: better aligned languages transfer better, by their alignment after fine-tuning")
    assert "before fine-tuning ρ = 0.70 [-0.20, 0.90], p = 0.2; after" in first
    assert second == (
        "POS: realignment beats the baseline for small; mean gain over languages in points (the best, the best of 2 "
        "methods): small +2.0 [+1.0, +3.0], large +2.0 [-1.0, +3.0]."
    )
    assert "none of the study's claims" in third
    tables["claims"] = pd.DataFrame([{**claim, "low": 0.5, "reading": "smaller models gain more"}])
    assert short_answers(tables, labels, "weak")[2] == "When it helps: POS: smaller models gain more."
    tables["claims"] = pd.DataFrame([{**claim, "claim": "correlated", "task": "all", "low": 0.5}])
    assert short_answers(tables, labels, "weak")[2] == "When it helps: over all tasks: x."
    only = short_answers({**tables, "realignment": gains[:0]}, {"baseline": "baseline"}, "weak")
    assert "only the baseline" in only[1] and len(only) == 2
    none = correlations.assign(p=float("nan"))
    assert "too few points" in short_answers({**tables, "correlations": none}, labels, "weak")[0]
