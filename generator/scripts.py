"""The modules and styles of a page, packed: compressed, as text that `assets/js/start.js` unpacks.

A page's scripts are a third of its readable text, and a page of a few images would otherwise be made of them.
"""

from __future__ import annotations

import json
import re
import zlib
from functools import cache

from generator.printable import printable
from generator.resources import ASSETS, asset_text

_IMPORT = re.compile(r'\b(?:from|import) "#viewer/([a-z0-9-]+)"')
_COMMENT = re.compile(r"^[ ]*(?:/\*\*(?:(?!\*/).)*\*/|//[^\n]*)[ ]*\n", re.DOTALL | re.MULTILINE)


@cache
def packed(entry: str, styles: str) -> str:
    """The modules of `entry` and the page's style sheet, as `assets/js/start.js` reads them."""
    content = {"entry": f"#viewer/{entry}", "modules": _modules(entry), "styles": styles}
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    text = json.dumps(content, ensure_ascii=False)
    return printable(compressor.compress(text.encode()) + compressor.flush())


def _modules(entry: str) -> dict[str, str]:
    """Every module that the module `entry` needs, directly or through another, and `entry` itself."""
    needed: list[str] = []
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in needed and (ASSETS / "js" / f"{name}.js").is_file():
            needed.append(name)
            waiting += _IMPORT.findall(without_comments(asset_text(f"js/{name}.js")))
    return {f"#viewer/{name}": without_comments(asset_text(f"js/{name}.js")) for name in sorted(needed)}


@cache
def start_script() -> str:
    """The script that unpacks the modules, as the one text that a browser reads as it is.

    It cannot be a module itself, as an import map must come before any: what it imports is put in its place.
    """
    decoder, start = (without_comments(asset_text(f"js/{name}.js")) for name in ("printable", "start"))
    before, imported, after = start.partition('import { bytesOf, inflated } from "#viewer/printable";\n')
    if not imported:
        raise ValueError("assets/js/start.js imports something else than its decoder")
    return "{" + before + decoder.replace("\nexport ", "\n") + after + "}"


def without_comments(source: str) -> str:
    """A module without doc comments and without comments that have lines to themselves.

    They are half of the modules' bytes, and stay in the repository.
    """
    return _COMMENT.sub("", source)
