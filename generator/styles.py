"""Style sheets as pages hold them: without comments and white space that mean nothing."""

from __future__ import annotations

import re
from functools import cache

from generator.resources import asset_text

_PIECE = re.compile(
    r"""(?P<string>"[^"]*"|'[^']*')|/\*.*?\*/\s*|;?\s*(?P<end>\})\s*|\s*(?P<sign>[{;,])\s*|(?P<colon>:)\s+|\s+""",
    re.DOTALL,
)


@cache
def style_sheet(*names: str) -> str:
    """The rules of these files of `assets/`, one after the other."""
    return "".join(_PIECE.sub(_shortened, asset_text(name)).strip() for name in names)


def _shortened(piece: re.Match[str]) -> str:
    kept = next((text for text in piece.groups() if text), None)
    if kept is not None:
        return kept
    return "" if piece[0].startswith("/*") else " "
