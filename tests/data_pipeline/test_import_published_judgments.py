"""The published judgments against the figures that were published of them, and against spoilt files."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.errors import InputError
from data_pipeline.importers.published_judgments import import_published_judgments, read_scores
from data_pipeline.integrity import inspect
from data_pipeline.store import Results
from generator.agreement import Agreement, Criterion, agreements
from generator.database import Database

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "vlens_paper"
NEEDS_PUBLISHED = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published judgments are not here")
MODEL = "train_mlp-only_pixmo_cap_resize_olmo-7b_siglip_step12000-unsharded"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("published") / "results"
    import_published_judgments(PUBLISHED, output)
    return output


@NEEDS_PUBLISHED
def test_totals_are_the_published_ones(imported: Path) -> None:
    results = Results(imported)
    judged = Counter(
        (row["judge"], row["lens"]) for row in results.read("judgments").select(["judge", "lens"]).to_pylist()
    )
    assert judged["published-llm-judge", "contextual"] == judged["published-llm-judge", "embedding"] == 360
    of_people = {
        lens: sorted((count for (judge, of), count in judged.items() if of == lens and "anno" in judge))
        for lens in ("contextual", "embedding")
    }
    assert of_people == {"contextual": [12, 18, 18, 24, 180, 288], "embedding": [6, 30, 228, 360]}
    assert results.read("models").num_rows == 9
    assert results.read("images").num_rows == 60
    assert results.read("judge_items").num_rows == 360
    scores = results.read("published_scores").to_pylist()
    assert len(scores) == 9 * 9 * 3
    mean = {
        lens: sum(row["percent"] for row in scores if row["lens"] == lens) / 81
        for lens in ("embedding", "logit", "contextual")
    }
    assert mean == pytest.approx({"embedding": 29.7, "logit": 21.7, "contextual": 74.4}, abs=0.06)
    assert inspect(imported).problems == ()


@NEEDS_PUBLISHED
@pytest.mark.parametrize(
    ("people", "lens", "cells", "kappa", "raw"),
    [
        ("majority", "embedding", 360, 0.6586, 0.8472),
        ("any", "embedding", 360, 0.637, 0.8361),
        ("any", "contextual", 300, 0.6730, 0.8367),
        ("majority", "contextual", 300, 0.6604, 0.8300),
    ],
)
def test_the_llm_judge_agrees_with_people_as_recomputed(
    imported: Path, people: str, lens: str, cells: int, kappa: float, raw: float
) -> None:
    found = _agreements(imported, people)[f"people:{people}", "published-llm-judge", lens]
    assert (found.cells, found.criterion.title.startswith("any relation")) == (cells, True)
    assert found.kappa == pytest.approx(kappa, abs=6e-4)
    assert found.raw == pytest.approx(raw, abs=6e-5)


@NEEDS_PUBLISHED
def test_people_agree_with_each_other_as_recomputed(imported: Path) -> None:
    pairs = {
        (lens, found.cells): found.kappa
        for (first, second, lens), found in _agreements(imported, "each").items()
        if "llm" not in first + second
    }
    known = {("embedding", 228): 0.751, ("embedding", 30): 0.667, ("contextual", 168): 0.671}
    assert {key: pairs[key] for key in known} == pytest.approx(known, abs=6e-4)


@NEEDS_PUBLISHED
def test_the_published_kappa_is_on_the_cells_that_people_answered_for_both(
    tmp_path: Path,
) -> None:
    """.684 was published beside .673 for the other lens, which is by another criterion."""
    human, llm, other = (
        json.loads((PUBLISHED / f"{name}.json").read_bytes())
        for name in ("human_study_embedding", "llm_judge_embedding", "human_study_contextual")
    )
    kept = {answer["instance_id"] for answer in other["answers"]}
    human["items"] = [item for item in human["items"] if item["id"] in kept]
    human["answers"] = [answer for answer in human["answers"] if answer["instance_id"] in kept]
    llm["results"] = [result for result in llm["results"] if result["instance_id"] in kept]
    llm["evaluated"] = len(llm["results"])
    for name, content in (("human_study_embedding", human), ("llm_judge_embedding", llm)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    import_published_judgments(tmp_path, tmp_path / "out")
    for people, kappa, raw in (("majority", 0.6835, 0.8567), ("any", 0.6576, 0.8433)):
        found = _agreements(tmp_path / "out", people)[f"people:{people}", "published-llm-judge", "embedding"]
        assert (found.cells, found.kappa, found.raw) == (
            300,
            pytest.approx(kappa, abs=6e-5),
            pytest.approx(raw, abs=6e-5),
        )


def _agreements(results: Path, people: str) -> dict[tuple[str, str, str | None], Agreement]:
    with Database(Results(results)) as database:
        found = agreements(database, Criterion("any", people))
    return {(one.first, one.second, one.lens): one for one in found}


def published(folder: Path, change: Callable[[dict[str, Any]], object] | None = None) -> Path:
    """Made-up files of the published shapes: one lens, two cells, two annotators."""
    cells = [f"{MODEL}_00007_patch{number}" for number in range(2)]
    content = {
        "human_study_embedding.json": {
            "items": [
                {
                    "id": cell,
                    "model": MODEL,
                    "index": 7,
                    "patch_row": 1,
                    "patch_col": number,
                    "patch_type": "segmented",
                    "candidates": [" dog", "red"],
                }
                for number, cell in enumerate(cells)
            ],
            "answers": [
                {
                    "annotator": "annotator_1",
                    "instance_id": cell,
                    "selected_words": [{"word": " dog", "relation": "global"}] if number else [],
                    "none_selected": False,
                }
                for number, cell in enumerate(cells)
            ],
        },
        "llm_judge_embedding.json": {
            "evaluated": 2,
            "results": [
                {
                    "instance_id": cell,
                    "candidates": [" dog", "red"],
                    "gpt_response": {
                        "reasoning": "none",
                        "interpretable": False,
                        "concrete_words": [],
                        "abstract_words": [],
                        "global_words": [],
                    },
                }
                for cell in cells
            ],
        },
    }
    if change:
        change(content)
    folder.mkdir(exist_ok=True)
    for name, document in content.items():
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_one_lens_alone_imports_and_twice_gives_the_same(tmp_path: Path) -> None:
    folder, output = published(tmp_path / "in"), tmp_path / "out"
    (counts,) = import_published_judgments(folder, output)
    assert (counts.lens, counts.of_model, counts.of_people, counts.answered) == ("embedding", 2, 2, 2)
    rows = Results(output).read("judgments").to_pylist()
    assert {row["cell"] for row in rows} == {27, 28}  # SigLIP's grid has 27 columns
    yes = [row for row in rows if row["interpretable"]]
    assert [(row["judge"], row["cell"], row["global_words"]) for row in yes] == [
        ("annotator_1", 28, [" dog"])
    ]
    parts = dict(Results(output).manifest.parts)
    import_published_judgments(folder, output)
    again = Results(output).manifest.parts
    assert {path: part for path, part in parts.items() if path != "runs/import.parquet"} == {
        path: part for path, part in again.items() if path != "runs/import.parquet"
    }


HUMAN, LLM = "human_study_embedding.json", "llm_judge_embedding.json"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c[LLM].update(evaluated=3), "evaluated is 3, expected 2"),
        (lambda c: c[LLM]["results"][0].update(instance_id="x"), "not among the items"),
        (lambda c: c[LLM]["results"].append(c[LLM]["results"][0]), "twice"),
        (lambda c: c[LLM]["results"][0]["gpt_response"].update(interpretable=True), "say otherwise"),
        (lambda c: c[LLM]["results"][0]["gpt_response"].update(concrete_words=[5]), "expected a string"),
        (lambda c: c[HUMAN]["answers"].append(c[HUMAN]["answers"][0]), "twice"),
        (lambda c: c[HUMAN]["answers"][0].update(annotator="../x"), "expected a name of letters"),
        (
            lambda c: c[HUMAN]["answers"][1]["selected_words"][0].update(word="cat"),
            "expected a candidate",
        ),
        (lambda c: c[HUMAN]["items"][0].update(patch_row=-1), "expected an integer"),
        (lambda c: c[HUMAN]["items"][1].update(patch_col=0), "twice"),
        (lambda c: c.pop(LLM), "no such file"),
    ],
)
def test_spoilt_files_are_refused_and_nothing_is_written(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    folder = published(tmp_path / "in", change)
    with pytest.raises(InputError, match=said):
        import_published_judgments(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no published judgments in it"):
        import_published_judgments(tmp_path, tmp_path / "out")


def scores(tmp_path: Path, **changes: object) -> Path:
    content: dict[str, object] = {
        "nn": {"olmo-7b+vit-l-14-336": {"0": 55.0, "31": 53.0}, "qwen2-7b+vit-l-14-336": {"0": 15}},
        "logitlens": {},
        "contextual": {"olmo-7b+vit-l-14-336": {"0": 70}},
        "ablations": {
            "nn": {"olmo-7b_vit-l-14-336_linear": {"0": 54.7}},
            "contextual": {"train_mlp-only_pixmo_topbottom_olmo-7b_vit-l-14-336": {"0": 10.33}},
        },
        "molmo-7b": {"contextual": {"0": 89.8}},
        "tunedlens": {"olmo-7b+vit-l-14-336": {"0": 22}},
        **changes,
    }
    path = tmp_path / "judge_scores.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_scores_go_to_the_models_that_know_them(tmp_path: Path) -> None:
    of_study = ["olmo-clip", "olmo-clip-linear", "olmo-clip-topbottom", "molmo-7b-d", "other"]
    found = read_scores(scores(tmp_path), of_study)
    rows = {(row["model_id"], row["lens"], row["vision_layer"]): row for row in found.rows.to_pylist()}
    assert {key: row["percent"] for key, row in rows.items()} == pytest.approx(
        {
            ("olmo-clip", "embedding", 0): 55,
            ("olmo-clip", "embedding", 31): 53,
            ("olmo-clip", "contextual", 0): 70,
            ("olmo-clip-linear", "embedding", 0): 54.7,
            ("molmo-7b-d", "contextual", 0): 89.8,
        }
    )
    assert all("means of several runs" in row["source"] for row in rows.values())
    assert "tunedlens: not a lens of V-Lens" in found.left_out
    assert "qwen2-7b+vit-l-14-336: not in these results" in found.left_out
    imported = read_scores(scores(tmp_path), ["qwen2-7b_vit-l-14-336_seed10", "Molmo-7B-D-0924"])
    assert imported.models == ["Molmo-7B-D-0924", "qwen2-7b_vit-l-14-336_seed10"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nn": {"olmo-7b+vit-l-14-336": {"0": 101}}}, "percentage from 0 to 100"),
        ({"nn": {"olmo-7b+vit-l-14-336": {"0": True}}}, "finite number"),
        ({"nn": {"olmo-7b+vit-l-14-336": {"x": 1}}}, "whole number"),
        ({"nn": {"olmo-7b+vit-l-14-336": [1]}}, "percentages by layer"),
        ({"nn": [1]}, "expected published percentages"),
    ],
)
def test_spoilt_scores_are_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_scores(scores(tmp_path, **changes), ["olmo-clip"])


@NEEDS_PUBLISHED
def test_every_published_name_is_known(tmp_path: Path) -> None:
    """Each of the study's models, by the ids of studies/paper.toml, gets its figures."""
    text = (Path(__file__).parents[2] / "studies" / "paper.toml").read_text(encoding="utf-8")
    ids = [line.split('"')[1] for line in text.splitlines() if line.startswith('id = "')]
    shutil.copy(PUBLISHED / "judge_scores.json", tmp_path)
    found = read_scores(tmp_path / "judge_scores.json", ids)
    assert len(found.models) == 9 + 9 + 6
    assert all("not in these results" not in reason for reason in found.left_out)
