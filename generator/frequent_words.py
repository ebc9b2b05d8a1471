"""The words that the whole study says most often: they get colours far apart, the same on every page."""

from __future__ import annotations

import unicodedata
from collections import Counter

from generator.database import Database

MOST = 128


def frequent_words(database: Database) -> tuple[str, ...]:
    """Words that come first in the most lists, most frequent first, at most `MOST`.

    Spellings of one word count together, as `assets/js/words.js` normalises them.
    """
    words: Counter[str] = Counter()
    for row in database.rows("first_tokens"):
        words[normalise(row["token"])] += row["lists"]
    known = [word for word in words if any(map(str.isalnum, word))]
    return tuple(sorted(known, key=lambda word: (-words[word], word))[:MOST])


def normalise(token: str) -> str:
    """The word behind a token: " Dog" and "dog" are one."""
    return unicodedata.normalize("NFKC", token).strip().lower()
