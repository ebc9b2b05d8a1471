"""Paints a scene and tells which region owns each pixel.

`draw` returns the picture and an owner map that share every outline, so regions are exact by construction.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from data_pipeline.toy.brush import Paint, darker, gradient, lighter
from data_pipeline.toy.icons import paint_icon
from data_pipeline.toy.scenes import Scene, SceneObject, keyed_random
from data_pipeline.toy.vocabulary import COLOUR_SYNONYMS, TEXTURES, Place, Rgb

SOURCE_PIXELS = 448
TRAINING_PIXELS = 224
"""Scenes that models learn from are drawn in the size of the toy encoders' canvas."""
_SKY, _GROUND, _MOUNTAIN, _FIRST_OBJECT = 0, 1, 2, 3
_SKY_PAINTS: dict[str, Paint] = {
    "clear": Paint((92, 166, 240), (206, 234, 252)),
    "sunset": Paint((222, 108, 160), (255, 202, 196)),
    "overcast": Paint((138, 146, 158), (204, 209, 216)),
    "night": Paint((18, 22, 52), (58, 62, 112)),
}
_GROUND_PAINTS: dict[str, Paint] = {
    "grass": Paint((122, 196, 96), (54, 138, 66)),
    "sand": Paint((250, 222, 140), (226, 180, 92)),
    "snow": Paint((252, 253, 255), (214, 226, 242)),
    "water": Paint((76, 158, 226), (26, 84, 172)),
}


@dataclass(frozen=True)
class Picture:
    """A square RGB picture and, for each pixel, the number of the region that owns it ("L")."""

    image: Image.Image
    owners: Image.Image


@dataclass(frozen=True)
class Region:
    """A part of the picture with its words; `box` is x0, y0, x1, y1 in source pixels, ends excluded.

    `mask` ("1") is white where the region is visible: the masks of a picture are disjoint and cover it.
    """

    kind: str
    words: tuple[str, ...]
    attributes: tuple[str, ...]
    box: tuple[int, int, int, int]
    mask: Image.Image


def draw(scene: Scene, pixels: int = SOURCE_PIXELS, supersampling: int = 2) -> Picture:
    """The scene, `pixels` wide; painted `supersampling` times larger and shrunk for smooth edges."""
    picture = _paint(scene, pixels * supersampling)
    if supersampling == 1:
        return picture
    owners = picture.owners.resize((pixels, pixels), Image.Resampling.NEAREST)
    return Picture(picture.image.reduce(supersampling), owners)


def regions(scene: Scene, picture: Picture) -> tuple[Region, ...]:
    """The visible regions: sky, ground, mountain, then the objects from back to front."""
    places = [(_SKY, scene.sky), (_GROUND, scene.ground)] + (
        [(_MOUNTAIN, scene.mountain)] if scene.mountain else []
    )
    found = [_place_region(place, _mask(picture, number)) for number, place in places]
    found += [
        _object_region(item, _mask(picture, _FIRST_OBJECT + order))
        for order, item in enumerate(scene.objects)
    ]
    return tuple(region for region in found if region is not None)


def _mask(picture: Picture, number: int) -> Image.Image:
    return picture.owners.point(lambda owner: 255 if owner == number else 0).convert("1")


def _place_region(place: Place, mask: Image.Image) -> Region | None:
    colours = (place.colour, *COLOUR_SYNONYMS[place.colour])
    return _region("background", (place.noun, *place.synonyms), (*colours, *place.adjectives), mask)


def _object_region(item: SceneObject, mask: Image.Image) -> Region | None:
    texture = (item.texture, *TEXTURES[item.texture]) if item.texture else ()
    words = (item.thing.noun, *item.thing.synonyms, *item.thing.parts)
    return _region("object", words, (item.colour, *COLOUR_SYNONYMS[item.colour], *texture), mask)


def _region(
    kind: str, words: tuple[str, ...], attributes: tuple[str, ...], mask: Image.Image
) -> Region | None:
    box = mask.getbbox()
    return None if box is None else Region(kind, words, attributes, box, mask)


def _paint(scene: Scene, side: int) -> Picture:
    rng = keyed_random(scene.key, "decoration")
    image = gradient((side, side), _SKY_PAINTS[scene.sky.name]).convert("RGB")
    owners = Image.new("L", (side, side), _SKY)
    _decorate_sky(image, scene, rng)
    _add(image, owners, _mountains(scene, side, rng), (0, 0), _MOUNTAIN)
    _add(image, owners, _ground(scene, side, rng), (0, 0), _GROUND)
    for order, item in enumerate(scene.objects):
        _place(image, owners, item, scene, _FIRST_OBJECT + order)
    return Picture(image, owners)


