"""What is in each scene: a pure function of (seed, split, index), independent of the order of calls.

Lengths are fractions of the picture's side; (0, 0) is the top left corner. Objects are large, because a
picture has only 8 x 8 cells and an object of one cell would be all border.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from data_pipeline.toy.vocabulary import GROUNDS, MOUNTAIN, SKIES, TEXTURES, THINGS, Place, Thing

SPLITS: tuple[str, ...] = ("train", "tune", "report")
_TEXTURE_SHARE = 0.3
_MOUNTAIN_SHARE = 0.35
_WATER_SHARE = 0.35


@dataclass(frozen=True)
class SceneObject:
    """One drawn object: its square box is centred on (x, y) and `side` wide."""

    thing: Thing
    colour: str
    texture: str | None
    x: float
    y: float
    side: float
    flipped: bool

    @property
    def row(self) -> str:
        """Where it is: "top" in the sky, "bottom" on the ground or water."""
        return "top" if self.thing.home == "sky" else "bottom"


@dataclass(frozen=True)
class Scene:
    """Contents of one picture; `above` and `below` run from left to right."""

    key: str
    sky: Place
    ground: Place
    mountain: Place | None
    horizon: float
    above: tuple[SceneObject, ...]
    below: tuple[SceneObject, ...]

    @property
    def objects(self) -> tuple[SceneObject, ...]:
        """Back to front: the order of drawing."""
        return (*self.above, *sorted(self.below, key=lambda item: item.y + item.side / 2))


def keyed_random(key: str, purpose: str) -> random.Random:
    """A generator of its own for every (item, purpose), so that no draw depends on another."""
    return random.Random(f"{key}/{purpose}")  # noqa: S311 (no secret depends on it)


def make_scene(seed: int, split: str, index: int) -> Scene:
    """The scene number `index` of a split."""
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; expected one of {', '.join(SPLITS)}")
    key = f"{seed}/{split}/{index}"
    rng = keyed_random(key, "contents")
    sky = rng.choice(list(SKIES.values()))
    on_water = rng.random() < _WATER_SHARE
    ground = GROUNDS["water"] if on_water else GROUNDS[rng.choice(["grass", "sand", "snow"])]
    mountain = MOUNTAIN if rng.random() < _MOUNTAIN_SHARE else None
    horizon = rng.uniform(0.48, 0.58)
    above = _row_of_objects(rng, "sky", sky.colour)
    below = _row_of_objects(rng, "water" if on_water else "land", ground.colour)
    return Scene(key, sky, ground, mountain, horizon, above, below)


def _row_of_objects(rng: random.Random, home: str, behind: str) -> tuple[SceneObject, ...]:
    """One or two different things that stand out against the colour behind them."""
    things = rng.sample([thing for thing in THINGS.values() if thing.home == home], rng.choice([1, 2, 2]))
    if len(things) == 1:
        spots = [(rng.uniform(0.28, 0.72), rng.uniform(0.4, 0.56))]
    else:
        spots = [
            (rng.uniform(0.23, 0.27), rng.uniform(0.34, 0.46)),
            (rng.uniform(0.73, 0.77), rng.uniform(0.34, 0.46)),
        ]
    return tuple(_object(rng, thing, x, side, behind) for thing, (x, side) in zip(things, spots, strict=True))


def _object(rng: random.Random, thing: Thing, x: float, side: float, behind: str) -> SceneObject:
    colour = rng.choice([name for name in thing.colours if not _hides(name, behind)])
    texture = rng.choice(list(TEXTURES)) if thing.textured and rng.random() < _TEXTURE_SHARE else None
    if thing.home == "sky":
        y = rng.uniform(0.02 + side / 2, max(0.03 + side / 2, 0.44 - side / 4))
    else:
        y = rng.uniform(0.84, 0.96) - side / 2
    return SceneObject(thing, colour, texture, x, y, side, flipped=rng.random() < 0.5)


def _hides(colour: str, behind: str) -> bool:
    return colour == behind or (colour == "black" and behind == "dark")
