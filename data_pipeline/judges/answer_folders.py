"""Where the answers of judges lie in a results folder, as they came: `judge_answers/JUDGE/`.

They are no part of the tables and are listed nowhere; no run touches them. The rows of table `judgments` are
made from them and can be made again.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc

from data_pipeline.judges.annotations import JUDGE_ID
from data_pipeline.schema import check_id
from data_pipeline.store import Results

ANSWERS = "judge_answers"


def answer_folder(results: Path, judge: str) -> Path:
    """Where the answers of `judge` lie; it need not exist."""
    return results / ANSWERS / check_id(judge, "judge")


def has_answers(results: Results) -> bool:
    """Whether anybody but the annotations has judged these results."""
    if any(path.stat().st_size for path in (results.folder / ANSWERS).glob("*/answers.jsonl")):
        return True
    judges = pc.unique(results.read("judgments")["judge"]).to_pylist()
    return any(judge != JUDGE_ID for judge in judges)
