"""The scenes as arrays for training: pixels of the canvas and the words of every cell.

About 150 kB a scene as unsigned bytes; the arrays are written once and mapped, so jobs share one copy.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from data_pipeline.toy.drawing import TRAINING_PIXELS, draw
from data_pipeline.toy.scenes import Scene, SceneObject, make_scene
from data_pipeline.toy.vocabulary import COLOURS, GROUNDS, MOUNTAIN, SKIES, TEXTURES, THINGS, Place

CANVAS_PIXELS = TRAINING_PIXELS
PATCH_PIXELS = 28
GRID = CANVAS_PIXELS // PATCH_PIXELS
_CHUNK = 250


@dataclass(frozen=True)
class CellWords:
    """The texts that a cell can be named with; each cell has one of every group."""

    phrases: tuple[str, ...]
    nouns: tuple[str, ...]
    colours: tuple[str, ...]
    textures: tuple[str, ...]

    @cached_property
    def prompts(self) -> tuple[str, ...]:
        """All texts, group after group."""
        return (*self.phrases, *self.nouns, *self.colours, *self.textures)

    def indices(self, content: SceneObject | Place) -> tuple[int, int, int, int]:
        """Phrase, noun, colour and texture of a cell's content, each counted within its group."""
        if isinstance(content, Place):
            phrase_text, noun, texture = f"{content.colour} {content.noun}", content.noun, None
        else:
            phrase_text, noun, texture = (
                f"{content.colour} {content.thing.noun}",
                content.thing.noun,
                content.texture,
            )
        return (
            self.phrases.index(phrase_text),
            self.nouns.index(noun),
            self.colours.index(content.colour),
            self.textures.index(texture or _PLAIN),
        )


_PLAIN = "a thing"


def cell_words() -> CellWords:
    """The fixed inventory of texts."""
    places = (*SKIES.values(), *GROUNDS.values(), MOUNTAIN)
    phrases = [f"{colour} {thing.noun}" for thing in THINGS.values() for colour in thing.colours]
    nouns = dict.fromkeys([*THINGS, *(place.noun for place in places)])
    phrases += [f"{place.colour} {place.noun}" for place in places]
    return CellWords(tuple(phrases), tuple(nouns), (*COLOURS, "dark"), (_PLAIN, *TEXTURES))


@dataclass(frozen=True)
class Pictures:
    """Arrays over scenes.

    `pixels` (scene, y, x, rgb) uint8; `words` (scene, cell, group) int16, see `CellWords.indices`; `shares`
    (scene, cell) float16, the part of each cell that its main content covers.
    """

    pixels: np.ndarray
    words: np.ndarray
    shares: np.ndarray

    def first(self, count: int) -> Pictures:
        """The arrays of the first `count` scenes."""
        return Pictures(self.pixels[:count], self.words[:count], self.shares[:count])


def cell_contents(scene: Scene, owners: np.ndarray) -> tuple[list[SceneObject | Place], np.ndarray]:
    """What covers most of each cell, row by row, and how much of it; `owners` is square, (y, x)."""
    contents = (scene.sky, scene.ground, scene.mountain or scene.sky, *scene.objects)
    size = owners.shape[0] // GRID
    blocks = owners.reshape(GRID, size, GRID, size).transpose(0, 2, 1, 3).reshape(GRID * GRID, size * size)
    counts = np.stack([(blocks == number).sum(1) for number in range(len(contents))], 1)  # (cell, content)
    return [contents[number] for number in counts.argmax(1)], counts.max(1) / (size * size)


def load_pictures(folder: Path, seed: int, split: str, count: int) -> Pictures:
    """Maps the arrays in `folder`, drawing them first where they are missing."""
    name = f"{split}-{seed}-{count}"
    paths = {part: folder / f"{name}-{part}.npy" for part in ("pixels", "words", "shares")}
    if not paths["shares"].exists():
        folder.mkdir(parents=True, exist_ok=True)
        _draw_all(paths, seed, split, count)
    return Pictures(*(np.load(paths[part], mmap_mode="r") for part in ("pixels", "words", "shares")))


def _draw_all(paths: dict[str, Path], seed: int, split: str, count: int) -> None:
    chunks = [(seed, split, start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
    pixels = np.lib.format.open_memmap(
        _partial(paths["pixels"]), mode="w+", dtype=np.uint8, shape=(count, CANVAS_PIXELS, CANVAS_PIXELS, 3)
    )
    words, shares = np.zeros((count, GRID * GRID, 4), np.int16), np.zeros((count, GRID * GRID), np.float16)
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        for chunk, drawn in zip(chunks, pool.map(_draw_chunk, chunks), strict=True):
            pixels[chunk[2] : chunk[3]], words[chunk[2] : chunk[3]], shares[chunk[2] : chunk[3]] = drawn
    pixels.flush()
    np.save(_partial(paths["words"]), words)
    np.save(_partial(paths["shares"]), shares)
    for part in ("pixels", "words", "shares"):  # the shares come last: they mark the others as complete
        _partial(paths[part]).replace(paths[part])


def _partial(path: Path) -> Path:
    return path.with_suffix(f".{os.getpid()}.partial.npy")


def _draw_chunk(chunk: tuple[int, str, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    seed, split, start, stop = chunk
    drawn = [_draw_one(make_scene(seed, split, index)) for index in range(start, stop)]
    pixels, words, shares = (np.stack(part) for part in zip(*drawn, strict=True))
    return pixels, words, shares


def _draw_one(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Painted at twice the canvas instead of four times: shrinking smooths the edges all the same.
    picture = draw(scene, 2 * CANVAS_PIXELS, supersampling=1)
    contents, shares = cell_contents(scene, np.asarray(picture.owners))
    inventory = cell_words()
    words = np.array([inventory.indices(content) for content in contents], np.int16)
    return np.asarray(picture.image.reduce(2)), words, shares.astype(np.float16)
