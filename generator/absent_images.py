"""Images that the study promises of a model and its page cannot show, because nothing of them is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from data_pipeline.completeness import Gap

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
