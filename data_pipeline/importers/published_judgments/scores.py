"""`judge_scores.json`: the published percentages by model, lens and vision layer.

They are kept as they were published, beside what is judged here and never mixed with it: how many patches a
figure has is not said there, and some are means of several runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_pipeline.folder_lock import written_by_one
from data_pipeline.importers.published_judgments.study_files import read_json
from data_pipeline.importers.vlens_json.checkpoints import recognise
from data_pipeline.importers.vlens_json.nodes import Node
from data_pipeline.schema import PUBLISHED_SCORES, Lens
from data_pipeline.store import ResultsWriter, read_manifest

SOURCE = "published judge_scores.json (GPT-5 as judge); some figures are means of several runs"
PART = "published_scores/judge_scores.parquet"
_LENSES: dict[str, Lens] = {"nn": "embedding", "logitlens": "logit", "contextual": "contextual"}
_NOT_A_LENS = ("tunedlens",)
_TRAINED = "train_mlp-only_pixmo_"
_LLMS = {"llama3-8b": "llama", "olmo-7b": "olmo", "qwen2-7b": "qwen2"}
_ENCODERS = {"vit-l-14-336": "clip", "dinov2-large-336": "dinov2", "siglip": "siglip"}
_BASELINE = "olmo-7b_vit-l-14-336"
_ABLATIONS = {  # published name → suffix of the id in studies/paper.toml, end of the checkpoint's name
    f"first-sentence_{_BASELINE}": ("first-sentence", f"cap_first-sentence_{_BASELINE}"),
    f"{_BASELINE}_linear": ("linear", f"cap_resize_{_BASELINE}_linear"),
    f"{_BASELINE}_seed10": ("seed10", f"cap_resize_{_BASELINE}_seed10"),
    f"{_BASELINE}_seed11": ("seed11", f"cap_resize_{_BASELINE}_seed11"),
    f"{_BASELINE}_unfreeze": ("unfreeze", f"cap_resize_{_BASELINE}_unfreeze"),
    f"{_BASELINE}_earlier-vit-layers-6": (
        "earlier-vit-layers-6",
        f"cap_resize_{_BASELINE}_earlier-vit-layers-6",
    ),
    f"{_BASELINE}_earlier-vit-layers-10": (
        "earlier-vit-layers-10",
        f"cap_resize_{_BASELINE}_earlier-vit-layers-10",
    ),
    f"topbottom_{_BASELINE}": ("topbottom", f"topbottom_{_BASELINE}"),
    f"topbottom_{_BASELINE}_unfreeze-llm": ("topbottom-unfreeze", f"topbottom_{_BASELINE}_unfreeze"),
}
_RELEASED = {  # published name → id in studies/paper.toml, id that `vlens import vlens-json` gives
    "qwen2vl": ("qwen2-vl-7b", "Qwen2-VL-7B-Instruct"),
    "molmo-7b": ("molmo-7b-d", "Molmo-7B-D-0924"),
    "llava-1.5": ("llava-1.5-7b", "llava-1.5-7b-hf"),
    "qwen2.5-vl-32b": ("qwen2.5-vl-32b", "Qwen2.5-VL-32B-Instruct"),
    "llava-next-34b": ("llava-next-34b", "llava-v1.6-34b-hf"),
    "molmo-72b": ("molmo-72b", "Molmo-72B-0924"),
}


@dataclass(frozen=True)
class ScoresImport:
    """Rows for the models that some results have; what was left out, in words."""

    rows: pa.Table
    models: list[str]
    """Ids that have rows."""
    left_out: list[str]


def looks_like_scores(content: object) -> bool:
    """Whether a JSON value has the published percentages' shape."""
    return isinstance(content, dict) and all(isinstance(content.get(name), dict) for name in _LENSES)


def read_scores(path: Path, model_ids: Collection[str]) -> ScoresImport:
    """The published percentages of those of `model_ids` that are models of the published study.

    A model is known by its id in `studies/paper.toml` or by the one that an import gives it.

    Raises:
        InputError: not JSON, another shape, or a figure that is not a percentage; the place is named.
    """
    document = read_json(path)
    if not looks_like_scores(document.value):
        raise document.fail(f"has no {', '.join(_LENSES)}, expected published percentages by lens")
    rows: list[dict[str, Any]] = []
    left_out: list[str] = [f"{name}: not a lens of V-Lens" for name in _NOT_A_LENS if document.has(name)]
    for published, lens, layers in _series(document):
        names = _ids(published, lens)
        own = next((name for name in names if name in model_ids), None)
        if own is None:
            reason = "not in these results" if names else "another lens's figures under this name"
            left_out.append(f"{published}: {reason}")
            continue
        rows += [
            {
                "model_id": own,
                "lens": lens,
                "vision_layer": layer,
                "source": SOURCE,
                "percent": percent,
                "trials": None,
            }
            for layer, percent in _layers(layers)
        ]
    table = pa.Table.from_pylist(rows, schema=PUBLISHED_SCORES.schema)
    return ScoresImport(table, sorted({row["model_id"] for row in rows}), list(dict.fromkeys(left_out)))


def store_scores(folder: Path, scores: ScoresImport) -> None:
    """Put `scores` into the results in `folder`, in the place of those that an earlier import left."""
    with written_by_one(folder, "vlens command"):
        ResultsWriter(folder, read_manifest(folder)).write_part(PART, scores.rows)


def _series(document: Node) -> Iterator[tuple[str, Lens, Node]]:
    """Published name, lens, and the figures by layer."""
    for key, lens in _LENSES.items():
        for name in _objects(document.child(key)):
            yield name.name, lens, name
        if document.has("ablations") and document.child("ablations").has(key):
            for name in _objects(document.child("ablations").child(key)):
                yield name.name, lens, name
    for published in _RELEASED:
        if document.has(published):
            for key, lens in _LENSES.items():
                if document.child(published).has(key):
                    figures = document.child(published).child(key)
                    yield published, lens, figures


def _objects(node: Node) -> Iterator[Node]:
    if not isinstance(node.value, dict):
        raise node.fail("is not an object, expected models with their figures")
    yield from (node.child(name) for name in node.value)


def _layers(figures: Node) -> Iterator[tuple[int, float]]:
    if not isinstance(figures.value, dict):
        raise figures.fail("is not an object, expected percentages by layer")
    for name in figures.value:
        if not (name.isdecimal() and len(name) < 4):
            raise figures.fail(f"layer {name[:40]!r}, expected a whole number")
        percent = figures.number(name)
        if not 0 <= percent <= 100:
            raise figures.fail(f"layer {name} has {percent}, expected a percentage from 0 to 100")
        yield int(name), percent


def _ids(published: str, lens: Lens) -> tuple[str, ...]:
    """What the model is called in results: in the shipped study file, and after an import.

    Under the contextual lens two names hold the embedding lens's figures again; those are not taken.
    """
    if published in _RELEASED:
        return _RELEASED[published]
    if published.startswith(_TRAINED):
        if lens == "contextual":
            return ()
        published = published.removeprefix(_TRAINED)
    if ablation := _ABLATIONS.get(published):
        return (f"olmo-clip-{ablation[0]}", recognise(f"{_TRAINED}{ablation[1]}").model_id)
    llm, _, encoder = published.partition("+")
    if llm not in _LLMS or encoder not in _ENCODERS:
        return (published,)
    seed = "_seed10" if (llm, encoder) == ("qwen2-7b", "vit-l-14-336") else ""
    imported = recognise(f"{_TRAINED}cap_resize_{llm}_{encoder}{seed}").model_id
    return (f"{_LLMS[llm]}-{_ENCODERS[encoder]}", imported)
