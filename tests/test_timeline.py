"""When jobs ran: the sittings and jobs at once by hand, and the figure of a real study."""

import os
import re
from pathlib import Path

import pandas as pd
import pytest

from realign.analysis.style import save_figure, set_style
from realign.analysis.timeline import at_once, read_benchmarks, sittings, timeline_figure
from study import Study


def jobs(*times: tuple[str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(times, columns=["rule", "start", "end"])


def test_jobs_at_once_are_those_that_have_started_and_not_ended() -> None:
    count = at_once(jobs(("a", 0, 10), ("a", 4, 6), ("b", 6, 12)))
    assert count.to_dict() == {0: 1, 4: 2, 6: 2, 10: 1, 12: 0}


def test_a_pause_parts_sittings_if_it_lasts_a_minute_and_a_twentieth_of_the_busy_time() -> None:
    assert sittings(jobs(("a", 0, 100), ("a", 40, 50), ("b", 159, 200))) == [(0, 200)]
    assert sittings(jobs(("a", 0, 100), ("b", 160, 200))) == [(0, 100), (160, 200)]
    # 2000 seconds of jobs: a pause is 100 seconds
    assert sittings(jobs(("a", 0, 1000), ("b", 1099, 2099))) == [(0, 2099)]
    assert sittings(jobs(("a", 0, 1000), ("b", 1100, 2100))) == [(0, 1000), (1100, 2100)]


def test_a_job_ended_when_its_benchmark_was_written(tmp_path: Path) -> None:
    for name, seconds, end in (("b/x.tsv", 2.5, 1010.0), ("a/y.tsv", 4.0, 1020.0)):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:02\tNA\n")
        os.utime(path, (end, end))
    assert read_benchmarks(tmp_path).to_numpy().tolist() == [["b", 1007.5, 1010.0], ["a", 1016.0, 1020.0]]


def test_the_figure_counts_every_benchmark_and_has_the_same_bytes_again(finished_study: Study, tmp_path: Path) -> None:
    results = finished_study.folder / "results"
    found = read_benchmarks(results / "benchmarks")
    assert len(found) == len(list((results / "benchmarks").rglob("*.tsv"))) >= 38
    assert "timeline.svg" in (results / "report.html").read_text(encoding="utf-8")
    set_style("tab10", 9)
    for name in ("one", "two"):
        save_figure(timeline_figure(found, 7.0), [str(tmp_path / f"{name}.svg")])
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_a_later_sitting_is_set_apart_and_dated() -> None:
    day = 86400.0
    figure = timeline_figure(jobs(("a", 0, 600), ("b", 600, 1200), ("a", day, day + 900)), 7.0)
    when, cost = figure.axes
    assert figure.get_suptitle() == "3 jobs took 35 min of work and 35 min of time in 2 sittings, at most 1 at once"
    assert [label.get_text() for label in when.get_yticklabels()] == ["a", "b"]
    assert [text.get_text().strip() for text in cost.texts] == ["25 min · 2 jobs", "10 min · 1 job"]
    assert len([text for text in when.texts if re.match(r"\d+ \w{3} \d\d:\d\d$", text.get_text())]) == 2
    ticks = {label.get_text(): place for label, place in zip(when.get_xticklabels(), when.get_xticks(), strict=True)}
    assert ticks["0"] == 0 and ticks["6"] == 360
    assert ticks["30"] == pytest.approx(1800 + 2100 / 50), "in the second sitting, after a pause of a fiftieth"


def test_without_benchmarks_the_figure_says_so() -> None:
    (text,) = timeline_figure(jobs(), 7.0).texts
    assert text.get_text() == "no job has left a benchmark"
