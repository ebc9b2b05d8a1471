"""The comparison's facts and files: what is written, what is shared, and when there is none."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.store import Results
from generator.build import build_site
from generator.compare_page import can_compare
from generator.database import Database
from generator.study_context import StudyContext, study_context
from tests.generator import tiny_study as tiny


@pytest.fixture(scope="module")
def site(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("compare") / "site"
    build_site(tiny_study_folder, output)
    return output


@pytest.fixture(scope="module")
def facts(site: Path) -> dict[str, Any]:
    html = (site / "compare.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="page">(.*?)</script>', html, re.DOTALL)
    assert found
    read: dict[str, Any] = json.loads(found[1])
    return read


@pytest.fixture(scope="module")
def context(tiny_database: Database, tiny_study_folder: Path) -> StudyContext:
    return study_context(tiny_database, Results(tiny_study_folder))


def model(facts: dict[str, Any], model_id: str) -> dict[str, Any]:
    return next(one for one in facts["models"] if one["id"] == model_id)


def test_every_model_and_image_is_there_with_its_geometry(facts: dict[str, Any]) -> None:
    assert [one["id"] for one in facts["models"]] == [one.model_id for one in tiny.MODELS]
    assert [(one["id"], one["width"], one["height"]) for one in facts["images"]] == [
        (image_id, 96, 64) for image_id, _ in tiny.IMAGES
    ]
    wide = facts["geometries"][model(facts, "beta-wide")["files"][1]["geometry"]]
    assert (wide["rows"], wide["cols"], wide["gridX"], wide["gridY"]) == (3, 2, 6, 3)
    assert wide["affine"] == [40 / 96, 0, 0, 0, 48 / 64, 0]
    assert len(facts["geometries"]) == 2


def test_each_named_file_is_there_and_is_a_call_with_its_key(site: Path, facts: dict[str, Any]) -> None:
    files = [file for one in facts["models"] for file in one["files"]]
    for file in [*files, *(file["canvas"] for file in files)]:
        assert re.fullmatch(r"compare/[\w-]+/\d{5}\.js|canvases/[0-9a-f]{16}\.js", file["src"])
        text = (site / file["src"]).read_text(encoding="utf-8")
        assert text.startswith(f'vlensImage("{file["key"]}",{{"payload-')
        assert text.endswith('"});\n')
    written = {
        path.relative_to(site).as_posix() for path in site.rglob("*.js") if path.parent.name != "judge"
    }
    assert written == {file["src"] for file in files} | {file["canvas"]["src"] for file in files}


def test_models_that_saw_the_same_pixels_share_a_canvas(site: Path, facts: dict[str, Any]) -> None:
    round_, again, wide = (
        model(facts, name)["files"][0]["canvas"] for name in ("alpha-round", "beta-round", "alpha-wide")
    )
    assert round_ == again != wide
    assert len(list((site / "canvases").iterdir())) == 4


def test_slim_files_hold_no_sentences_and_no_verdicts(site: Path, facts: dict[str, Any]) -> None:
    page = (site / "models/alpha-round.html").read_text(encoding="utf-8")
    blocks = re.findall(r'id="payload-(?:shared|image-0)">([^<]*)', page)
    slim = (site / model(facts, "alpha-round")["files"][0]["src"]).read_text(encoding="utf-8")
    assert len(slim) < sum(map(len, blocks)) / 1.5


def test_partners_are_baselines_or_the_next_of_the_group(facts: dict[str, Any]) -> None:
    partners = {one["id"]: one["partner"] for one in facts["models"]}
    assert partners["alpha-round-linear"] == "alpha-round"
    assert partners["alpha-round"] == "alpha-wide"
    assert partners["beta-wide"] != "beta-wide"


def test_the_page_opens_with_models_that_differ_in_llm_and_encoder(facts: dict[str, Any]) -> None:
    assert facts["first"] == ["alpha-round", "beta-wide", "shelf"]


def test_two_models_must_share_an_image(tiny_database: Database, context: StudyContext) -> None:
    assert can_compare(tiny_database, context)
    assert not can_compare(tiny_database, replace(context, shown=context.shown[:1]))
    assert not can_compare(tiny_database, replace(context, shown=()))


def test_a_site_of_one_model_has_neither_the_page_nor_a_way_to_it(
    tiny_results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.build.can_compare", lambda database, context: False)
    build_site(tiny_results, tmp_path / "site")
    assert not (tmp_path / "site/compare.html").exists()
    assert not (tmp_path / "site/compare").exists()
    for page in (tmp_path / "site").rglob("*.html"):
        assert "compare.html" not in page.read_text(encoding="utf-8")


def test_files_of_models_that_are_gone_are_removed(tiny_results: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    build_site(tiny_results, site)
    assert (site / "compare/alpha-round-linear/00001.js").exists()
    build_site(tiny_results, site, ablations=False)
    assert not (site / "compare/alpha-round-linear").exists()
    assert (site / "compare/alpha-round/00001.js").exists()
