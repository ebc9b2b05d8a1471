"""What the study promises of a model and its page cannot show, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from data_pipeline.completeness import Gap
from generator.records import Model, ModelImage

NOT_COMPUTED = "not in the results, and the manifest does not say why"
NOT_STORED = "they are not in the results, and the manifest does not say why"


def absent_images(shown: Collection[str], gaps: Iterable[Gap]) -> list[dict[str, Any]]:
    """Ids of the images among `gaps` that are not `shown`, those with the same reasons together."""
    reasons: dict[str, dict[str, None]] = {}
    for gap in gaps:
        if gap.image_id not in shown:
            reasons.setdefault(gap.image_id, {})[gap.reason or NOT_STORED] = None
    images: dict[str, list[str]] = {}
    for image, found in sorted(reasons.items()):
        images.setdefault("; ".join(found), []).append(image)
    return [{"reason": reason, "images": ids} for reason, ids in images.items()]


def absences(
    model: Model, images: list[ModelImage], lenses: tuple[str, ...], gaps: list[Gap]
) -> list[dict[str, Any]]:
    """The gaps of this model; a lens or a layer that lacks everything for one reason is one entry."""
    places = {image.image_id: place for place, image in enumerate(images)}
    layers = {layer: place for place, layer in enumerate(model.vision_layers)}
    missing: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for gap in gaps:
        if gap.image_id in places and gap.vision_layer in layers:
            key = (gap.lens, gap.reason or NOT_COMPUTED)
            missing.setdefault(key, set()).add((layers[gap.vision_layer], places[gap.image_id]))
    found: list[dict[str, Any]] = []
    for (lens, reason), blocks in missing.items():
        if len(blocks) == len(images) * len(layers):
            found.append({"lens": lens, "reason": reason})
            continue
        for layer in sorted({layer for layer, _ in blocks}):
            lacking = sorted(image for gap_layer, image in blocks if gap_layer == layer)
            if len(lacking) == len(images):
                found.append({"lens": lens, "layer": layer, "reason": reason})
            else:
                found += [
                    {"lens": lens, "layer": layer, "image": image, "reason": reason} for image in lacking
                ]
    return [gap for gap in found if gap["lens"] in lenses]
