"""The tiny study with more images and three more judges: a model behind an API and two people.

Eight images, four models (two with one grid, one with another, an ablation). The judge `annotations` judges
every cell, as in the tiny study; the others judge the same planned cells. Calls fail, items are skipped,
a verdict has no words, texts are hostile, and shares were published for one model.

    python -m tests.generator.judged_study OUT
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.schema import LENSES
from data_pipeline.store import ResultsWriter
from tests.generator import tiny_study
from tests.generator.tiny_study import LAYERS, TinyModel, _hash16, _table, pick

MODEL_JUDGE = "vlm-judge"
PEOPLE = ("ada", "bob")
JUDGES = ("ada", "annotations", "bob", MODEL_JUDGE)
MODELS = ("alpha-round", "alpha-wide", "beta-round", "alpha-round-linear")
IMAGES = tuple((f"scene-{number}", f"Scene {number} </script> & 🦊 \u202eback") for number in range(8))
PLANNED = (1, 4)
"""Cells of every image that model and people judge, in the order of the plan."""
PEOPLE_LAYER = 2
PROMPT = """Is a word about the outlined part of {image}? </script><script>window.hacked=1</script>
Words: {candidates}. Answer as JSON: {"concrete": [], "abstract": [], "global": []}"""
FAILURES = ("429 Too Many Requests", "not JSON: </script><b>sorry</b> \u202eback")
PUBLISHED = "Made-up paper (2025), Table 1 <b>"
REASONS = (
    "The outlined part shows a dog.",
    "</script><script>window.hacked=1</script> nothing \u202erelates\u202c 🦊",
    "It names the grass at the bottom of the picture, not this part.",
)


def _key(model: TinyModel, image_id: str, lens: str, layer: int, cell: int) -> dict[str, Any]:
    return {
        "model_id": model.model_id,
        "image_id": image_id,
        "lens": lens,
        "vision_layer": layer,
        "cell": cell,
    }


def _planned(model: TinyModel) -> Iterator[tuple[str, str, int, int]]:
    for image_id, _ in IMAGES:
        for lens in LENSES:
            for layer in LAYERS:
                for cell in PLANNED:
                    yield image_id, lens, layer, cell


def _candidates(model: TinyModel, image_id: str, lens: str, layer: int, cell: int) -> list[str]:
    ranks = range(1, tiny_study.TOP_K + 1)
    return [tiny_study._neighbor(model, image_id, lens, layer, cell, rank)["token"].strip() for rank in ranks]


def _verdict(judge: str, model: TinyModel, place: tuple[str, str, int, int]) -> dict[str, Any]:
    """One judgment: the people mostly follow the model, now and then not."""
    key = (model.model_id, *place)
    words = _candidates(model, *place)
    likely = {"embedding": 2, "logit": 4, "contextual": 7}[place[1]] + (model.model_id == "beta-round")
    says = pick(10, "judged", *key) < likely
    if judge in PEOPLE and pick(6, judge, *key) == 0:
        says = not says
    relation = ("concrete", "concrete", "abstract", "global", "both", "none")[pick(6, "relation", *key)]
    found: dict[str, list[str]] = {"concrete": [], "abstract": [], "global": []}
    if says and relation != "none":
        for name in ("concrete", "global") if relation == "both" else (relation,):
            found[name] = [words[pick(2, "which", name, *key)]]
    return {
        "status": "ok",
        "interpretable": says,
        "concrete_words": found["concrete"],
        "abstract_words": found["abstract"],
        "global_words": found["global"],
        "candidates": words,
        "reasoning": REASONS[pick(3, "reason", *key)] if judge == MODEL_JUDGE else None,
    }


def _row(judge: str, model: TinyModel, place: tuple[str, str, int, int]) -> dict[str, Any]:
    key = (model.model_id, *place)
    row = _key(model, *place) | {"judge": judge, "candidates": _candidates(model, *place)}
    row |= {"concrete_words": [], "abstract_words": [], "global_words": []}
    if judge == MODEL_JUDGE:
        row |= {"judge_model": "made-up-vlm <1>", "prompt_hash": _hash16("judge prompt")}
        if (chosen := pick(20, "fails", *key)) < 2:
            return row | {"status": "failed", "failure": FAILURES[chosen], "tokens": 10, "cost": 0.001}
        if chosen == 2:
            return row | {"status": "skipped", "candidates": []}
        chance = {"chance_hits": pick(2, "null", *key), "chance_trials": 1}
        row |= {"tokens": 100, "cost": 0.002} | chance
    return row | _verdict(judge, model, place)


def judged_rows(judge: str) -> list[dict[str, Any]]:
    """Rows of `judgments` by a judge that is not `annotations`."""
    rows = []
    for model in _models():
        for place in _planned(model):
            _, lens, layer, cell = place
            asked = judge == MODEL_JUDGE or (layer == PEOPLE_LAYER and lens != "logit" and cell == PLANNED[0])
            if asked:
                rows.append(_row(judge, model, place))
    return rows


def _models() -> tuple[TinyModel, ...]:
    return tuple(model for model in tiny_study.MODELS if model.model_id in MODELS)


def judge_rows() -> list[dict[str, Any]]:
    """Rows of `judges`."""
    model = {
        "judge": MODEL_JUDGE,
        "kind": "model",
        "title": "Made-up VLM <judge>",
        "judge_model": "made-up-vlm <1>",
        "prompt": PROMPT,
        "prompt_hash": _hash16("judge prompt"),
        "note": "Nothing was asked of any endpoint. <b>",
    }
    people = [
        {"judge": name, "kind": "person", "title": name.title(), "note": "Imported from answers.json"}
        for name in PEOPLE
    ]
    return [model, *people]


def item_rows() -> list[dict[str, Any]]:
    """Rows of `judge_items`."""
    places = [(image_id, cell) for cell in PLANNED for image_id, _ in IMAGES]
    return [
        {
            "plan": "plan-1",
            "model_id": model.model_id,
            "image_id": image_id,
            "cell": cell,
            "canvas_id": tiny_study.canvas_id(model.grid, image_id),
            "position": position,
            "lenses": list(LENSES),
            "vision_layers": list(LAYERS),
        }
        for model in _models()
        for position, (image_id, cell) in enumerate(places)
    ]


def published_rows() -> list[dict[str, Any]]:
    """Rows of `published_scores`: two lenses of one model, one layer without a figure."""
    return [
        {
            "model_id": "alpha-round",
            "lens": lens,
            "vision_layer": layer,
            "source": PUBLISHED,
            "percent": percent + layer,
            "trials": 100,
        }
        for lens, percent in (("embedding", 30.0), ("contextual", 72.0))
        for layer in LAYERS[: 2 if lens == "embedding" else 3]
    ]


def write_judged_study(folder: Path) -> Path:
    """Write the whole judged study into `folder` and return it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny_study, "IMAGES", IMAGES)
        patch.setattr(tiny_study, "MODELS", _models())
        tiny_study.write_tiny_study(folder)
        writer = ResultsWriter(folder, tiny_study.tiny_manifest())
        writer.write_part("judges/judges.parquet", _table("judges", judge_rows()))
        writer.write_part("judge_items/plan-1.parquet", _table("judge_items", item_rows()))
        writer.write_part("published_scores/paper.parquet", _table("published_scores", published_rows()))
        for judge in (MODEL_JUDGE, *PEOPLE):
            writer.write_part(f"judgments/{judge}/all.parquet", _table("judgments", judged_rows(judge)))
    return folder


if __name__ == "__main__":
    write_judged_study(Path(sys.argv[1]))
