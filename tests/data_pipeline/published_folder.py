"""A small folder as the published study leaves it, in both JSON shapes, with answers that can be told.

Every token, score and sentence is made from its place, so that a test can say what must be where:
`token(lens, vision_layer, image, cell, rank)` and its siblings.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

FLAT_MODEL = "molmo_7b/allenai_Molmo-7B-D-0924"  # shape B
CHUNKED_MODEL = "train_mlp-only_pixmo_cap_resize_olmo-7b_vit-l-14-336_step12000-unsharded"  # shape A
FLAT_ID, CHUNKED_ID = "Molmo-7B-D-0924", "olmo-7b_vit-l-14-336"
LENSES = ("embedding", "logit", "contextual")
FOLDERS = {
    "embedding": "nearest_neighbors",
    "logit": "logit_lens",
    "contextual": "contextual_nearest_neighbors",
}
HOSTILE = ("</script>", "\ufffd", "\x00", "横向", " \u202eשלום", "<b>&amp;", "🦊", "\u2028", "", " ")
TOP_K = 3

Change = Callable[[dict[str, Any]], object]


def token(lens: str, vision_layer: int, image: int, cell: int, rank: int) -> str:
    """A hostile string now and then, else the place spelt out."""
    number = LENSES.index(lens) + vision_layer + image + cell + rank
    if lens != "contextual" and number % 4 == 0:
        return HOSTILE[(number // 4 * 3 + cell * 7 + rank) % len(HOSTILE)]
    return f" {lens[0]}{vision_layer}i{image}c{cell}r{rank}"


def score(lens: str, vision_layer: int, image: int, cell: int, rank: int) -> float:
    """Falls with the rank; logits may be above 1 and below 0."""
    value = (cell * 7 + image * 3 + vision_layer) % 50 / 100 - rank / 1000
    return value * 40 - 5 if lens == "logit" else value


def text_layer(vision_layer: int, cell: int, rank: int) -> int:
    """One of 1, 2 and 24."""
    return (1, 2, 24)[(vision_layer + cell + rank) % 3]


def sentence(vision_layer: int, image: int, cell: int, rank: int) -> str:
    """Holds its token once."""
    return f"seen <i>once</i>: 🦊{token('contextual', vision_layer, image, cell, rank)} & more"


def write_published(
    folder: Path,
    *,
    images: int = 2,
    flat_grid: tuple[int, int] = (2, 3),
    chunked_cells: int = 4,
    layers: tuple[int, ...] = (0, 2),
    canvas: tuple[int, int] = (48, 48),
) -> Path:
    """Write both models with all lenses; returns `folder`."""
    for lens in LENSES:
        for layer in layers:
            _write(flat_file(folder, lens, layer), flat(lens, layer, images, *flat_grid))
            _write(chunked_file(folder, lens, layer), chunked(lens, layer, images, chunked_cells))
    (folder / "images").mkdir()
    for image in range(images):
        picture = Image.new("RGB", canvas, (40 * image, 90, 200))
        picture.save(folder / "images" / f"image_{image:04d}.jpg")
    return folder


def flat_file(folder: Path, lens: str, layer: int) -> Path:
    name = {
        "embedding": f"nearest_neighbors_layer{layer}_topk5.json",
        "logit": f"logit_lens_layer{layer}_topk5.json",
        "contextual": f"contextual_neighbors_visual{layer}_allLayers.json",
    }[lens]
    return folder / "analysis_results" / FOLDERS[lens] / FLAT_MODEL / name


def chunked_file(folder: Path, lens: str, layer: int) -> Path:
    name = {
        "embedding": f"nearest_neighbors_analysis_pixmo_cap_multi-gpu_layer{layer}.json",
        "logit": f"logit_lens_layer{layer}_topk5_multi-gpu.json",
        "contextual": f"contextual_neighbors_visual{layer}_allLayers.json",
    }[lens]
    return folder / "analysis_results" / FOLDERS[lens] / CHUNKED_MODEL / name


def flat(lens: str, layer: int, images: int, rows: int, cols: int) -> dict[str, Any]:
    """Shape B: rows and columns stated, patches flat."""
    results = []
    for image in range(images):
        patches = _patches(lens, layer, image, rows * cols)
        for patch in patches:
            patch["patch_row"], patch["patch_col"] = divmod(patch["patch_idx"], cols)
        results.append({"image_idx": image, "ground_truth_caption": f"Picture {image}.", "patches": patches})
    return {**_head(lens, layer), "model_name": "allenai/Molmo-7B-D-0924", "results": results}


def chunked(lens: str, layer: int, images: int, cells: int) -> dict[str, Any]:
    """Shape A: patches in a chunk, under a split for the embedding lens."""
    entries = [
        {
            "image_idx": image,
            "generated_response": f"I see {image}.",
            "chunks": [{"chunk_name": "Full Image", "patches": _patches(lens, layer, image, cells)}],
        }
        for image in range(images)
    ]
    if lens == "embedding":
        return {"llm_layer": layer, "splits": {"validation": {"num_images": 100, "images": entries}}}
    return {**_head(lens, layer), "results": entries}


def edit(path: Path, change: Change) -> None:
    """Rewrite a JSON file after `change`."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    _write(path, content)


def _head(lens: str, layer: int) -> dict[str, Any]:
    if lens == "contextual":
        return {"visual_layer": layer, "contextual_layers_used": [1, 2, 24]}
    return {"layer_idx" if lens == "logit" else "layer": layer}


def _patches(lens: str, layer: int, image: int, cells: int) -> list[dict[str, Any]]:
    key = {"embedding": "nearest_neighbors", "logit": "top_predictions"}
    return [
        {
            "patch_idx": cell,
            key.get(lens, "nearest_contextual_neighbors"): [
                _entry(lens, layer, image, cell, rank) for rank in range(1, TOP_K + 1)
            ],
        }
        for cell in range(cells)
    ]


def _entry(lens: str, *place: int) -> dict[str, Any]:
    layer, _, cell, rank = place
    if lens == "contextual":
        return {
            "token_str": token(lens, *place),
            "caption": sentence(*place),
            "similarity": score(lens, *place),
            "contextual_layer": text_layer(layer, cell, rank),
        }
    if lens == "logit":
        return {"token": token(lens, *place), "token_id": 7 * cell + rank, "logit": score(lens, *place)}
    return {"token": token(lens, *place), "similarity": score(lens, *place)}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
