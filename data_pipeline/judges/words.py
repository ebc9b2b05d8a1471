"""Words: the whole word around a piece of text, a token without its tokenizer's marks, and light stemming.

Stems are only compared with stems, so a stem need not be a word: "house", "houses" and "housing" all give
"hous". The rules are for English; other languages fall through to case folding.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_MARKS = ("##", "▁", "Ġ", "Ċ")
_INNER = "'’-"
_VOWELS = frozenset("aeiouy")
_IRREGULAR = {
    "children": "child",
    "feet": "foot",
    "geese": "goose",
    "knives": "knife",
    "leaves": "leaf",
    "men": "man",
    "mice": "mouse",
    "people": "person",
    "shelves": "shelf",
    "teeth": "tooth",
    "women": "woman",
}
_KEPT_ENDINGS = ("ss", "us", "is")
_HISSING_ENDINGS = ("ses", "xes", "zes", "ches", "shes")
_UNSPACED_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


def whole_word(text: str, start: int, end: int) -> str:
    """The word of `text` that the characters from `start` up to `end` belong to; "" where there is no word.

    Apostrophes and hyphens between letters belong to a word. In scripts that set no spaces between words the
    characters themselves are returned.
    """
    while start < end and not _in_word(text, start):
        start += 1
    while end > start and not _in_word(text, end - 1):
        end -= 1
    if start == end:
        return ""
    while start > 0 and _in_word(text, start - 1) and not _unspaced(text[start - 1]):
        start -= 1
    while end < len(text) and _in_word(text, end) and not _unspaced(text[end]):
        end += 1
    return text[start:end]


def plain_token(token: str) -> str:
    """The token without spaces and without common tokenizers' marks for word starts and continuations."""
    for mark in _MARKS:
        token = token.removeprefix(mark)
    return token.strip()


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """What `word` shares with its other forms: case folded, no plural, possessive, -ing, -ed or final e."""
    word = word.casefold().replace("’", "'").removesuffix("'s").removesuffix("'")
    word = _IRREGULAR.get(word, word)
    word = _without_verb_ending(_without_plural(word))
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def _in_word(text: str, place: int) -> bool:
    character = text[place]
    if character in _INNER:
        neighbours = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
        return len(neighbours) == 2 and neighbours[0].isalnum() and neighbours[1].isalnum()
    return character.isalnum() or unicodedata.category(character).startswith("M")


@lru_cache(maxsize=4096)
def _unspaced(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_UNSPACED_SCRIPTS)


def _without_plural(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(_KEPT_ENDINGS):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    return word[:-2] if word.endswith(_HISSING_ENDINGS) else word[:-1]


def _without_verb_ending(word: str) -> str:
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2 and _VOWELS & set(rest) and not word.endswith("eed"):
            return _undoubled(rest)
    return word


def _undoubled(word: str) -> str:
    """Sitting → sitt → sit, but falling → fall."""
    return word[:-1] if word[-1] == word[-2] and word[-1] not in "aeioulsz" else word
