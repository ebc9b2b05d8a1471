"""What a page's citation knows of its origin."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from data_pipeline.manifest import StudyInfo
from data_pipeline.schema import SCHEMA_VERSION
from data_pipeline.versions import __version__
from generator.build import build_site
from generator.citation import citation
from generator.records import Run
from tests.generator.tiny_study import tiny_manifest


def run(stage: str, model_id: str | None, day: int) -> Run:
    began = datetime(2026, 3, day, 23, 59, tzinfo=UTC)
    return Run(f"{stage}{day}", stage, model_id, began, 1.0, "vlens run", "{}", None, None, None)


def test_the_day_is_that_of_the_last_run_that_made_the_models_readings(
    tiny_study_folder: Path, tmp_path: Path
) -> None:
    build_site(tiny_study_folder, tmp_path / "site")
    html = (tmp_path / "site/models/alpha-round.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="page">(.*?)</script>', html)
    assert found
    facts = json.loads(found[1])
    assert facts["citation"] == {
        "version": __version__,
        "schema": SCHEMA_VERSION,
        "studyConfiguration": tiny_manifest().study.config_hash,
        "configuration": facts["citation"]["configuration"],
        "corpus": "8 made-up sentences",
        "run": "2026-01-02",
    }


def test_other_models_and_later_judges_do_not_date_it() -> None:
    class Tiny:
        model_id, config_hash, corpus = "alpha", "abcd", None

    runs = [
        run("capture", "alpha", 1),
        run("capture", "alpha", 2),
        run("capture", "beta", 3),
        run("judge", "alpha", 4),
    ]
    study = StudyInfo("tiny", "Tiny")
    assert citation(study, Tiny, runs)["run"] == "2026-03-02"  # type: ignore[arg-type]
    assert citation(study, Tiny, [run("import", None, 5)])["run"] == "2026-03-05"  # type: ignore[arg-type]
    assert citation(study, Tiny, [])["run"] is None  # type: ignore[arg-type]
