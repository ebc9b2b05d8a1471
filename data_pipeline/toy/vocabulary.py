"""The words of the toy world: what can be drawn, what it may look like, and what may be said about it."""

from __future__ import annotations

from dataclasses import dataclass

Rgb = tuple[int, int, int]

COLOURS: dict[str, Rgb] = {
    "red": (222, 58, 58),
    "orange": (243, 141, 44),
    "yellow": (250, 208, 62),
    "green": (64, 163, 82),
    "blue": (54, 116, 214),
    "purple": (126, 72, 186),
    "pink": (242, 132, 178),
    "brown": (136, 86, 52),
    "black": (44, 46, 56),
    "white": (246, 246, 242),
    "grey": (142, 148, 158),
}

COLOUR_SYNONYMS: dict[str, tuple[str, ...]] = {
    "red": ("scarlet",),
    "orange": ("amber",),
    "yellow": ("golden",),
    "green": ("emerald",),
    "blue": ("azure",),
    "purple": ("violet",),
    "pink": ("rosy",),
    "brown": ("wooden",),
    "black": ("inky",),
    "white": ("pale",),
    "grey": ("silver",),
    "dark": ("dim",),
}

TEXTURES: dict[str, tuple[str, ...]] = {"striped": ("stripes", "lines"), "dotted": ("dots", "spots")}


@dataclass(frozen=True)
class Thing:
    """An object that can be drawn. `home` is where it may be: "sky", "land" or "water"."""

    noun: str
    home: str
    kind: str
    verb: str
    synonyms: tuple[str, ...]
    parts: tuple[str, ...]
    adjectives: tuple[str, ...]
    colours: tuple[str, ...]
    textured: bool


@dataclass(frozen=True)
class Place:
    """A background area: a sky, a ground or the mountain, with the colour that names it."""

    name: str
    noun: str
    colour: str
    synonyms: tuple[str, ...]
    adjectives: tuple[str, ...]


_VIVID = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
_PAINT = (*_VIVID, "white", "black", "grey")


def _thing(
    noun: str, home: str, kind: str, verb: str, words: str, colours: tuple[str, ...], textured: bool
) -> Thing:
    """`words` holds synonyms | parts | adjectives, each separated by spaces."""
    synonyms, parts, adjectives = (tuple(part.split()) for part in words.split("|"))
    return Thing(noun, home, kind, verb, synonyms, parts, adjectives, colours, textured)


THINGS: dict[str, Thing] = {
    thing.noun: thing
    for thing in (
        _thing(
            "sun", "sky", "star", "shines", "sunshine|rays|hot warm round", ("yellow", "orange", "red"), False
        ),
        _thing(
            "moon", "sky", "star", "glows", "crescent|craters|quiet cold", ("white", "yellow", "grey"), False
        ),
        _thing(
            "cloud",
            "sky",
            "weather",
            "drifts",
            "mist|rain|soft fluffy",
            ("white", "grey", "pink", "purple"),
            False,
        ),
        _thing("balloon", "sky", "toy", "floats", "blimp|basket ropes|round light", _VIVID, True),
        _thing("kite", "sky", "toy", "dances", "diamond|string ribbon|light fast", _VIVID, True),
        _thing("plane", "sky", "vehicle", "flies", "jet|wings engine|fast loud", _PAINT, False),
        _thing(
            "house",
            "land",
            "building",
            "stands",
            "home cottage|roof door window wall chimney|old new",
            _VIVID,
            True,
        ),
        _thing(
            "tree",
            "land",
            "plant",
            "grows",
            "oak|leaves trunk branch|tall old",
            ("green", "orange", "red", "pink"),
            False,
        ),
        _thing(
            "flower", "land", "plant", "blooms", "blossom|petals stem|fresh pretty", (*_VIVID, "white"), False
        ),
        _thing("car", "land", "vehicle", "waits", "taxi|wheels bumper lamps|fast shiny", _PAINT, True),
        _thing(
            "cat",
            "land",
            "animal",
            "sits",
            "kitten|ears fur whiskers|soft young",
            ("orange", "black", "white", "grey", "brown"),
            True,
        ),
        _thing("umbrella", "land", "shelter", "leans", "parasol|handle ribs|open dry", _VIVID, True),
        _thing(
            "mushroom",
            "land",
            "plant",
            "sprouts",
            "toadstool|cap stalk|small wet",
            ("red", "brown", "orange", "purple", "blue"),
            True,
        ),
        _thing("tent", "land", "shelter", "rests", "camp|flap pole|cosy dry", _VIVID, True),
        _thing(
            "boat",
            "water",
            "vehicle",
            "sails",
            "ship|sail mast hull|slow wooden",
            (*_VIVID, "brown", "white"),
            True,
        ),
        _thing(
            "duck",
            "water",
            "animal",
            "swims",
            "bird|beak feathers|young quiet",
            ("yellow", "white", "brown", "black", "green"),
            False,
        ),
        _thing(
            "fish",
            "water",
            "animal",
            "jumps",
            "salmon|fins scales gills|wet quick",
            ("red", "orange", "yellow", "purple", "pink", "green"),
            True,
        ),
    )
}

