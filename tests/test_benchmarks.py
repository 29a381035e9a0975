"""What the benchmarks compare is comparable."""

from pathlib import Path

import pytest

from study import PROJECT


def test_the_plain_dag_has_every_job_of_the_workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROJECT / "benchmarks"))
    import dry_run

    dry_run.check_shape(tmp_path)
    plain = tmp_path / "plain.smk"
    content = dry_run.SNAKEFILES["plain"].read_text(encoding="utf-8")
    line = '        "results/tasks/{task}/{lang}/test.parquet",\n'
    assert line in content
    plain.write_text(content.replace(line, ""), encoding="utf-8")
    monkeypatch.setitem(dry_run.SNAKEFILES, "plain", plain)
    with pytest.raises(SystemExit, match="different jobs"):
        dry_run.check_shape(tmp_path)
