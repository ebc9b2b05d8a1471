"""Captions: what one would say about a scene, first sentence first.

Wording follows from the contents wherever it can, so that little of a caption's loss is chance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from data_pipeline.toy.scenes import Scene, SceneObject, keyed_random
from data_pipeline.toy.vocabulary import Place


@dataclass(frozen=True)
class Question:
    """A question about the picture and its one-word answer."""

    text: str
    answer: str


def caption(scene: Scene) -> str:
    """Two or three sentences."""
    return " ".join(sentences(scene))


def first_sentence(scene: Scene) -> str:
    """The caption's first sentence, which makes sense alone."""
    return sentences(scene)[0]


def sentences(scene: Scene) -> tuple[str, ...]:
    """Sky and ground in either order, then the mountain, or now and then where an object is."""
    rng = keyed_random(scene.key, "caption")
    above = _row(scene.above, "in", scene.sky, plain=rng.random() < 0.25)
    below = _row(scene.below, "on", scene.ground, plain=rng.random() < 0.25)
    parts = [above, below] if rng.random() < 0.4 else [below, above]
    if scene.mountain:
        parts.append("a grey mountain rises behind .")
    elif rng.random() < 0.4:
        parts.append(_whereabouts(rng.choice(scene.objects)))
    return tuple(prose(part) for part in parts)


def prose(words: str) -> str:
    """Words as people write them: sentences begin with a capital and end with no space before the stop.

    The tokenizer folds case and splits punctuation off, so a model reads the same tokens either way.
    """
    joined = re.sub(r" (?=[.?])", "", words)
    return re.sub(r"(^|[.?] )([a-z])", lambda found: found[1] + found[2].upper(), joined)


def phrase(item: SceneObject) -> str:
    """For example "a striped red house"."""
    words = " ".join(word for word in (item.texture, item.colour, item.thing.noun) if word)
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def top_or_bottom(scene: Scene) -> Question | None:
    """Asks for a colour, not a noun: the noun alone would tell the answer without a look at the picture."""
    colours = [item.colour for item in scene.objects]
    single = [item for item in scene.objects if colours.count(item.colour) == 1]
    if not single:
        return None
    item = keyed_random(scene.key, "question").choice(single)
    return Question(f"where is the {item.colour} one ?", item.row)


def _row(items: tuple[SceneObject, ...], preposition: str, place: Place, plain: bool) -> str:
    first = f"there is {phrase(items[0])}" if plain else f"{phrase(items[0])} {items[0].thing.verb}"
    second = f" beside {phrase(items[1])}" if len(items) == 2 else ""
    return f"{first}{second} {preposition} the {place.colour} {place.noun} ."


def _whereabouts(item: SceneObject) -> str:
    side = "left" if item.x < 0.42 else "right" if item.x > 0.58 else "middle"
    return f"the {item.colour} {item.thing.noun} is {'in' if side == 'middle' else 'on'} the {side} ."