SKIES: dict[str, Place] = {
    "clear": Place("clear", "sky", "blue", ("air", "day"), ("clear", "bright")),
    "sunset": Place("sunset", "sky", "pink", ("dusk", "evening"), ("warm", "pretty")),
    "overcast": Place("overcast", "sky", "grey", ("fog", "weather"), ("dull", "wet")),
    "night": Place("night", "sky", "dark", ("night", "stars"), ("quiet", "cold")),
}

GROUNDS: dict[str, Place] = {
    "grass": Place("grass", "grass", "green", ("meadow", "lawn", "field"), ("fresh", "soft")),
    "sand": Place("sand", "sand", "yellow", ("beach", "desert", "dunes"), ("dry", "hot")),
    "snow": Place("snow", "snow", "white", ("ice", "winter", "frost"), ("cold", "fresh")),
    "water": Place("water", "water", "blue", ("sea", "lake", "waves"), ("wet", "deep")),
}

MOUNTAIN = Place("mountain", "mountain", "grey", ("hill", "peak", "rock"), ("tall", "old"))

KINDS: tuple[str, ...] = tuple(dict.fromkeys(thing.kind for thing in THINGS.values()))

_FUNCTION_WORDS = """
    a an the is are has and of on in at with near beside above below under over behind by to from for not
    this that it there here we see look like one two three four some left right top bottom middle side
    where what which who colour picture scene shape part kind thing big small large tiny rises looks seems
    very also both between our your my was made can will
"""

SPLIT_WORDS: dict[str, tuple[str, str]] = {
    "balloon": ("bal", "##loon"),
    "umbrella": ("umb", "##rella"),
    "mushroom": ("mush", "##room"),
    "mountain": ("mount", "##ain"),
}

PUNCTUATION: tuple[str, ...] = (":", ".", ",", "?")


def colour_words(colour: str) -> tuple[str, ...]:
    """The colour and the other words for it."""
    return (colour, *COLOUR_SYNONYMS[colour])


def all_words() -> tuple[str, ...]:
    """Every word that a text of the toy world may hold, once each, in a fixed order."""
    places = (*SKIES.values(), *GROUNDS.values(), MOUNTAIN)
    words: list[str] = _FUNCTION_WORDS.split()
    for thing in THINGS.values():
        words += [thing.noun, *thing.synonyms, *thing.parts, *thing.adjectives, thing.verb]
    for place in places:
        words += [place.noun, *place.synonyms, *place.adjectives]
    for colour, synonyms in COLOUR_SYNONYMS.items():
        words += [colour, *synonyms]
    for texture, synonyms in TEXTURES.items():
        words += [texture, *synonyms]
    return tuple(dict.fromkeys([*words, *KINDS]))
