"""The first look at all images of a run: which can be used, and which are refused and why.

It comes before anything heavy, so that a run does not meet a damaged file after hours.
"""

from __future__ import annotations

from dataclasses import dataclass

from data_pipeline.errors import InputError, RefusedImageError
from data_pipeline.plan import Plan
from data_pipeline.progress import Progress

ImageKey = tuple[str, str, str | None]  # id, SHA-256, caption
_MOST_SAID = 20


@dataclass(frozen=True)
class FirstLook:
    """Keys of the images that can be used and reasons of the others, by their number in the source."""

    keys: dict[int, ImageKey]
    refused: dict[int, RefusedImageError]
    annotated: bool
    """Whether any image has regions, so that there is something to judge by."""


def look_through(plan: Plan, progress: Progress) -> FirstLook:
    """Open every image of a plan; raises `InputError` where none can be used."""
    keys: dict[int, ImageKey] = {}
    refused: dict[int, RefusedImageError] = {}
    annotated = False
    with progress.stage("Images", plan.num_images) as stage:
        for index in range(plan.num_images):
            try:
                image = plan.image(index)
                keys[index] = image.image_id, image.sha256, image.caption
                annotated = annotated or bool(image.regions)
            except RefusedImageError as error:
                refused[index] = error
            stage.advance(1, plan.source.image_id(index))
    if not keys:
        first = next(iter(refused.values()))
        if len(refused) == 1:  # the file alone: who named it may not have named its folder
            raise InputError(f"{first}")
        raise InputError(f"{plan.source.name}: none of {len(refused)} images can be used; the first: {first}")
    _say(refused, progress)
    return FirstLook(keys, refused, annotated)


def _say(refused: dict[int, RefusedImageError], progress: Progress) -> None:
    for refusal in list(refused.values())[:_MOST_SAID]:
        progress.say(f"image refused: {refusal}")
    if len(refused) > _MOST_SAID:
        progress.say(f"{len(refused) - _MOST_SAID} more images refused; `vlens check` lists them")
