"""Kinds of candidate words, told by the word alone: a short list and plain rules, no tagger.

The classes are tried in the order of `CLASSES`; a word is of the first that fits. Whether a word is a noun is
not known in general: all that is known is whether the study's annotations use it as one.
"""

from __future__ import annotations

import unicodedata

CLASSES = {
    "sign": ("number or sign", "without any letter"),
    "piece": ("piece of a word", "marked as one by “##”, “…” or a hyphen at an end, or a single letter"),
    "script": ("other script", "a letter that is not Latin"),
    "function": ("function word", "one of a list of English articles, pronouns, prepositions and the like"),
    "noun": ("annotated noun", "a name of something that is annotated in some image of the study"),
    "attribute": ("annotated attribute", "an attribute, such as a colour, of something annotated"),
    "other": ("other word", "all others"),
}
"""Name and rule of each class, in the order in which they are tried."""

_MARKS = ("##", "…", "...", "-", "‐", "–")

_FUNCTION_WORDS = """
    a about above across after again against all almost along already also although always am among
    an and any are around as at away back be because been before behind being below beneath beside
    between beyond both but by can could did do does doing done down during each either else enough
    even ever every except few for from had has have having he her here hers herself him himself his
    how i if in inside instead into is it its itself just least less like many may me might mine
    more most much must my myself near neither no nor not of off often on once one only onto or
    other others ought our ours ourselves out outside over own per quite rather same shall she
    should since so some such than that the their theirs them themselves then there these they this
    those though through throughout till to together too toward towards under until unto up upon us
    very via was we were what whatever when where whether which while who whom whose why will with
    within without would yet you your yours yourself yourselves
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


def word_class(word: str, nouns: frozenset[str], attributes: frozenset[str]) -> str:
    """The class of a candidate; `nouns` and `attributes` are those of the annotations, in lower case."""
    text = unicodedata.normalize("NFKC", word).strip().lower()
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return "sign"
    if text.startswith(_MARKS) or text.endswith(_MARKS):
        return "piece"
    if any("LATIN" not in unicodedata.name(letter, "") for letter in letters):
        return "script"
    if text in FUNCTION_WORDS:
        return "function"
    if text in nouns:
        return "noun"
    if text in attributes:
        return "attribute"
    return "piece" if len(text) == 1 else "other"
