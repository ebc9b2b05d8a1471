"""The published study's judgments: its LLM judge, its annotators, and its percentages.

    study_files   human_study_*.json and llm_judge_*.json → records, checked against each other
    scores        judge_scores.json → table published_scores, for models of any results that know them
    tables        records → Arrow tables
    convert       the folder → a results folder of its own

Torch-free. `docs/judging-people.md` says what is kept and what cannot be known.
"""

from data_pipeline.importers.published_judgments.convert import import_published_judgments
from data_pipeline.importers.published_judgments.scores import (
    ScoresImport,
    looks_like_scores,
    read_scores,
    store_scores,
)

__all__ = [
    "ScoresImport",
    "import_published_judgments",
    "looks_like_scores",
    "read_scores",
    "store_scores",
]