def _add(
    image: Image.Image, owners: Image.Image, layer: Image.Image | None, at: tuple[int, int], owner: int
) -> None:
    if layer is None:
        return
    alpha = layer.getchannel("A")
    image.paste(layer, at, alpha)
    owners.paste(owner, at, alpha.point(lambda value: 255 if value >= 128 else 0))


def _place(image: Image.Image, owners: Image.Image, item: SceneObject, scene: Scene, owner: int) -> None:
    side = image.width
    pixels = round(item.side * side)
    icon = paint_icon(item.thing.noun, item.colour, item.texture, pixels, item.flipped)
    at = (round((item.x - item.side / 2) * side), round((item.y - item.side / 2) * side))
    if item.thing.home == "sky":
        if item.thing.noun in ("sun", "moon"):
            _glow(image, item, lighter(_average(icon), 0.4))
        _drop_shadow(image, icon, at, 0.22)
    else:
        _ground_shadow(image, item, scene.ground.name)
        _drop_shadow(image, icon, at, 0.16)
    _add(image, owners, icon, at, owner)
    if item.thing.home == "water":
        _ripples(image, item)


def _average(icon: Image.Image) -> Rgb:
    return icon.convert("RGB").getpixel((icon.width // 4, icon.height // 2))  # type: ignore[return-value]


def _glow(image: Image.Image, item: SceneObject, colour: Rgb) -> None:
    side = image.width
    reach = round(item.side * side * 0.95)
    mask = ImageOps.invert(Image.radial_gradient("L")).point(lambda value: max(0, value - 60) // 2)
    at = (round(item.x * side) - reach, round(item.y * side) - reach)
    image.paste(colour, (*at, at[0] + 2 * reach, at[1] + 2 * reach), mask.resize((2 * reach, 2 * reach)))


def _drop_shadow(image: Image.Image, icon: Image.Image, at: tuple[int, int], strength: float) -> None:
    # Blurred at an eighth of the size: a blur at full size would cost more than all the painting.
    pad, eighth = icon.width // 8, max(1, icon.width // 8)
    small = icon.getchannel("A").resize((eighth, eighth), Image.Resampling.BOX)
    framed = ImageOps.expand(small, border=max(1, pad // 8)).filter(
        ImageFilter.GaussianBlur(max(1, eighth * 0.03))
    )
    mask = framed.point(lambda value: round(value * strength)).resize(
        (icon.width + 2 * pad,) * 2, Image.Resampling.BILINEAR
    )
    shift = icon.width // 40
    left, top = at[0] - pad + shift, at[1] - pad + 2 * shift
    image.paste((16, 20, 50), (left, top, left + mask.width, top + mask.height), mask)


def _ground_shadow(image: Image.Image, item: SceneObject, ground: str) -> None:
    side = image.width
    width, height = round(item.side * side * 0.98), round(item.side * side * 0.17)
    mask = ImageOps.invert(Image.radial_gradient("L")).point(lambda value: min(110, max(0, value - 70)))
    left, top = round(item.x * side - width / 2), round((item.y + item.side / 2) * side - height * 0.55)
    tint = (10, 34, 84) if ground == "water" else darker(_GROUND_PAINTS[ground].shade, 0.65)
    image.paste(tint, (left, top, left + width, top + height), mask.resize((width, height)))


def _ripples(image: Image.Image, item: SceneObject) -> None:
    side, draw = image.width, ImageDraw.Draw(image, "RGBA")
    bottom = (item.y + item.side / 2) * side
    for number, alpha in enumerate((150, 110, 70)):
        half = item.side * side * (0.46 + 0.07 * number)
        y = bottom + (number - 1) * side * 0.012
        box = (item.x * side - half, y - side * 0.016, item.x * side + half, y + side * 0.016)
        draw.arc(
            box, 15 + 10 * number, 165 - 10 * number, fill=(235, 247, 255, alpha), width=max(1, side // 180)
        )


def _decorate_sky(image: Image.Image, scene: Scene, rng: random.Random) -> None:
    side, draw = image.width, ImageDraw.Draw(image, "RGBA")
    if scene.sky.name == "night":
        for _ in range(46):
            x, y, radius = (
                rng.random() * side,
                rng.random() * side * 0.6,
                side * rng.choice((0.002, 0.003, 0.0045)),
            )
            draw.ellipse(
                (x - radius, y - radius, x + radius, y + radius), fill=(255, 250, 220, rng.randint(110, 255))
            )
    else:
        for _ in range(4):
            y, x, half = rng.uniform(0.05, 0.5) * side, rng.random() * side, rng.uniform(0.1, 0.25) * side
            height = side * rng.uniform(0.008, 0.02)
            draw.rounded_rectangle(
                (x - half, y - height, x + half, y + height), height, fill=(255, 255, 255, 34)
            )


def _mountains(scene: Scene, side: int, rng: random.Random) -> Image.Image | None:
    count = 3
    peaks = [((number + rng.uniform(0.3, 0.7)) / count, rng.uniform(0.12, 0.24)) for number in range(count)]
    if not scene.mountain:
        return None
    layer = Image.new("RGBA", (side, side))
    base = scene.horizon + 0.04
    for x, height in sorted(peaks, key=lambda peak: -peak[1]):
        top, half = scene.horizon - height, height * rng.uniform(1.0, 1.35)
        _mountain(layer, x, top, half, base)
    return layer


def _mountain(layer: Image.Image, x: float, top: float, half: float, base: float) -> None:
    """Two slopes, lit from the left, under a cap of snow."""
    side, draw = layer.width, ImageDraw.Draw(layer)

    def points(*pairs: tuple[float, float]) -> list[tuple[float, float]]:
        return [(px * side, py * side) for px, py in pairs]

    draw.polygon(points((x, top), (x + half, base), (x - half, base)), fill=(150, 156, 170, 255))
    draw.polygon(points((x, top), (x + half, base), (x + half * 0.1, base)), fill=(112, 118, 136, 255))
    snow = 0.28 * (base - top)
    slope = half / (base - top)
    left, right = x - slope * snow, x + slope * snow
    zigzag = ((left, top + snow), (x - slope * snow * 0.35, top + snow * 0.8), (x, top + snow * 1.15))
    draw.polygon(
        points((x, top), *zigzag, (x + slope * snow * 0.4, top + snow * 0.8), (right, top + snow)),
        fill=(246, 248, 252, 255),
    )


def _ground(scene: Scene, side: int, rng: random.Random) -> Image.Image:
    top = round((scene.horizon - 0.03) * side)
    colours = Image.new("RGB", (side, side))
    colours.paste(gradient((side, side - top), _GROUND_PAINTS[scene.ground.name]), (0, top))
    _decorate_ground(colours, scene, rng)
    mask = Image.new("L", (side, side))
    draw = ImageDraw.Draw(mask)
    if scene.ground.name == "water":
        draw.rectangle((0, scene.horizon * side, side, side), fill=255)
    else:
        left, right = rng.uniform(0.0, 0.03), rng.uniform(0.0, 0.03)
        edge = [
            (x / 16, scene.horizon + left * (1 - x / 16) ** 2 + right * (x / 16) ** 2 - 0.02)
            for x in range(17)
        ]
        draw.polygon([(x * side, y * side) for x, y in edge] + [(side, side), (0, side)], fill=255)
    colours.putalpha(mask)
    return colours


def _decorate_ground(image: Image.Image, scene: Scene, rng: random.Random) -> None:
    side, draw, name = image.width, ImageDraw.Draw(image, "RGBA"), scene.ground.name
    for _ in range(70):
        depth = rng.random() ** 0.7
        x, y = rng.random() * side, (scene.horizon + depth * (1 - scene.horizon)) * side
        size = side * (0.008 + 0.016 * depth)
        if name == "grass":
            shade = (38, 112, 52, 130) if rng.random() < 0.6 else (170, 226, 120, 130)
            draw.line((x, y, x - size * 0.4, y - size), fill=shade, width=max(1, side // 300))
            draw.line((x, y, x + size * 0.5, y - size * 0.9), fill=shade, width=max(1, side // 300))
        elif name == "water":
            draw.arc(
                (x - size * 2.4, y - size * 0.5, x + size * 2.4, y + size * 0.5),
                200,
                340,
                fill=(214, 240, 255, 90),
                width=max(1, side // 220),
            )
        elif name == "sand":
            draw.arc(
                (x - size * 3, y - size * 0.6, x + size * 3, y + size * 0.6),
                190,
                350,
                fill=(176, 126, 52, 62),
                width=max(1, side // 260),
            )
        else:
            draw.ellipse(
                (x - size * 1.6, y - size * 0.3, x + size * 1.6, y + size * 0.3), fill=(176, 198, 228, 60)
            )
