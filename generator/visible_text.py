"""Names and sentences as readers see them: characters that hide or that reorder others are spelled.

The same rule as `assets/js/tokens.js`, but for pages' text that templates place: kinds of spaces stay as they
are there, because V-Lens's own sentences and figures hold some.
"""

from __future__ import annotations

import re
import unicodedata

_NAMED = {"\n": "↵", "\t": "⇥"}
_UNSEEN = frozenset(("Cc", "Cf", "Zl", "Zp", "Co", "Cn", "Cs"))
_MAYBE_UNSEEN = re.compile(r"[^\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u202f-\u205f\u2190-\u25ff]")
_JOINER = "\u200d"
_SPACES = re.compile(r"[ \t\r\n]+")


def visible_text(text: str) -> str:
    """`text` with a visible stand-in for each character that has no look of its own."""
    if not _MAYBE_UNSEEN.search(text):
        return text
    before = ["", *text[:-1]]
    return "".join(_shown(character, last) for character, last in zip(text, before, strict=True))


def prose(text: str) -> str:
    """`text` in one line: where a description's lines break says nothing, unlike a token's line break."""
    return _SPACES.sub(" ", text).strip()


def _shown(character: str, before: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if unicodedata.category(character) not in _UNSEEN:
        return character
    # Joins emoji; spelling it inside one would tear the emoji apart.
    if character == _JOINER and (before == "\ufe0f" or unicodedata.category(before or " ") == "So"):
        return character
    return f"⟨U+{ord(character):04X}⟩"
