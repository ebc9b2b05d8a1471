"""The candidates as judges and people are shown them, alike for every lens.

A neighbour inside a sentence is shown as the whole word around it. A bare token is shown as it is where it is
a word of the study's texts; otherwise it is marked as a piece: "autom…" may go on, "…ation" began earlier.
A token without anything to see is shown as what it is: "␣" for blanks, escapes for control characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from data_pipeline.errors import printable
from data_pipeline.judges.words import plain_token, whole_word

MARK = "…"
BLANK = "␣"
_STARTS = (" ", "▁", "Ġ")
_CONTINUES = "##"


class ShownWords:
    """Turns tokens into what is shown, given the texts of a study."""

    def __init__(self, texts: Iterable[str], tokens: Iterable[str]) -> None:
        """`texts` say which words exist; `tokens`, of one model, whether words' starts are marked."""
        self._words = {word.casefold() for text in texts for word in _words(text)}
        self._marks_starts = any(token.startswith(_STARTS) for token in tokens)

    def shown(self, token: str, context: dict[str, Any] | None = None) -> str:
        """What stands for a neighbour: its `token`, and its row of table `contexts` if it has one."""
        word = _context_word(context) if context else ""
        return word or self._token(token)

    def _token(self, token: str) -> str:
        plain = plain_token(token)
        if not plain:
            return BLANK
        shown = printable(plain)
        if not any(character.isalnum() for character in plain):
            return shown
        if token.startswith(_CONTINUES) or self._goes_on(token):
            return MARK + shown
        whole = plain.casefold() in self._words or plain[-1].lower() == plain[-1].upper()
        return shown if whole else shown + MARK

    def _goes_on(self, token: str) -> bool:
        """Small letters without a space before them; capitals begin words, other scripts set no spaces."""
        return self._marks_starts and token[0].islower()


def distinct(words: Sequence[str]) -> list[str]:
    """The words in the order of their first mention, none twice, whatever their case."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word.casefold(), word)
    return list(first.values())


def _words(text: str) -> set[str]:
    found, place = set(), 0
    for piece in text.split(" "):
        if word := whole_word(text, place, place + len(piece)):
            found.add(word)
        place += len(piece) + 1
    return found


def unmarked(word: str) -> str:
    """A shown word without its marks, for comparisons."""
    return word.strip(f"{MARK} .'\"").casefold() or word


def _context_word(context: dict[str, Any]) -> str:
    text, start, end = context["text"], context["char_start"], context["char_end"]
    if not (isinstance(start, int) and isinstance(end, int)):
        return ""
    return printable(whole_word(text, start, end))
