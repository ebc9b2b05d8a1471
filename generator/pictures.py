"""The same picture in fewer bytes, for pages that hold many."""

from __future__ import annotations

from functools import lru_cache

from mozjpeg_lossless_optimization import COPY_MARKERS, optimize

_JPEG = b"\xff\xd8\xff"


@lru_cache(maxsize=64)  # models of one study mostly share their canvases
def compact(content: bytes) -> bytes:
    """A JPEG picture with the same coefficients, hence pixels, better coded; any other picture as it is.

    Colour profiles and other markers stay. What cannot be read is not changed.
    """
    if not content.startswith(_JPEG):
        return content
    try:
        coded = optimize(content, COPY_MARKERS.ALL)
    except ValueError:
        return content
    return min(content, coded, key=len)
