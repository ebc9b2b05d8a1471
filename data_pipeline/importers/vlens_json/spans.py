"""Where a token stands in its sentence, as far as the published files tell.

They give the token's text and, at times, its number among the sentence's tokens, never its characters,
and the tokenizers are not at hand. A token that is written in the sentence exactly once, spaces and case
included, can only stand there. Anything else is a guess, and a guess is not stored.
"""

from __future__ import annotations


def token_span(token: str, text: str, position: int | None) -> tuple[int, int] | None:
    """First character of `token` in `text` and the one after it; None where that cannot be known.

    Spaces around the token's text are left out, as in the text index, unless it is nothing but spaces.
    """
    start = text.find(token) if token else -1
    if start < 0:
        return None
    first_of_all = position == 0 and start == 0  # no token stands before it
    if not first_of_all and text.find(token, start + 1) >= 0:
        return None
    visible = token.strip() or token
    start += token.index(visible)
    return start, start + len(visible)
