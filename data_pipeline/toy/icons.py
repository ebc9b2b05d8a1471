"""One function per thing: how it is painted in its square box, light from the upper left."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin

from PIL import Image, ImageOps

from data_pipeline.toy.brush import (
    Brush,
    Paint,
    circle,
    curve,
    darker,
    ellipse,
    half_disc,
    lighter,
    line,
    polygon,
    rounded,
    shaded,
    smooth,
)
from data_pipeline.toy.vocabulary import COLOURS

_WHITE, _INK = (255, 255, 255), (38, 40, 54)
_WOOD = shaded((150, 98, 60))
_LEAF = shaded((70, 156, 84))
_GLASS = Paint((214, 240, 255), (150, 200, 236))
_CREAM = Paint((255, 247, 228), (232, 212, 180))
_ORANGE = shaded((246, 150, 40))


def paint_icon(noun: str, colour: str, texture: str | None, pixels: int, flipped: bool) -> Image.Image:
    """A thing on a transparent square; RGBA, `pixels` wide."""
    brush = Brush(pixels, COLOURS[colour], texture)
    _ICONS[noun](brush)
    return ImageOps.mirror(brush.layer) if flipped else brush.layer


def _sun(brush: Brush) -> None:
    rays = []
    for number in range(16):
        angle, reach = number * pi / 8, 0.5 if number % 2 else 0.45
        left, right = angle - 0.13, angle + 0.13
        rays.append(
            polygon(
                *(
                    (0.5 + r * cos(a), 0.5 + r * sin(a))
                    for r, a in ((0.34, left), (reach, angle), (0.34, right))
                )
            )
        )
    brush.fill(Paint(lighter(brush.colour, 0.3), brush.colour), *rays)
    brush.fill(lighter(brush.colour, 0.5), circle(0.5, 0.5, 0.375))
    brush.fill(brush.ball, circle(0.5, 0.5, 0.345))


def _moon(brush: Brush) -> None:
    brush.fill(brush.ball, circle(0.47, 0.5, 0.45), circle(0.74, 0.4, 0.33, ink=0))
    spot = darker(brush.colour, 0.14)
    brush.fill(spot, circle(0.2, 0.5, 0.055), circle(0.3, 0.7, 0.075), circle(0.29, 0.31, 0.04))
    brush.fill(spot, circle(0.5, 0.84, 0.045), circle(0.55, 0.77, 0.02))


def _cloud(brush: Brush) -> None:
    puffs = (
        ellipse(0.0, 0.42, 0.4, 0.82),
        ellipse(0.16, 0.2, 0.6, 0.66),
        ellipse(0.42, 0.27, 0.86, 0.72),
        ellipse(0.64, 0.46, 1.0, 0.82),
        rounded(0.08, 0.55, 0.94, 0.82, 0.13),
    )
    brush.fill(Paint(lighter(brush.colour, 0.45), darker(brush.colour, 0.12)), *puffs)
    light = lighter(brush.colour, 0.6)
    brush.veil(
        light,
        0.55,
        ellipse(0.2, 0.24, 0.5, 0.5),
        ellipse(0.5, 0.32, 0.74, 0.52),
        ellipse(0.06, 0.48, 0.26, 0.66),
    )


def _balloon(brush: Brush) -> None:
    brush.fill(
        darker(COLOURS["brown"], 0.2),
        line(0.012, (0.36, 0.68), (0.42, 0.86)),
        line(0.012, (0.64, 0.68), (0.58, 0.86)),
    )
    envelope = smooth(
        (0.5, 0.01),
        (0.8, 0.1),
        (0.9, 0.36),
        (0.76, 0.6),
        (0.6, 0.76),
        (0.4, 0.76),
        (0.24, 0.6),
        (0.1, 0.36),
        (0.2, 0.1),
    )
    brush.fill(brush.ball, envelope)
    shade = darker(brush.colour, 0.5)
    brush.veil(shade, 0.18, ellipse(0.32, -0.02, 0.68, 0.84), ellipse(0.43, -0.02, 0.57, 0.84, ink=0))
    brush.veil(_WHITE, 0.35, ellipse(0.22, 0.12, 0.36, 0.36))
    brush.fill(darker(brush.colour, 0.35), rounded(0.39, 0.73, 0.61, 0.78, 0.02))
    brush.fill(_WOOD, rounded(0.4, 0.84, 0.6, 0.99, 0.035))
    brush.fill((196, 140, 92), rounded(0.385, 0.83, 0.615, 0.87, 0.02))


def _kite(brush: Brush) -> None:
    brush.fill(darker(brush.colour, 0.2), curve(0.018, (0.5, 0.72), (0.6, 0.82), (0.46, 0.89), (0.58, 0.99)))
    brush.fill(brush.body, polygon((0.5, 0.0), (0.94, 0.34), (0.5, 0.8), (0.06, 0.34)))
    brush.veil(
        darker(brush.colour, 0.5),
        0.28,
        polygon((0.5, 0.0), (0.94, 0.34), (0.5, 0.34)),
        polygon((0.06, 0.34), (0.5, 0.34), (0.5, 0.8)),
    )
    brush.fill(
        lighter(brush.colour, 0.6),
        line(0.016, (0.5, 0.0), (0.5, 0.8)),
        line(0.016, (0.06, 0.34), (0.94, 0.34)),
    )
    bow = shaded(brush.colour)
    for x, y in ((0.565, 0.82), (0.5, 0.915)):
        brush.fill(
            bow,
            polygon((x, y), (x - 0.09, y - 0.045), (x - 0.09, y + 0.045)),
            polygon((x, y), (x + 0.09, y - 0.045), (x + 0.09, y + 0.045)),
        )


def _plane(brush: Brush) -> None:
    dark = Paint(brush.colour, darker(brush.colour, 0.32))
    brush.fill(dark, polygon((0.5, 0.42), (0.66, 0.42), (0.44, 0.14), (0.34, 0.14)))
    brush.fill(dark, polygon((0.02, 0.12), (0.14, 0.12), (0.3, 0.42), (0.1, 0.46)))
    body = smooth(
        (0.03, 0.42),
        (0.2, 0.35),
        (0.7, 0.33),
        (0.92, 0.4),
        (0.995, 0.5),
        (0.9, 0.6),
        (0.6, 0.65),
        (0.25, 0.6),
        (0.08, 0.52),
    )
    brush.fill(brush.body, body)
    brush.veil(darker(brush.colour, 0.6), 0.22, polygon((0.0, 0.55), (1.0, 0.55), (1.0, 0.7), (0.0, 0.7)))
    brush.fill(_GLASS, polygon((0.83, 0.39), (0.91, 0.42), (0.945, 0.465), (0.82, 0.465)))
    brush.fill(_GLASS, *(circle(x / 100, 0.45, 0.028) for x in range(30, 80, 10)))
    brush.fill(dark, polygon((0.44, 0.54), (0.66, 0.54), (0.4, 0.88), (0.27, 0.88)))
    brush.fill(Paint(_WHITE, (190, 198, 214)), rounded(0.4, 0.67, 0.58, 0.77, 0.05))


def _house(brush: Brush) -> None:
    brush.fill(shaded(darker(brush.colour, 0.35)), rounded(0.68, 0.08, 0.81, 0.36, 0.015))
    brush.fill(_WHITE, rounded(0.66, 0.06, 0.83, 0.11, 0.015))
    brush.fill(brush.body, rounded(0.1, 0.38, 0.9, 1.0, 0.02))
    brush.veil(_INK, 0.22, polygon((0.1, 0.42), (0.9, 0.42), (0.9, 0.49), (0.1, 0.49)))
    brush.fill(
        Paint(darker(brush.colour, 0.12), darker(brush.colour, 0.42)),
        polygon((0.5, 0.02), (1.0, 0.45), (0.0, 0.45)),
    )
    brush.fill(lighter(brush.colour, 0.55), line(0.03, (0.0, 0.45), (0.5, 0.025), (1.0, 0.45)))
    brush.fill(_GLASS, circle(0.5, 0.29, 0.065))
    brush.fill(_CREAM, rounded(0.39, 0.6, 0.61, 1.0, 0.03))
    brush.fill(_WOOD, rounded(0.42, 0.63, 0.58, 1.0, 0.02))
    brush.fill((252, 214, 90), circle(0.55, 0.82, 0.016))
    for x in (0.17, 0.68):
        brush.fill(_CREAM, rounded(x - 0.015, 0.56, x + 0.165, 0.78, 0.02))
        brush.fill(_GLASS, rounded(x, 0.575, x + 0.15, 0.765, 0.01))
        brush.fill(
            _CREAM,
            line(0.014, (x + 0.075, 0.57), (x + 0.075, 0.77)),
            line(0.014, (x, 0.67), (x + 0.15, 0.67)),
        )


def _tree(brush: Brush) -> None:
    brush.fill(
        _WOOD,
        polygon((0.44, 0.55), (0.56, 0.55), (0.6, 1.0), (0.4, 1.0)),
        line(0.04, (0.5, 0.78), (0.66, 0.6)),
    )
    crown = (
        circle(0.5, 0.26, 0.26),
        circle(0.25, 0.42, 0.23),
        circle(0.75, 0.42, 0.23),
        circle(0.38, 0.58, 0.19),
        circle(0.63, 0.58, 0.19),
    )
    brush.fill(Paint(lighter(brush.colour, 0.22), darker(brush.colour, 0.26)), *crown)
    brush.veil(
        lighter(brush.colour, 0.55),
        0.45,
        circle(0.42, 0.2, 0.13),
        circle(0.2, 0.38, 0.1),
        circle(0.62, 0.4, 0.1),
    )
    brush.veil(
        darker(brush.colour, 0.5),
        0.3,
        circle(0.84, 0.5, 0.08),
        circle(0.44, 0.66, 0.07),
        circle(0.66, 0.22, 0.05),
    )


def _flower(brush: Brush) -> None:
    brush.fill(_LEAF, curve(0.045, (0.5, 0.5), (0.47, 0.75), (0.51, 1.0)))
    brush.fill(
        _LEAF,
        smooth((0.49, 0.92), (0.6, 0.76), (0.82, 0.74), (0.7, 0.9)),
        smooth((0.49, 0.97), (0.36, 0.84), (0.16, 0.84), (0.3, 0.97)),
    )
    for number in range(8):
        angle = number * pi / 4 + 0.2
        x, y = 0.5 + 0.24 * cos(angle), 0.36 + 0.24 * sin(angle)
        side = (-sin(angle), cos(angle))
        far = (0.5 + 0.37 * cos(angle), 0.36 + 0.37 * sin(angle))
        near = (0.5 + 0.05 * cos(angle), 0.36 + 0.05 * sin(angle))
        paint = Paint(lighter(brush.colour, 0.3), darker(brush.colour, 0.1 if number % 2 else 0.2), ball=True)
        brush.fill(
            paint,
            smooth(
                near,
                (x + 0.125 * side[0], y + 0.125 * side[1]),
                far,
                (x - 0.125 * side[0], y - 0.125 * side[1]),
            ),
        )
    centre = COLOURS["brown"] if brush.colour in (COLOURS["yellow"], COLOURS["orange"]) else COLOURS["yellow"]
    brush.fill(shaded(centre, ball=True), circle(0.5, 0.36, 0.115))
    brush.veil(
        darker(centre, 0.4),
        0.5,
        *(circle(0.5 + 0.06 * cos(a), 0.36 + 0.06 * sin(a), 0.012) for a in (0, 1, 2, 3, 4, 5)),
    )


def _car(brush: Brush) -> None:
    dark = darker(brush.colour, 0.6)
    brush.fill(
        brush.body,
        smooth((0.2, 0.52), (0.28, 0.29), (0.4, 0.22), (0.62, 0.22), (0.74, 0.3), (0.84, 0.52), (0.5, 0.6)),
    )
    brush.fill(brush.body, rounded(0.0, 0.49, 1.0, 0.87, 0.12))
    brush.veil(dark, 0.28, polygon((0.0, 0.75), (1.0, 0.75), (1.0, 0.89), (0.0, 0.89)))
    brush.fill(
        _GLASS,
        polygon((0.26, 0.5), (0.34, 0.33), (0.47, 0.28), (0.47, 0.5)),
        polygon((0.51, 0.5), (0.51, 0.28), (0.65, 0.31), (0.78, 0.5)),
    )
    brush.fill(lighter(brush.colour, 0.55), rounded(0.53, 0.58, 0.61, 0.605, 0.01))
    brush.fill(darker(brush.colour, 0.4), line(0.008, (0.49, 0.51), (0.49, 0.78)))
    brush.fill((255, 236, 150), ellipse(0.91, 0.58, 0.995, 0.67))
    brush.fill((220, 60, 50), rounded(0.005, 0.58, 0.05, 0.67, 0.02))
    for x in (0.24, 0.76):
        brush.fill(_INK, circle(x, 0.855, 0.145))
        brush.fill(shaded((190, 196, 206), ball=True), circle(x, 0.855, 0.075))
        brush.fill(_INK, circle(x, 0.855, 0.022))


def _cat(brush: Brush) -> None:
    dark = darker(brush.colour, 0.34)
    brush.fill(shaded(dark), curve(0.085, (0.68, 0.93), (0.9, 0.86), (0.92, 0.66), (0.84, 0.54)))
    brush.fill(
        brush.body,
        smooth((0.5, 0.46), (0.7, 0.62), (0.78, 0.86), (0.7, 0.99), (0.3, 0.99), (0.2, 0.86), (0.28, 0.62)),
    )
    brush.fill(lighter(brush.colour, 0.5), ellipse(0.38, 0.62, 0.62, 0.92))
    brush.fill(shaded(brush.colour), ellipse(0.28, 0.88, 0.48, 1.0), ellipse(0.52, 0.88, 0.72, 1.0))
    brush.fill(
        brush.body,
        polygon((0.2, 0.3), (0.19, 0.0), (0.46, 0.16)),
        polygon((0.8, 0.3), (0.81, 0.0), (0.54, 0.16)),
    )
    brush.fill(
        (240, 160, 170),
        polygon((0.25, 0.22), (0.235, 0.07), (0.37, 0.15)),
        polygon((0.75, 0.22), (0.765, 0.07), (0.63, 0.15)),
    )
    brush.fill(brush.ball, ellipse(0.17, 0.1, 0.83, 0.6))
    brush.fill(lighter(brush.colour, 0.55), ellipse(0.36, 0.37, 0.64, 0.57))
    brush.fill((176, 222, 110), ellipse(0.29, 0.25, 0.42, 0.4), ellipse(0.58, 0.25, 0.71, 0.4))
    brush.fill(_INK, ellipse(0.335, 0.26, 0.385, 0.39), ellipse(0.615, 0.26, 0.665, 0.39))
    brush.fill(_WHITE, circle(0.348, 0.295, 0.014), circle(0.628, 0.295, 0.014))
    brush.fill((226, 110, 120), polygon((0.455, 0.415), (0.545, 0.415), (0.5, 0.465)))
    brush.fill(dark, curve(0.012, (0.42, 0.49), (0.46, 0.515), (0.5, 0.47), (0.54, 0.515), (0.58, 0.49)))
    whiskers = [
        line(0.007, (0.5 + s * 0.1, y), (0.5 + s * 0.38, y + dy))
        for s in (-1, 1)
        for y, dy in ((0.45, -0.03), (0.48, 0.03))
    ]
    brush.fill(lighter(dark, 0.55), *whiskers)


def _umbrella(brush: Brush) -> None:
    brush.fill(
        shaded((96, 72, 60)), curve(0.035, (0.5, 0.1), (0.5, 0.86), (0.56, 0.965), (0.66, 0.95), (0.69, 0.85))
    )
    brush.fill(shaded((96, 72, 60)), line(0.03, (0.5, 0.0), (0.5, 0.12)))
    scallops = [ellipse(x, 0.5, x + 0.25, 0.66, ink=0) for x in (0.0, 0.25, 0.5, 0.75)]
    brush.fill(brush.body, half_disc(0.0, 0.05, 1.0, 1.11), *scallops)
    shade = darker(brush.colour, 0.6)
    brush.veil(
        shade,
        0.3,
        half_disc(0.25, 0.05, 0.75, 1.11),
        half_disc(0.49, 0.05, 0.51, 1.11),
        ellipse(0.25, 0.5, 0.5, 0.66, ink=0),
    )
    brush.veil(_WHITE, 0.22, polygon((0.5, 0.05), (0.0, 0.6), (0.25, 0.6)))


def _mushroom(brush: Brush) -> None:
    brush.fill(
        _CREAM,
        smooth((0.4, 0.46), (0.6, 0.46), (0.64, 0.75), (0.7, 0.97), (0.5, 1.0), (0.3, 0.97), (0.36, 0.75)),
    )
    brush.veil((120, 90, 70), 0.3, ellipse(0.28, 0.5, 0.72, 0.66))
    brush.fill(_CREAM, ellipse(0.06, 0.5, 0.94, 0.64))
    brush.fill(
        brush.ball,
        smooth(
            (0.5, 0.03),
            (0.8, 0.12),
            (0.98, 0.4),
            (0.98, 0.55),
            (0.75, 0.565),
            (0.5, 0.57),
            (0.25, 0.565),
            (0.02, 0.55),
            (0.02, 0.4),
            (0.2, 0.12),
        ),
    )
    brush.veil(_WHITE, 0.4, ellipse(0.2, 0.14, 0.4, 0.28))
    brush.veil(darker(brush.colour, 0.6), 0.25, polygon((0.0, 0.49), (1.0, 0.49), (1.0, 0.6), (0.0, 0.6)))


def _tent(brush: Brush) -> None:
    brush.fill(_WOOD, line(0.025, (0.56, 0.0), (0.44, 0.16)), line(0.025, (0.44, 0.0), (0.56, 0.16)))
    brush.fill(brush.body, polygon((0.5, 0.06), (1.0, 1.0), (0.0, 1.0)))
    brush.veil(darker(brush.colour, 0.6), 0.32, polygon((0.5, 0.06), (1.0, 1.0), (0.72, 1.0)))
    brush.fill(Paint((74, 56, 66), (38, 32, 46)), polygon((0.5, 0.3), (0.68, 1.0), (0.32, 1.0)))
    brush.fill(
        Paint(lighter(brush.colour, 0.4), brush.colour),
        polygon((0.5, 0.28), (0.46, 0.66), (0.27, 1.0), (0.36, 1.0)),
        polygon((0.5, 0.28), (0.54, 0.66), (0.73, 1.0), (0.64, 1.0)),
    )
    brush.fill(
        lighter(brush.colour, 0.6), line(0.02, (0.5, 0.06), (0.0, 1.0)), line(0.02, (0.5, 0.06), (1.0, 1.0))
    )


def _boat(brush: Brush) -> None:
    brush.fill(_WOOD, line(0.035, (0.5, 0.02), (0.5, 0.78)))
    brush.fill(brush.body, polygon((0.54, 0.06), (0.97, 0.68), (0.54, 0.68)))
    brush.fill(
        Paint(lighter(brush.colour, 0.5), lighter(brush.colour, 0.15), textured=True),
        polygon((0.46, 0.16), (0.46, 0.68), (0.1, 0.68)),
    )
    brush.fill(darker(brush.colour, 0.25), polygon((0.5, 0.0), (0.66, 0.04), (0.5, 0.09)))
    hull = polygon((0.0, 0.73), (1.0, 0.73), (0.93, 0.86), (0.84, 0.97), (0.18, 0.97), (0.08, 0.87))
    brush.fill(Paint(brush.colour, darker(brush.colour, 0.4)), hull)
    brush.fill(_CREAM, rounded(0.0, 0.715, 1.0, 0.765, 0.02))
    brush.fill(_GLASS, *(circle(x, 0.845, 0.03) for x in (0.28, 0.5, 0.72)))


def _duck(brush: Brush) -> None:
    dark = darker(brush.colour, 0.22)
    brush.fill(shaded(dark), polygon((0.02, 0.42), (0.2, 0.5), (0.2, 0.7)))
    brush.fill(
        brush.ball,
        smooth(
            (0.05, 0.52),
            (0.2, 0.58),
            (0.45, 0.55),
            (0.62, 0.46),
            (0.86, 0.58),
            (0.9, 0.78),
            (0.74, 0.95),
            (0.4, 0.98),
            (0.14, 0.86),
        ),
    )
    brush.fill(_ORANGE, smooth((0.86, 0.26), (0.98, 0.28), (1.0, 0.34), (0.96, 0.39), (0.85, 0.38)))
    brush.fill(brush.ball, circle(0.7, 0.29, 0.225))
    brush.fill(_WHITE, circle(0.77, 0.24, 0.05))
    brush.fill(_INK, circle(0.78, 0.24, 0.034))
    brush.fill(_WHITE, circle(0.79, 0.23, 0.011))
    brush.fill(
        Paint(lighter(dark, 0.12), darker(dark, 0.15)),
        smooth((0.26, 0.64), (0.5, 0.6), (0.66, 0.7), (0.58, 0.84), (0.38, 0.86), (0.2, 0.74)),
    )
    brush.fill(
        lighter(brush.colour, 0.45),
        curve(0.012, (0.34, 0.72), (0.46, 0.75), (0.56, 0.71)),
        curve(0.012, (0.36, 0.79), (0.46, 0.81), (0.54, 0.78)),
    )


def _fish(brush: Brush) -> None:
    fin = Paint(lighter(brush.colour, 0.3), darker(brush.colour, 0.3))
    brush.fill(fin, smooth((0.26, 0.5), (0.1, 0.3), (0.0, 0.22), (0.05, 0.5), (0.0, 0.78), (0.1, 0.7)))
    brush.fill(
        fin,
        smooth((0.36, 0.3), (0.5, 0.06), (0.72, 0.14), (0.74, 0.3)),
        smooth((0.46, 0.74), (0.5, 0.93), (0.66, 0.9), (0.66, 0.72)),
    )
    brush.fill(
        brush.ball,
        smooth(
            (0.18, 0.5),
            (0.36, 0.29),
            (0.6, 0.2),
            (0.84, 0.29),
            (0.99, 0.5),
            (0.84, 0.71),
            (0.6, 0.8),
            (0.36, 0.71),
        ),
    )
    scales = [
        curve(0.012, (x - 0.02, y - 0.05), (x + 0.03, y), (x - 0.02, y + 0.05))
        for x, y in ((0.34, 0.5), (0.44, 0.4), (0.44, 0.6), (0.54, 0.5), (0.56, 0.32), (0.56, 0.68))
    ]
    brush.veil(darker(brush.colour, 0.6), 0.5, *scales)
    brush.veil(darker(brush.colour, 0.6), 0.6, curve(0.016, (0.71, 0.31), (0.66, 0.5), (0.71, 0.69)))
    brush.veil(_WHITE, 0.3, ellipse(0.45, 0.64, 0.85, 0.84))
    brush.fill(_WHITE, circle(0.83, 0.42, 0.062))
    brush.fill(_INK, circle(0.845, 0.42, 0.038))
    brush.fill(_WHITE, circle(0.858, 0.405, 0.013))
    brush.fill(darker(brush.colour, 0.5), curve(0.014, (0.98, 0.54), (0.93, 0.575), (0.88, 0.56)))


_ICONS: dict[str, Callable[[Brush], None]] = {
    "sun": _sun,
    "moon": _moon,
    "cloud": _cloud,
    "balloon": _balloon,
    "kite": _kite,
    "plane": _plane,
    "house": _house,
    "tree": _tree,
    "flower": _flower,
    "car": _car,
    "cat": _cat,
    "umbrella": _umbrella,
    "mushroom": _mushroom,
    "tent": _tent,
    "boat": _boat,
    "duck": _duck,
    "fish": _fish,
}
