"""Flat shapes with soft shading on one square layer: what the icons are painted with.

Coordinates are fractions of the layer's side, y downwards. Edges are hard here: pictures are painted
larger than they are kept, and shrinking smooths them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageOps

from data_pipeline.toy.vocabulary import Rgb

Point = tuple[float, float]
Stroke = Callable[[ImageDraw.ImageDraw, float], None]


@dataclass(frozen=True)
class Paint:
    """Colours of a fill: from the lit to the shaded end, straight down or around a highlight ("ball")."""

    light: Rgb
    shade: Rgb
    ball: bool = False
    textured: bool = False


def blend(one: Rgb, other: Rgb, share: float) -> Rgb:
    """`share` of the other colour mixed into the first."""
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


def lighter(colour: Rgb, share: float = 0.25) -> Rgb:
    """Mixed with white."""
    return blend(colour, (255, 255, 255), share)


def darker(colour: Rgb, share: float = 0.2) -> Rgb:
    """Mixed with a deep blue, which looks more like shade than black does."""
    return blend(colour, (22, 24, 60), share)


def shaded(colour: Rgb, ball: bool = False) -> Paint:
    """A plain colour with gentle light from above."""
    return Paint(lighter(colour, 0.16), darker(colour, 0.16), ball)


def ellipse(x0: float, y0: float, x1: float, y1: float, ink: int = 255) -> Stroke:
    """An ellipse in a box; ink 0 takes away from what was drawn before."""
    return lambda draw, side: draw.ellipse((x0 * side, y0 * side, x1 * side, y1 * side), fill=ink)


def circle(x: float, y: float, radius: float, ink: int = 255) -> Stroke:
    """A circle around (x, y)."""
    return ellipse(x - radius, y - radius, x + radius, y + radius, ink)


def polygon(*points: Point, ink: int = 255) -> Stroke:
    """Straight-edged."""
    return lambda draw, side: draw.polygon([(x * side, y * side) for x, y in points], fill=ink)


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Stroke:
    """A box with round corners."""
    return lambda draw, side: draw.rounded_rectangle(
        (x0 * side, y0 * side, x1 * side, y1 * side), radius * side, fill=255
    )


def half_disc(x0: float, y0: float, x1: float, y1: float) -> Stroke:
    """The upper half of the ellipse in a box."""
    return lambda draw, side: draw.pieslice((x0 * side, y0 * side, x1 * side, y1 * side), 180, 360, fill=255)


def line(width: float, *points: Point) -> Stroke:
    """A line through points with round joints."""
    return lambda draw, side: draw.line(
        [(x * side, y * side) for x, y in points], fill=255, width=max(1, round(width * side)), joint="curve"
    )


def smooth(*points: Point) -> Stroke:
    """A closed curve through points (Catmull-Rom)."""
    return polygon(*(curve_point(points, number / 8) for number in range(len(points) * 8)))


def curve(width: float, *points: Point) -> Stroke:
    """An open curved line through points."""
    ends = (points[0], *points, points[-1])
    dense = [curve_point(ends, 1 + number / 8) for number in range((len(points) - 1) * 8 + 1)]
    return line(width, *dense)


def curve_point(points: tuple[Point, ...], place: float) -> Point:
    """The point at `place` (a whole number for each given point) of the closed curve."""
    whole, t = int(place), place % 1
    before, start, end, after = (points[(whole + shift) % len(points)] for shift in (-1, 0, 1, 2))
    return (
        _spline(before[0], start[0], end[0], after[0], t),
        _spline(before[1], start[1], end[1], after[1], t),
    )


class Brush:
    """Paints strokes on a transparent square layer."""

    def __init__(self, pixels: int, colour: Rgb, texture: str | None = None) -> None:
        self.layer = Image.new("RGBA", (pixels, pixels))
        self.colour = colour
        self.body = Paint(lighter(colour, 0.2), darker(colour, 0.16), textured=True)
        self.ball = Paint(lighter(colour, 0.34), darker(colour, 0.14), ball=True, textured=True)
        self._texture = texture

    def fill(self, paint: Paint | Rgb, *strokes: Stroke) -> None:
        """Fills the union of the strokes."""
        pixels = self.layer.width
        mask = Image.new("L", (pixels, pixels))
        draw = ImageDraw.Draw(mask)
        for stroke in strokes:
            stroke(draw, pixels)
        box = mask.getbbox()
        if box is None:
            return
        inside = mask.crop(box)
        self.layer.paste(self._colours(paint, box), box[:2], inside)

    def veil(self, colour: Rgb, strength: float, *strokes: Stroke) -> None:
        """Tints what is already painted under the strokes; nothing appears outside of it."""
        pixels = self.layer.width
        mask = Image.new("L", (pixels, pixels))
        draw = ImageDraw.Draw(mask)
        for stroke in strokes:
            stroke(draw, pixels)
        alpha = self.layer.getchannel("A")
        mask = ImageChops.multiply(mask, alpha).point(lambda value: round(value * strength))
        self.layer.paste(colour, (0, 0), mask)
        self.layer.putalpha(alpha)

    def _colours(self, paint: Paint | Rgb, box: tuple[int, int, int, int]) -> Image.Image:
        size = (box[2] - box[0], box[3] - box[1])
        if not isinstance(paint, Paint):
            return Image.new("RGB", size, paint)
        colours = gradient(size, paint)
        if paint.textured and self._texture:
            pattern = _pattern(self._texture, self.layer.width).crop(box)
            colours.paste(accent(self.colour), (0, 0), pattern)
        return colours


def gradient(size: tuple[int, int], paint: Paint) -> Image.Image:
    """The paint's shading over a box of `size` pixels; RGB."""
    if paint.ball:
        width, height = size
        big = _radial(max(8, round(1.9 * width)), max(8, round(1.9 * height)))
        left, top = round(0.59 * width), round(0.65 * height)
        ramp = big.crop((left, top, left + width, top + height))
    else:
        ramp = _linear().resize(size)
    return ImageOps.colorize(ramp, paint.light, paint.shade)


def accent(colour: Rgb) -> Rgb:
    """The second colour of stripes and dots: cream, or slate on what is pale."""
    return (92, 98, 120) if sum(colour) > 690 else (255, 248, 228)


def _spline(before: float, start: float, end: float, after: float, t: float) -> float:
    slope = end - before
    bend = 2 * before - 5 * start + 4 * end - after
    twist = -before + 3 * start - 3 * end + after
    return 0.5 * (2 * start + slope * t + bend * t**2 + twist * t**3)


@lru_cache(maxsize=1)
def _linear() -> Image.Image:
    return Image.linear_gradient("L")


@lru_cache(maxsize=256)
def _radial(width: int, height: int) -> Image.Image:
    return Image.radial_gradient("L").resize((width, height))


@lru_cache(maxsize=512)
def _pattern(texture: str, pixels: int) -> Image.Image:
    """White where the accent goes: slanted bands, or dots in staggered rows."""
    mask = Image.new("L", (pixels, pixels))
    draw = ImageDraw.Draw(mask)
    if texture == "striped":
        for number in range(-8, 16):
            left = number / 8
            polygon((left, 0), (left + 0.05, 0), (left + 0.35, 1), (left + 0.30, 1))(draw, pixels)
    else:
        for row in range(10):
            for col in range(10):
                circle((col + 0.5 * (row % 2)) / 8, (row + 0.2) / 8.5, 0.027)(draw, pixels)
    return mask
