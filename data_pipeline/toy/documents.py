"""What the toy language models read: raster documents, captions, short sentences and note lists.

A raster document is a list of 64 cell words, row by row, followed by the caption of the same scene. It gives
a language model a reason to read a prefix of cell contents, as large ones have from their own reading;
without it a frozen model cannot use vision tokens and every lens stays at chance.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from data_pipeline.toy.captions import caption, prose, sentences, top_or_bottom
from data_pipeline.toy.scenes import Scene, SceneObject, keyed_random, make_scene
from data_pipeline.toy.vocabulary import (
    GROUNDS,
    MOUNTAIN,
    SKIES,
    SPLIT_WORDS,
    TEXTURES,
    THINGS,
    Place,
    colour_words,
)

GRID = 8
_NOISE_SHARES = (0.0, 0.0, 0.05, 0.12)
_EVERYWHERE = (*SKIES.values(), *GROUNDS.values(), MOUNTAIN)


@dataclass(frozen=True)
class ListAndText:
    """A raster document in its two halves: one token per cell, then the text after the colon."""

    cells: tuple[str, ...]
    text: str


def rough_cells(scene: Scene) -> tuple[SceneObject | Place, ...]:
    """What fills each of the 64 cells, row by row; outlines are rough, for these models see no pixels."""
    return tuple(
        _content(scene, (col + 0.5) / GRID, (row + 0.5) / GRID) for row in range(GRID) for col in range(GRID)
    )


def raster_document(scene: Scene, rng: random.Random) -> ListAndText:
    """Cell words drawn anew by `rng`; one text in ten is a question instead of the caption."""
    share = 1.0 if rng.random() < 0.1 else rng.uniform(0.35, 0.75)
    noise = rng.choice(_NOISE_SHARES)
    cells = tuple(_cell_token(content, share, noise, rng) for content in rough_cells(scene))
    question = top_or_bottom(scene) if rng.random() < 0.1 else None
    return ListAndText(cells, f"{question.text} {question.answer}" if question else caption(scene))


def short_text(rng: random.Random) -> str:
    """A caption, a short sentence or a note list, about nothing in particular."""
    kind = rng.random()
    if kind < 0.3:
        return " ".join(sentences(_any_scene(rng))[: rng.choice([1, 1, 3])])
    return note_list(rng) if kind < 0.55 else short_sentence(rng)


def note_list(rng: random.Random) -> str:
    """4 to 16 words about one scene, in reading order, now and then two words to a cell."""
    contents = [content for content in rough_cells(_any_scene(rng)) if rng.random() < 0.25]
    pairs = rng.random() < 0.3
    words = [_pair(content, rng) if pairs else _cell_word(content, 0.5, rng) for content in contents]
    return " ".join(words[: rng.randint(4, 8 if pairs else 16)])


def short_sentence(rng: random.Random) -> str:
    """A sentence on one thing or place: its colour, parts, kind, whereabouts."""
    thing = rng.choice(list(THINGS.values()))
    other = rng.choice(list(THINGS.values()))
    place = rng.choice(_EVERYWHERE)
    colour = rng.choice(thing.colours)
    size, number = rng.choice(("big", "large", "small", "tiny")), rng.choice(("two", "three", "four", "some"))
    ground = _name(place.noun, place.synonyms, rng)
    name, paint = _name(thing.noun, thing.synonyms, rng), rng.choice((colour, *colour_words(colour)))
    part, adjective = rng.choice(thing.parts), rng.choice(thing.adjectives)
    texture = rng.choice(list(TEXTURES))
    words = rng.choice(
        (
            f"the {adjective} {name} is {paint} .",
            f"{_article(paint)} {name} has {part} .",
            f"the {part} of the {name} here .",
            f"{_article(name)} is one kind of {thing.kind} .",
            f"this {thing.kind} is {_article(adjective)} {name} .",
            f"{_article(paint)} {name} {thing.verb} near the {other.noun} .",
            f"we see {_article(texture)} {paint} {name} here .",
            f"the {texture} {name} has {rng.choice(TEXTURES[texture])} on it .",
            f"where is the {name} ? on the {rng.choice(('left', 'right', 'top', 'bottom', 'side'))} .",
            f"what colour is the {name} ? {paint} .",
            f"{size} {paint} {name} above the {ground} .",
            f"the {ground} is {rng.choice(place.adjectives)} and {place.colour} .",
            f"there are {number} {paint} {name} and {_article(other.noun)} below .",
            f"behind the {name} there is {place.colour} {ground} .",
        )
    )
    return prose(words)


def corpus(seed: int, count: int) -> tuple[str, ...]:
    """Texts for the contextual lens: a third each of captions, note lists and sentences; no doubles."""
    texts: dict[str, None] = {}
    for number in range(count * 4):
        rng = keyed_random(str(seed), f"corpus/{number}")
        texts[rng.choice((short_sentence, note_list, lambda rng: caption(_any_scene(rng))))(rng)] = None
        if len(texts) == count:
            break
    return tuple(texts)


def raster_documents(seed: int, scenes: int) -> Iterator[ListAndText]:
    """An endless stream over the train scenes, with new words at each turn."""
    number = 0
    while True:
        scene = make_scene(seed, "train", number % scenes)
        yield raster_document(scene, keyed_random(scene.key, f"raster {number // scenes}"))
        number += 1


def _content(scene: Scene, x: float, y: float) -> SceneObject | Place:
    for item in reversed(scene.objects):
        if abs(2 * (x - item.x) / item.side) ** 3 + abs(2 * (y - item.y) / item.side) ** 3 <= 1:
            return item
    if y >= scene.horizon:
        return scene.ground
    return MOUNTAIN if scene.mountain and y >= scene.horizon - 0.16 and 0.1 < x < 0.9 else scene.sky


def _cell_token(content: SceneObject | Place, share: float, noise: float, rng: random.Random) -> str:
    if rng.random() < noise:
        content = rng.choice(_EVERYWHERE)
    word = _cell_word(content, share, rng)
    return rng.choice(SPLIT_WORDS[word]) if word in SPLIT_WORDS else word


def _cell_word(content: SceneObject | Place, share: float, rng: random.Random) -> str:
    """The noun with probability `share`, else the colour; a few textures, parts and synonyms."""
    draw = rng.random()
    if isinstance(content, Place):
        noun, colour, extra = content.noun, content.colour, (*content.synonyms, *content.adjectives)
    else:
        noun, colour = content.thing.noun, content.colour
        extra = (*content.thing.parts, *content.thing.synonyms)
        if content.texture and draw > 0.85:
            return content.texture
    if draw < 0.06 and share < 1:
        return rng.choice(extra)
    if rng.random() < share:
        return noun
    return colour if rng.random() < 0.95 else rng.choice(colour_words(colour))


def _pair(content: SceneObject | Place, rng: random.Random) -> str:
    if isinstance(content, Place):
        return f"{content.colour} {content.noun}"
    return f"{content.colour} {rng.choice((content.thing.noun, *content.thing.parts))}"


def _any_scene(rng: random.Random) -> Scene:
    return make_scene(rng.randrange(2**30), "train", 0)


def _name(noun: str, synonyms: tuple[str, ...], rng: random.Random) -> str:
    return noun if rng.random() < 0.7 else rng.choice(synonyms)


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
