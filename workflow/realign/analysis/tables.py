"""Tidy tables of every score and every alignment: one observation per row."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, ValidationError

from realign.alignment.records import AlignmentRecord, AlignmentScore, ScoreRecord
from realign.errors import InputError
from realign.text.files import atomic_writer, reading, verify

BASELINE = "baseline"
"""The method without realignment."""

Record = TypeVar("Record", bound=BaseModel)

SCORE_KEYS = ["model", "method", "task", "seed", "language"]
SCORE_COLUMNS = [*SCORE_KEYS, "realigned_for", "metric", "score", "n", "transfer"]
"""The columns of the table of scores but those of further metrics."""
RUN_KEYS = ["model", "method", "task", "seed"]
FEW_PAIRS = 100
"""Alignment over fewer pairs than this says little, and a warning names the languages."""
ALIGNMENT_KEYS = ["moment", "model", "method", "task", "seed", "language", "layer", "direction", "measure"]
NAMES = ["model", "method", "task", "language", "measure", "aligner", "position", "metric", "realigned_for"]
NAMES += ["quantity", "over_model", "over_method"]
"""Columns that hold names, in any table."""
Start = tuple[str, str, str, str, str | None]
"""Model, recipe of its realigned encoder, method, task, and the language if the method realigns for each one."""


def read_records(paths: Iterable[str], kind: type[Record]) -> list[Record]:
    """Records of one kind from their JSON files; raises `InputError` for a damaged one."""
    return [_read_record(Path(path), kind) for path in paths]


def _read_record(path: Path, kind: type[Record]) -> Record:
    with reading(path):
        verify(path)
        try:
            return kind.model_validate_json(path.read_bytes())
        except ValidationError:
            raise InputError(f"{path}: damaged; delete it and run again to remake it") from None


def scores_table(records: Iterable[ScoreRecord], source_language: str, methods: Sequence[str]) -> pd.DataFrame:
    """Every score, with transfer: (score in target - score in source) / score in source, same model.

    `realigned_for` is the language of the encoder, if the method realigns one for each language. Further metrics have
    columns of their own, which are empty for the tasks without them.
    """
    found = list(records)
    further = sorted({name for record in found for name in record.further})
    columns = [*SCORE_KEYS, "realigned_for", "metric", "score", "n", *further]
    rows = [{**record.model_dump(include=set(columns)), **record.further} for record in found]
    table = pd.DataFrame(rows, columns=columns)
    run = [*RUN_KEYS, "realigned_for"]
    source = table[table["language"] == source_language].rename(columns={"score": "source_score"})
    table = table.merge(source[[*run, "source_score"]], on=run, how="left")  # None equals None here
    table["transfer"] = (table["score"] - table["source_score"]) / table["source_score"]
    return in_order(table.drop(columns="source_score"), [*SCORE_KEYS, "realigned_for"], methods)


def every_metric(scores: pd.DataFrame) -> pd.DataFrame:
    """The table of scores with a row for each metric; rows of the further ones have no transfer."""
    further = [column for column in scores.columns if column not in SCORE_COLUMNS]
    main = scores.drop(columns=further)
    others = [main.assign(metric=name, score=scores[name], transfer=np.nan)[scores[name].notna()] for name in further]
    return pd.concat([main, *others], ignore_index=True)


def alignment_table(
    scores: Iterable[ScoreRecord],
    encoders: Iterable[AlignmentRecord],
    starts: Iterable[Start],
    methods: Sequence[str],
    measures: Sequence[str],
) -> pd.DataFrame:
    """Every alignment score; `moment` is before or after fine-tuning, `layers` the number of layers of the model.

    Before fine-tuning, a pretrained encoder, whose method is the baseline, has no seed and no task. A realigned one is
    listed under every method and task that starts from it.

    All languages are compared over the same number of pairs, `n` (`common_pairs`); a language that has fewer than any
    measured number has its own. `available` is the number of pairs that it has.
    """
    scores, encoders = list(scores), list(encoders)
    pairs = common_pairs([*scores, *encoders])
    rows: list[dict[str, Any]] = []
    for score in scores:
        about = {"moment": "after", **score.model_dump(include=set(SCORE_KEYS))}
        rows += _rows(about, score.alignment, pairs)
    starting = defaultdict(list)
    for model, recipe, method, task, language in starts:
        starting[model, recipe].append((method, task, language))
    for encoder in encoders:
        about = {"moment": "before", **encoder.model_dump(include={"model", "seed", "language"})}
        if encoder.recipe is None:
            rows += _rows({**about, "method": BASELINE, "task": None}, encoder.alignment, pairs)
            continue
        for method, task, language in starting[encoder.model, encoder.recipe]:
            if language in (None, encoder.language):
                rows += _rows({**about, "method": method, "task": task}, encoder.alignment, pairs)
    table = pd.DataFrame(rows, columns=[*ALIGNMENT_KEYS, "layers", "score", "n", "available"])
    table["seed"] = table["seed"].astype("Int64")
    return in_order(table, ALIGNMENT_KEYS, methods, measures)


def common_pairs(records: Iterable[ScoreRecord | AlignmentRecord]) -> dict[str, int | None]:
    """By measure, the largest number of pairs over which every record was measured; None if there is none.

    Records with too few pairs for any number do not count. Measures of words share their number, and those of sentences
    theirs.
    """
    numbers: dict[str, set[int]] = {}
    for record in records:
        for measure, by_pairs in {score.measure: score.by_pairs for score in record.alignment}.items():
            if by_pairs:
                numbers[measure] = numbers.get(measure, set(by_pairs)) & set(by_pairs)
    return {measure: max(found, default=None) for measure, found in numbers.items()}


def few_pairs(alignment: pd.DataFrame) -> str | None:
    """A warning that names the languages of an alignment table with fewer pairs than `FEW_PAIRS`, if any.

    It is about the first measure that has such languages.
    """
    for measure, rows in alignment.groupby("measure", sort=False):
        least = rows.groupby("language")[["n", "available"]].min()
        few = least[least["available"] < FEW_PAIRS]
        if few.empty:
            continue
        counts = ", ".join(f"{language} ({available})" for language, available in few["available"].items())
        return (
            f"few measured pairs for {counts}; {measure} alignment is compared over {few['n'].max()} pairs of each "
            "language, and scores over so few say little"
        )
    return None


def _rows(
    about: dict[str, Any], alignment: Sequence[AlignmentScore], common: Mapping[str, int | None]
) -> list[dict[str, Any]]:
    layers = max((score.layer for score in alignment), default=0)
    rows = []
    for score in alignment:
        row = {**about, **score.model_dump(exclude={"by_pairs"}), "layers": layers, "available": score.n}
        pairs = common.get(score.measure)
        if pairs is not None and pairs in score.by_pairs:
            row.update(score=score.by_pairs[pairs], n=pairs)
        rows.append(row)
    return rows


def in_order(
    table: pd.DataFrame, keys: list[str], methods: Sequence[str], measures: Sequence[str] = ()
) -> pd.DataFrame:
    """A table sorted by `keys`; methods and measures are in the order of the config, all else in ascending order."""
    orders = {"method": list(methods), "measure": list(measures)}

    def rank(column: pd.Series) -> pd.Series:
        order = orders.get(str(column.name))
        return column.map(order.index) if order else column

    return table.sort_values(keys, key=rank, ignore_index=True)


def alignment_of_runs(alignment: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Alignment before and after fine-tuning of every scored run: the table's rows with each run's task and seed.

    A run has rows for the languages that it is scored on. Before fine-tuning, runs have the alignment of the realigned
    encoder that they started from, or else that of the pretrained one.
    """
    runs = scores[RUN_KEYS].drop_duplicates()
    after = alignment[alignment["moment"] == "after"]
    before = alignment[alignment["moment"] == "before"]
    pretrained = before[before["method"] == BASELINE].drop(columns=["method", "task", "seed"])
    realigned = before[before["method"] != BASELINE]
    others = runs[~runs["method"].isin(realigned["method"])]
    rows = pd.concat([after, others.merge(pretrained, on="model"), runs.merge(realigned, on=RUN_KEYS)])
    return rows.merge(scores[SCORE_KEYS].drop_duplicates(), on=SCORE_KEYS)


def with_transfer(runs: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of runs with the transfer of each; runs whose source score is 0 have no transfer and are left out."""
    points = runs.merge(scores[[*SCORE_KEYS, "transfer"]], on=SCORE_KEYS)
    return points[np.isfinite(points["transfer"])]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV with six significant digits."""
    with atomic_writer(path) as out:
        table.to_csv(out, index=False, float_format="%.6g", lineterminator="\n")


def read_table(path: Path) -> pd.DataFrame:
    """Read one of the tables back; raises `InputError` if it is damaged or was changed."""
    with reading(path):
        verify(path)
        try:
            # names such as `nan` or `01` must stay strings
            table = pd.read_csv(path, dtype=dict.fromkeys(NAMES, str), keep_default_na=False, na_values=[""])
        except (ValueError, UnicodeDecodeError):  # pandas' errors about a file's content are ValueErrors
            raise InputError(f"{path}: damaged; delete it and run again to remake it") from None
    if "seed" in table:
        table["seed"] = table["seed"].astype("Int64")
    return table
