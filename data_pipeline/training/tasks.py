"""What a model is to say about an image: its caption, the caption's first sentence, or an answer."""

from __future__ import annotations

import random
from collections import defaultdict

from data_pipeline.image_sources import SourceImage
from data_pipeline.training.sequences import Example
from data_pipeline.training.settings import Task, TrainingOptions

NEEDS: dict[Task, str] = {
    "caption": "a caption (in a captions.csv beside the pictures, or a column of the table)",
    "first-sentence": "a caption (in a captions.csv beside the pictures, or a column of the table)",
    "top-bottom": "a named region near the top or the bottom (in JSON Lines with 'regions')",
    "question": "a question and its answer (in a captions file with both)",
}
_EDGE = 0.2
_FEW_WORDS = 4
_LENGTH_SPREAD, _LENGTH_UNIT = 25.0, 15


def example_of(image: SourceImage, options: TrainingOptions, key: str) -> Example | None:
    """What follows `image` in training; None where it has nothing for the task.

    `key` names this use of the image: all that is drawn for it depends on the key alone.
    """
    if options.task == "top-bottom":
        return _top_or_bottom(image, random.Random(f"{key}/object"))  # noqa: S311 (no secret)
    if options.task == "question":
        return _own_question(image)
    caption = (image.caption or "").strip()
    if not caption:
        return None
    answer = first_sentence(caption) if options.task == "first-sentence" else caption
    return Example("", answer, _suffix(answer, options, random.Random(f"{key}/length")))  # noqa: S311


def first_sentence(caption: str) -> str:
    """Up to the first full stop, or to the second where the first sentence has less than four words."""
    first, *rest = caption.split(".")
    if len(first.split()) < _FEW_WORDS and rest and rest[0].strip():
        first, *rest = f"{first}.{rest[0]}", *rest[1:]
    return f"{first}." if rest else first


def _suffix(answer: str, options: TrainingOptions, draw: random.Random) -> str | None:
    """The text after the image with the answer's rough length in it; None: the text as it is."""
    text = options.text_after_image
    if not text.endswith(":") or draw.random() >= options.length_hints:
        return None
    length = int((len(answer) + draw.gauss(0, _LENGTH_SPREAD)) // _LENGTH_UNIT)
    return f"{text[:-1]}{max(length, 0)}:"


def _own_question(image: SourceImage) -> Example | None:
    question, answer = (image.question or "").strip(), (image.answer or "").strip()
    return Example(f" {question}", f" {answer}") if question and answer else None


def _top_or_bottom(image: SourceImage, draw: random.Random) -> Example | None:
    heights: defaultdict[str, list[float]] = defaultdict(list)
    for region in image.regions:
        if region.words:
            heights[region.words[0]].append((region.box[1] + region.box[3]) / 2 / image.pixels.height)
    places = {word: sum(found) / len(found) for word, found in heights.items()}
    ends = {word: place for word, place in places.items() if not _EDGE <= place <= 1 - _EDGE}
    if not ends:
        return None
    word = draw.choice(sorted(ends))
    side = "top" if ends[word] < _EDGE else "bottom"
    return Example(f" Where is {word}?", f" {word} is on the {side} of the image.")
